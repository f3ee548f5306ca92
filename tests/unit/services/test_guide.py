"""The guide as it comes with the package."""

from __future__ import annotations

from napari_idr.cancel import NEVER
from napari_idr.services.guide import load_guide


def test_the_guide_is_shown_without_pictures_that_the_package_has_not():
    guide = load_guide(cancel=NEVER)

    assert guide.startswith("# Guide\n")
    assert "## Search a gene\n\nChoose what to search by" in guide
    assert "![" not in guide
    assert "## Browse the studies\n\nThe tab" in guide
