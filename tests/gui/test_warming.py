"""What is made ready ahead, and what isn't: units, modules, letters."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from napari_idr._qt.layers.warming import draw_letters

READ_AHEAD = """
import pint
from napari.layers import Points
from napari_idr._qt.layers.warming import are_units_read, read_units, use_units
from napari_idr.cancel import NEVER

units = read_units(cancel=NEVER)
assert not are_units_read(), "another registry was read"
use_units(units)
assert are_units_read()
assert pint.get_application_registry().get() is units
layer = Points([[0, 0]], units=("um", "um"))
assert layer.units[0] == units.micrometer
use_units(read_units(cancel=NEVER))
assert pint.get_application_registry().get() is units, "units in use were replaced"
"""

READ_BY_NAPARI_MEANWHILE = """
from napari.layers import Points
from napari_idr._qt.layers.warming import are_units_read, read_units, use_units
from napari_idr.cancel import NEVER

units = read_units(cancel=NEVER)
before = Points([[0, 0]], units=("um", "um"))
assert are_units_read()
use_units(units)
assert before.units == Points([[0, 0]], units=("um", "um")).units
"""

ONLY_WHAT_IS_SHOWN = """
import sys
from qtpy.QtWidgets import QApplication
app = QApplication([])
import napari
viewer = napari.Viewer(show=False)
before = set(sys.modules)
from napari_idr._qt.browser import Browser
from napari_idr._qt.layers.warming import are_units_read
browser = Browser(viewer, address="http://127.0.0.1:9")
assert not are_units_read(), "units are read before the dock is seen"
loaded = set(sys.modules) - before
heavy = [name for name in sys.argv[1:] if name in loaded]
assert not heavy, heavy
import os
os._exit(0)
"""

HEAVY = ("dask.array", "pandas", "zarr", "skimage", "tifffile", "scipy.ndimage")


def run(code: str, *words: str) -> None:
    """Run code in a process of its own: units are read once a process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_units_that_a_thread_read_are_those_of_layers() -> None:
    run(READ_AHEAD)


def test_units_that_napari_has_read_meanwhile_stay() -> None:
    run(READ_BY_NAPARI_MEANWHILE)


def test_what_only_layers_need_is_not_loaded_as_the_dock_is_made(qapp) -> None:
    run(ONLY_WHAT_IS_SHOWN, *HEAVY)


def _no_window() -> Any:
    return SimpleNamespace()


def _no_font() -> Any:
    canvas = SimpleNamespace()
    return SimpleNamespace(window=SimpleNamespace(_qt_viewer=canvas))


def _no_room() -> Any:
    class Full:
        def get_font(self, face: str) -> Full:
            return self

        def __getitem__(self, letter: str) -> None:
            raise RuntimeError("Cannot store glyph")

    canvas = SimpleNamespace(
        font_info=lambda: SimpleNamespace(font_manager=Full(), face="")
    )
    viewer = SimpleNamespace(canvas=canvas)
    return SimpleNamespace(window=SimpleNamespace(_qt_viewer=viewer))


@pytest.mark.parametrize("make", [_no_window, _no_font, _no_room])
def test_a_napari_without_such_letters_is_left_alone(make: Any) -> None:
    assert list(draw_letters(make())) == []
