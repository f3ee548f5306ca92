"""Thumbnails of the images among the lines of the results, as far as these are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QModelIndex, QObject, QTimer
from qtpy.QtGui import QIcon, QImage, QPixmap

from napari_idr._qt.panels.forms import present
from napari_idr._qt.panels.results_model import ENTRY_ROLE
from napari_idr.cancel import Priority
from napari_idr.errors import IDRError
from napari_idr.model import ImageRef
from napari_idr.services.search.catalog import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.panels.results import ResultsTree
    from napari_idr._qt.panels.results_model import ResultsModel
    from napari_idr.model import ImageId
    from napari_idr.services.session import Session

    Thumbnails = Sequence[tuple[ImageId, NDArray[np.uint8] | IDRError]]

REST_MS = 150
"""So long the lines must have rested before something is asked for: who scrolls through
a thousand lines wants those where they stop."""

BLOCK = 50
"""Lines whose thumbnails are asked for together: as many as a request has. Blocks begin
at whole multiples, so that the same are asked for again, and found in the cache."""

MOST_KEPT = 1000
"""Thumbnails in memory, of 96 px: 37 MB."""


class LineThumbnails(QObject):
    """Asks for the thumbnails of image lines that are in sight, in blocks.

    Nothing is asked for lines that nobody sees, and nothing twice while it is kept.
    What doesn't come leaves its line without a picture, and isn't told: it is an
    ornament.

    Parameters
    ----------
    tree
        The lines; its model changes.
    models
        The models that it may have.
    """

    def __init__(
        self, tree: ResultsTree, models: Sequence[ResultsModel], jobs: Jobs
    ) -> None:
        super().__init__(tree)
        self._tree = tree
        self._session: Session | None = None
        self._icons: dict[ImageId, QIcon] = {}
        self._absent: set[ImageId] = set()
        self._stopped = False
        self._slot: JobSlot[None, Thumbnails] = jobs.slot(
            self._on_came,
            on_failure=self._on_failed,
            shown=False,
            priority=Priority.AHEAD,
        )
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._look)
        present(tree.verticalScrollBar()).valueChanged.connect(self._soon)
        tree.expanded.connect(self._soon)
        tree.collapsed.connect(self._soon)
        present(tree.viewport()).installEventFilter(self)
        for model in models:
            model.icons = self._icons
            model.rowsInserted.connect(self._on_rows)
            model.layoutChanged.connect(self._soon)
            model.modelReset.connect(self._soon)

    def enter(self, session: Session | None) -> None:
        """Begin with another server, whose images have numbers of their own."""
        self._slot.cancel()
        self._session = session
        self._icons.clear()
        self._absent.clear()

    def stop(self) -> None:
        """Ask for nothing more until a person scrolls, or other lines come."""
        self._slot.cancel()
        self._rest.stop()
        self._stopped = True

    def _on_rows(self, parent: QModelIndex, first: int, _: int) -> None:
        """Make room for pictures at once: lines mustn't move under the mouse later."""
        model = self._tree.model()
        if model is self.sender():
            line = present(model).index(first, 0, parent).data(ENTRY_ROLE)
            if isinstance(line, Entry) and isinstance(line.item, ImageRef):
                self._tree.show_pictures(shown=True)
        self._soon()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look anew when other lines come into sight without scrolling."""
        sized = (QEvent.Type.Resize, QEvent.Type.Show)
        if event is not None and event.type() in sized and not self._stopped:
            self._soon()
        return super().eventFilter(watched, event)

    def _soon(self, *_: object) -> None:
        self._stopped = False
        self._rest.start()

    def _look(self) -> None:
        """Ask for what is in sight and not there, unless that is on its way."""
        if self._session is None or self._slot.busy or not self._tree.isVisible():
            return
        seen = self._tree.images_in_sight(BLOCK)
        self._tree.show_pictures(shown=bool(seen))
        wanted = [
            one for one in seen if one not in self._icons and one not in self._absent
        ]
        if wanted:
            self._slot.start("", self._session.line_thumbnails, tuple(wanted))

    def _on_came(self, thumbnails: Thumbnails) -> None:
        for image, picture in thumbnails:
            if isinstance(picture, IDRError):
                self._absent.add(image)
            else:
                self._icons[image] = _icon(picture)
        for image in tuple(self._icons)[: max(0, len(self._icons) - MOST_KEPT)]:
            del self._icons[image]
        present(self._tree.viewport()).update()
        self._soon()  # a person may have scrolled on

    def _on_failed(self, error: Exception) -> None:
        """Wait until lines come into sight: then it is tried again."""
        del error


def _icon(picture: NDArray[np.uint8]) -> QIcon:
    """Return a picture, (y, x, 3), as the icon of a line."""
    height, width, _ = picture.shape
    data = np.ascontiguousarray(picture).tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image))
