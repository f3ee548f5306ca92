"""What images have, told in their lines of the results once an answer has said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt

from napari_idr._qt.panels.forms import present
from napari_idr.services.image.holdings import (
    Holdings,
    holdings_of_details,
    holdings_of_opened,
    holdings_of_regions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr._qt.panels.results import ResultsTree
    from napari_idr._qt.panels.results_model import ResultsModel
    from napari_idr.model import ImageId
    from napari_idr.services.details import ImageDetails
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.regions.load import ImageRois


class LineHoldings(QObject):
    """Tells in the lines of images whether there are raw pixels, regions and labels.

    It asks nobody: it is given what was read for something else. Images of plates have
    no lines.

    Parameters
    ----------
    tree
        The lines; its model changes.
    models
        The models that it may have.
    """

    def __init__(self, tree: ResultsTree, models: Sequence[ResultsModel]) -> None:
        super().__init__(tree)
        self._tree = tree
        self._server = ""
        self._known: dict[ImageId, Holdings] = {}
        for model in models:
            model.holdings = self._known

    def enter(self, server: str) -> None:
        """Begin with another server, whose images have numbers of their own."""
        self._server = server
        self._known.clear()

    def take_details(self, details: ImageDetails) -> None:
        """Tell what the record of an image says."""
        self._take(details, holdings_of_details(details))

    def take_opened(self, opened: OpenedImage) -> None:
        """Tell from which source the pixels of an image came."""
        self._take(opened.details, holdings_of_opened(opened))

    def take_regions(self, found: ImageRois) -> None:
        """Tell which regions and label images were found."""
        self._take(found.opened.details, holdings_of_regions(found))

    def _take(self, details: ImageDetails, told: Holdings) -> None:
        request, image = details.request, details.image.id
        has_line = request.plate is None and details.image.well_id is None
        if request.server != self._server or not has_line:
            return
        before = self._known.get(image, Holdings())
        self._known[image] = before.updated(told)
        if self._known[image] != before:
            present(self._tree.viewport()).update()
            # The column is as wide as its texts once its title is asked for again.
            model = present(self._tree.model())
            model.headerDataChanged.emit(Qt.Orientation.Horizontal, 1, 1)
