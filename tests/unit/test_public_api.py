"""What `import napari_idr` gives, and what it doesn't load."""

from __future__ import annotations

import subprocess
import sys

import pytest

import napari_idr
from napari_idr import IDRError, demo, errors

HEAVY = (
    "napari",
    "qtpy",
    "PyQt6",
    "requests",
    "urllib3",
    "numpy",
    "PIL",
    "zarr",
    "dask",
    "pandas",
)


def loaded_by(code: str) -> set[str]:
    report = f"{code}\nimport sys\nprint(*(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import napari_idr") == set()


def test_a_client_loads_nothing_heavy_before_its_first_question():
    assert loaded_by("from napari_idr import IDRClient; IDRClient().close()") == set()


def test_a_list_needs_neither_qt_nor_napari_nor_readers_of_pixels(
    archive: demo.Archive,
):
    asked = f"from napari_idr import IDRClient; IDRClient({archive.url!r}, cache=False)"

    assert loaded_by(f"{asked}.studies()") == {"requests", "urllib3"}


def test_public_names_are_sorted_and_there():
    assert list(napari_idr.__all__) == sorted(napari_idr.__all__)
    for name in napari_idr.__all__:
        assert getattr(napari_idr, name) is not None
    assert set(napari_idr.__all__) <= set(dir(napari_idr))


def test_any_other_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        napari_idr.nothing  # noqa: B018


def test_every_error_is_public_drawn_in_the_tree_and_an_idr_error():
    for name in errors.__all__:
        assert name in napari_idr.__all__
        assert name in (errors.__doc__ or "")
        kind = getattr(errors, name)
        assert issubclass(kind, IDRError) or kind is errors.Cancelled
        assert not issubclass(kind, RuntimeError)
