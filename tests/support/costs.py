"""What a step of a person's costs, in counts that don't depend on the machine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr._qt.jobs import QueuedSignal
from napari_idr.tiles.image import TiledImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr import demo
    from support.window import Window


@dataclass(slots=True)
class Costs:
    """What was counted.

    Attributes
    ----------
    requests, sent_bytes
        What the archive was asked, and the bytes of its answers.
    painted_bytes
        Of the arrays that were put together for napari, each a copy of tiles.
    repaints
        How often the canvas was drawn.
    news
        What threads had the GUI thread do, one piece of work each.
    """

    requests: int = 0
    sent_bytes: int = 0
    painted_bytes: int = 0
    repaints: int = 0
    news: int = 0


@contextmanager
def counted(window: Window, archive: demo.Archive) -> Iterator[Costs]:
    """Count what the block costs; the counts are there at its end."""
    costs = Costs()
    receive, paint = QueuedSignal._receive_next, TiledImage._paint
    canvas = window.viewer.window._qt_viewer.canvas._scene_canvas

    def count_news(self: QueuedSignal[Any]) -> None:
        costs.news += bool(self._waiting)
        receive(self)

    def count_bytes(self: TiledImage, *arguments: Any) -> Any:
        painted = paint(self, *arguments)
        costs.painted_bytes += painted.nbytes
        return painted

    def count_repaint(_: object) -> None:
        costs.repaints += 1

    archive.requests.clear()
    canvas.events.draw.connect(count_repaint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QueuedSignal, "_receive_next", count_news)
        patch.setattr(TiledImage, "_paint", count_bytes)
        yield costs
    canvas.events.draw.disconnect(count_repaint)
    asked = list(archive.requests)
    costs.requests = len(asked)
    costs.sent_bytes = sum(one.bytes_sent for one in asked)
