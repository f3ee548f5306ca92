"""The list of what a client needs without napari."""

from __future__ import annotations

import runpy

from support.pages import ROOT

TOOL = runpy.run_path(str(ROOT / "tools/client_requirements.py"))


def test_the_list_is_that_of_the_project_without_its_window():
    written = TOOL["FILE"].read_text(encoding="utf-8")

    assert written == TOOL["render"]()
    names = [line for line in written.splitlines() if not line.startswith("#")]
    assert any(name.startswith("requests") for name in names)
    assert not any(
        name.startswith(("napari", "qtpy", "superqt", "magicgui")) for name in names
    )
