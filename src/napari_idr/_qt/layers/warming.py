"""What napari's first layers need, loaded ahead in threads, once a browser is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pint
from napari.layers import Image, Points, Vectors
from pint.registry import LazyRegistry
from qtpy.QtCore import QObject, QTimer

from napari_idr.cancel import Priority

if TYPE_CHECKING:
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr.cancel import CancelToken

    Units = LazyRegistry[Any, Any]

BEGIN_MS: Final = 300
"""Until it begins: by then the dock is painted. A thread that loads takes turns with
the GUI thread, which was kept from its first paint for as long again."""


class Warming(QObject):
    """Loads ahead for a browser: first the units, then what draws with them."""

    def __init__(self, parent: QObject, jobs: Jobs) -> None:
        super().__init__(parent)
        self._units: JobSlot[None, Units] = jobs.slot(
            self._on_units, shown=False, priority=Priority.AHEAD
        )
        self._layers: JobSlot[None, None] = jobs.slot(
            _nothing, shown=False, priority=Priority.AHEAD
        )
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


def _nothing(_: None) -> None:
    """Receive what nobody waits for."""
