"""Labels whose pixels are those of the archive: they can be looked at, not painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.tiles import TiledArray

if TYPE_CHECKING:
    from napari.layers import Labels


def keep_from_edits(layer: Labels) -> None:
    """Switch off the brushes of a labels layer while its data can't be written to.

    napari switches them on whenever the number of shown dimensions changes. Once the
    data are others ("Convert data type" makes a copy), they may be painted.
    """

    def refuse(_: Any = None) -> None:
        if layer.editable and isinstance(layer.data, TiledArray):
            layer.editable = False

    layer.events.editable.connect(refuse)
    refuse()
