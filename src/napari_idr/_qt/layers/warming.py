"""What napari's first layers need, made ready ahead, once a browser is seen."""

from __future__ import annotations

import logging
import string
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pint
from napari.layers import Image, Points, Vectors
from pint.registry import LazyRegistry
from qtpy.QtCore import QObject, QTimer

from napari_idr._qt.layers.canvas import canvas_of
from napari_idr.cancel import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.viewer import Viewer

    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr.cancel import CancelToken

    Units = LazyRegistry[Any, Any]

logger = logging.getLogger(__name__)

BEGIN_MS: Final = 300
"""Until it begins: by then the dock is painted. A thread that loads takes turns with
the GUI thread, which was kept from its first paint for as long again."""


LETTERS: Final = string.ascii_letters + string.digits + " .,:;()[]/+-_=%·"
"""What titles and headings are written with, mostly."""

LETTERS_MS: Final = 25
"""Between two letters that are drawn ahead."""

LETTER_S: Final = 0.002
"""A letter that takes longer wasn't there: the next has a turn of its own."""


class Warming(QObject):
    """Makes ready for a browser: units, then what draws with them, then letters."""

    def __init__(self, parent: QObject, jobs: Jobs, viewer: Viewer) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._letters: Iterator[object] = iter(())
        self._units: JobSlot[None, Units] = jobs.slot(
            self._on_units, shown=False, priority=Priority.AHEAD
        )
        self._layers: JobSlot[None, None] = jobs.slot(
            self._on_loaded, shown=False, priority=Priority.AHEAD
        )
        self._turn = QTimer(self)
        self._turn.setInterval(LETTERS_MS)
        self._turn.timeout.connect(self._draw_letter)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(BEGIN_MS)
        self._soon.timeout.connect(self._begin)
        self._soon.start()

    def _begin(self) -> None:
        if are_units_read():
            self._layers.start("", warm_up)
        else:
            self._units.start("", read_units)

    def _on_units(self, units: Units) -> None:
        use_units(units)
        self._layers.start("", warm_up)

    def _on_loaded(self, _: None) -> None:
        self._letters = draw_letters(self._viewer)
        self._turn.start()

    def _draw_letter(self) -> None:
        """Draw the next letter that isn't there."""
        began = time.perf_counter()
        for _ in self._letters:
            if time.perf_counter() - began > LETTER_S:
                return
        self._turn.stop()


def draw_letters(viewer: Viewer) -> Iterator[str]:
    """Have a viewer's canvas draw letters that texts are written with, and yield them.

    napari draws each when it is first needed, 5 to 10 ms, so that the first title took
    three times as long as a repaint. It has no public way to have them drawn ahead;
    where its private one is missing or fails, nothing is.
    """
    try:
        known = canvas_of(viewer).font_info()
        font = known.font_manager.get_font(known.face)
        for letter in LETTERS:
            font[letter]
            yield letter
    except Exception:  # whatever napari's own code may raise
        logger.debug("no letters were drawn ahead", exc_info=True)


def read_units(*, cancel: CancelToken) -> Units:
    """Read the definitions of all units, which napari's layers need: 0.2 s.

    Whoever used the program's own registry while a thread reads it would see half of
    them. So this is another one, to be put into its place by `use_units`.
    """
    cancel.check()
    units: Units = LazyRegistry()  # type: ignore[no-untyped-call]
    units.pixel  # noqa: B018 - the first unit that is looked up has all of them read
    return units


def use_units(units: Units) -> None:
    """Let napari use units that were read; on the GUI thread.

    Not where the program's own have been read by now, or somebody has chosen others:
    units of two registries don't mix.
    """
    if not are_units_read():
        pint.set_application_registry(units)  # type: ignore[no-untyped-call]


def are_units_read() -> bool:
    """Tell whether napari has all units, which it has read or was given."""
    # It becomes of another class as it reads them.
    known = pint.get_application_registry()  # type: ignore[no-untyped-call]
    return type(known.get()) is not LazyRegistry


def warm_up(*, cancel: CancelToken) -> None:
    """Load what the first layer of each kind needs, in a thread: 0.5 s.

    The units must be in use. The layers made here are never shown.
    """
    cancel.check()
    zeros = np.zeros((2, 2), np.uint8)
    Image(zeros, multiscale=False)
    Vectors(zeros[np.newaxis])
    Points(zeros, features={"label": ["a", "b"]}, text="{label}")
