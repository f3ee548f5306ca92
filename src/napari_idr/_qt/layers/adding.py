"""Layers that go into a viewer, one in each turn of the event loop."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from napari.layers import Layer
    from napari.viewer import Viewer

    Call = Callable[[], bool | None]
    Put = Callable[[], str | None]

logger = logging.getLogger(__name__)

PAUSE_MS = 15
"""Between two layers: time for the frame that shows the one before to begin."""


_closed: WeakSet[Viewer] = WeakSet()
"""Viewers whose windows are closed, and live on until Qt deletes them."""


def add_no_more(viewer: Viewer) -> None:
    """Take no more layers for a viewer: its window was closed.

    napari makes the controls of a layer, and one of them is a window for a moment.
    Qt takes any new window for a reason not to quit: the process would stay.
    """
    _closed.add(viewer)


def add_layer(viewer: Viewer, layer: Layer, *, activate: bool = True) -> str | None:
    """Add a layer to a viewer; return why that failed, as a sentence, or None.

    It becomes the active one, or with `activate` False what is selected stays so.

    Whoever listens to the viewer is called, other plugins too, and may raise. Then
    the layer is taken out again: what else should have heard of it may not have.
    """
    if viewer in _closed:
        return f"{layer.name} can't be shown: the window was closed."
    try:
        with nullcontext() if activate else _selection_kept(viewer):
            viewer.add_layer(layer)
    except Exception as error:
        logger.exception("the layer %s can't be added", layer.name)
        remove_layers(viewer, [layer])
        return (
            f"{layer.name} can't be shown: something else that follows the layers "
            f"of this viewer failed ({type(error).__name__}: {error})."
        )
    return None


@contextmanager
def _selection_kept(viewer: Viewer) -> Iterator[None]:
    """Let what is selected stay so while a layer is added.

    napari has no public way to say so. Selecting the layer and then the others again
    shows its controls for a moment, which takes time and moves the canvas; that is
    done only where napari has changed.
    """
    layers = viewer.layers
    if isinstance(getattr(layers, "_activate_on_insert", None), bool):
        before, layers._activate_on_insert = layers._activate_on_insert, False
        try:
            yield
        finally:
            layers._activate_on_insert = before
    else:
        selected, active = set(layers.selection), layers.selection.active
        try:
            yield
        finally:
            layers.selection = selected
            layers.selection.active = active


def remove_layers(viewer: Viewer, layers: Iterable[Layer]) -> None:
    """Take out those of the layers that are in a viewer, whoever raises at that.

    As one change: after each napari has Python collect garbage, a fifth of a second.
    """
    wanted = [layer for layer in layers if layer in viewer.layers]
    if not wanted:
        return
    try:
        with viewer.layers.batched_update():
            for layer in wanted:
                _remove(viewer, layer)
    except Exception:
        logger.exception("somebody who heard that layers were removed failed")


def _remove(viewer: Viewer, layer: Layer) -> None:
    if layer not in viewer.layers:
        return  # somebody heard of another one, and took it out
    try:
        viewer.layers.remove(layer)
    except Exception:
        logger.exception("somebody who heard that a layer was removed failed")


def make_active(viewer: Viewer, layer: Layer) -> bool:
    """Make a layer the active one, if it is in the viewer: on its way it isn't yet.

    napari raises for others, and has nothing selected any more by then. Return
    whether there was anything to do.
    """
    selection = viewer.layers.selection
    if layer not in viewer.layers or selection.active is layer:
        return False
    selection.active = layer
    return True


class TurnQueue(QObject):
    """Calls that have a turn of the event loop each, so that the window lives on.

    napari takes 50 to 100 ms to add a layer, most of it for its controls; four at
    once would freeze the window for as long as a person needs to notice. A call that
    returns False had nothing to do, and the next is made in the same turn.

    Calls of a key that is held wait; those of others go on.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Hashable, Call]] = deque()
        self._held: dict[Hashable, float] = {}  # until when, by `time.monotonic`
        self._in_turn = False
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._next)

    def add(self, key: Hashable, *calls: Call) -> None:
        """Call these soon, after those that wait already."""
        self._waiting.extend((key, call) for call in calls)
        self._turn.start(PAUSE_MS)

    def hold(self, key: Hashable, longest_ms: int) -> None:
        """Make no more calls of a key until `release`, nor for longer than that."""
        self._held[key] = time.monotonic() + longest_ms / 1000

    def release(self, key: Hashable) -> None:
        """Go on with the calls of a key that is held, once what is due is drawn."""
        if self._held.pop(key, None) is not None:
            self._turn.start(PAUSE_MS)

    def forget(self, key: Hashable) -> bool:
        """Don't make the calls of a key; tell whether any were still to be made."""
        kept = deque(entry for entry in self._waiting if entry[0] != key)
        forgotten = len(kept) < len(self._waiting)
        self._waiting = kept
        self._held.pop(key, None)
        return forgotten

    def waits(self, key: Hashable) -> bool:
        """Whether a call of a key is still to be made, or any is being made."""
        return self._in_turn or any(entry[0] == key for entry in self._waiting)

    def _next(self) -> None:
        if self._in_turn:
            return
        self._in_turn = True
        try:
            while (call := self._take()) is not None:
                if call() is not False:
                    break
        finally:
            self._in_turn = False
            self._start_next()

    def _take(self) -> Call | None:
        """Return the first call whose key isn't held, no longer as one that waits."""
        now = time.monotonic()
        self._held = {key: until for key, until in self._held.items() if until > now}
        for place, (key, call) in enumerate(self._waiting):
            if key not in self._held:
                del self._waiting[place]
                return call
        return None

    def make_now(self, key: Hashable) -> None:
        """Make the calls of a key that wait in this turn."""
        calls = [call for one, call in self._waiting if one == key]
        self.forget(key)
        for call in calls:
            call()

    def _start_next(self) -> None:
        if any(key not in self._held for key, _ in self._waiting):
            self._turn.start(PAUSE_MS)
        elif self._waiting:
            left_s = min(self._held.values()) - time.monotonic()
            self._turn.start(max(PAUSE_MS, math.ceil(1000 * left_s)))


class LayersComing(QObject):
    """Layers that belong together and go into a viewer, one in each turn."""

    changed = Signal()  # others are on their way, or none

    def __init__(self, turns: TurnQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._turns = turns
        self._coming: list[tuple[Hashable, str]] = []

    @property
    def message(self) -> str | None:
        """What is on its way, None for nothing."""
        return self._coming[-1][1] if self._coming else None

    def awaits(self, key: Hashable) -> bool:
        """Whether layers of a key are on their way."""
        return any(key == one for one, _ in self._coming)

    def add(
        self,
        key: Hashable,
        message: str,
        puts: Iterable[Put],
        on_end: Callable[[str | None], None],
    ) -> None:
        """Put layers in, after those that are on their way.

        Parameters
        ----------
        key
            Of which thing they are.
        message
            What is on its way, for the status.
        puts
            Each puts a layer in, and returns why that failed, as a sentence, or None.
        on_end
            Is told the first such sentence, after which no more are put in; or None
            once all are there.
        """
        problems: list[str] = []

        def make(put: Put) -> bool:
            if problems:
                return False
            if (problem := put()) is not None:
                problems.append(problem)
            return True

        def end() -> bool:
            self._coming.remove((key, message))
            on_end(problems[0] if problems else None)
            self.changed.emit()
            return False

        self._coming.append((key, message))
        self._turns.add(key, *[partial(make, put) for put in puts], end)
        self.changed.emit()

    def complete(self, key: Hashable | None = None) -> None:
        """Put in at once what is on its way, by default all there is."""
        for one in dict.fromkeys(one for one, _ in self._coming):
            if key is None or key == one:
                self._turns.make_now(one)
