"""Who reads an array: a person's code, or napari that draws it.

See `docs/decisions/0004-arrays-that-never-wait.md`. The answer is found in the
names of the modules that are calling. Where napari moves its code, its reads are
taken for a person's: they wait, and are true.
"""

from __future__ import annotations

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


def _is_one_of(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)
