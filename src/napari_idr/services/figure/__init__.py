"""Figures for papers and talks: plates, galleries, strips and selections on a page."""

from __future__ import annotations

from napari_idr.services.figure.load import (
    ChannelLook,
    FigureWish,
    MosaicWish,
    SelectionWish,
    StripWish,
    load_figure,
)
from napari_idr.services.figure.page import (
    Bar,
    Box,
    Figure,
    Item,
    Line,
    Picture,
    Swatch,
    Text,
)
from napari_idr.services.figure.plan import (
    FigureCell,
    FigureNotes,
    plan_cells_figure,
    plan_mosaic_figure,
)
from napari_idr.services.figure.sources import FigureSource, source_lines

__all__ = [
    "Bar",
    "Box",
    "ChannelLook",
    "Figure",
    "FigureCell",
    "FigureNotes",
    "FigureSource",
    "FigureWish",
    "Item",
    "Line",
    "MosaicWish",
    "Picture",
    "SelectionWish",
    "StripWish",
    "Swatch",
    "Text",
    "load_figure",
    "plan_cells_figure",
    "plan_mosaic_figure",
    "source_lines",
]
