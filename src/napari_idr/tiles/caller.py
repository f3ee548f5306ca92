"""Who reads an array: a person's code, or napari that draws it.

See `docs/decisions/0004-arrays-that-never-wait.md`. The answer is found in the
names of the modules that are calling. Where napari moves its code, its reads are
taken for a person's: they wait, and are true. `check_callers` tells so at the start.
"""

from __future__ import annotations

import importlib
import sys
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


class Caller(Enum):
    """Who reads an array."""

    CODE = auto()
    """A script, a plugin, a writer, the full histogram: waits for true values."""
    SLICING = auto()
    """napari, for what it draws: gets what is there, and the rest is asked for."""
    PEEK = auto()
    """napari, for the range of a contrast slider: gets what is there."""


_DRAWING = {
    "napari.layers._scalar_field": Caller.SLICING,
    "napari.layers.utils.layer_utils": Caller.PEEK,
}
_IN_BETWEEN = ("numpy", "dask", __name__.rpartition(".")[0])
"""Modules that read on behalf of whoever called them."""

_NEEDED = {
    "napari.layers._scalar_field._slice": "_ScalarFieldSliceRequest",
    "napari.layers.utils.layer_utils": "calc_data_range",
}
"""What of these reads arrays, with the module that it has to be defined in."""


def caller() -> Caller:
    """Return who called the function of this package that calls this."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if not _is_one_of(name, _IN_BETWEEN):
            for module, who in _DRAWING.items():
                if _is_one_of(name, (module,)):
                    return who
            return Caller.CODE
        frame = frame.f_back
    return Caller.CODE


def check_callers() -> str | None:
    """Return None if napari reads arrays from where it is expected, else a warning.

    It looks whether the modules and what reads in them are there; cheap where napari
    has been imported.
    """
    moved = [name for name in _NEEDED if not _is_defined(name, _NEEDED[name])]
    if not moved:
        return None
    return (
        "This version of napari draws in a way that the plugin doesn't know "
        f"({', '.join(moved)}): the window may stand still while pixels are on "
        "their way. What is shown and computed is true."
    )


def _is_defined(module: str, name: str) -> bool:
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return False
    return getattr(found, "__module__", None) == module


def _is_one_of(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)
