"""Tables of wells from the features of a layer, as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from napari_idr.api import column_title, is_missing
from napari_idr.errors import PixelDataError
from napari_idr.model import value_text
from napari_idr.services.wells.table import WELL, safe_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["features_csv"]

FIRST: Final = (WELL, "well_id", "image_id")
"""What tells the wells stands first, as in the files of the Wells table."""


def features_csv(features: Mapping[str, Sequence[Any]]) -> str:
    r"""Return the table of a plate's wells, as their layer has it, as CSV.

    Texts that a spreadsheet would take for formulas get an apostrophe before them.

    >>> print(features_csv({"Cells": [4, 5], "well": ["A1", "A2"]}).replace("\r", ""))
    well,Cells
    A1,4
    A2,5
    <BLANKLINE>

    Raises
    ------
    PixelDataError
        There is no column of wells.
    """
    names = [str(name) for name in features]
    if WELL not in names:
        raise PixelDataError(
            "the layer has no table of wells; take the one called after a plate, wells"
        )
    names = [*(one for one in FIRST if one in names), *_rest(names)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(safe_cell(column_title(name)) for name in names)
    columns = [list(features[name]) for name in names]
    for row in zip(*columns, strict=True):
        writer.writerow(map(_cell, row))
    return text.getvalue()


def _rest(names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in FIRST]


def _cell(value: Any) -> str:
    """Return a value as it stands in the file: numbers as they are, none as nothing."""
    item = value.item() if hasattr(value, "item") else value
    if item is None or item != item:
        return ""
    if isinstance(item, bool | tuple):
        return safe_cell(value_text(item))
    if isinstance(item, int | float):
        return repr(int(item)) if float(item).is_integer() else repr(item)
    text = str(item)
    return "" if is_missing(text) else safe_cell(text)
