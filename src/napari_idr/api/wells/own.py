"""A person's own table of wells: a CSV or Parquet file, or a data frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_idr.api.wells.columns import column_key, is_missing
from napari_idr.api.wells.csv_files import read_csv
from napari_idr.api.wells.join import KEYS_OF_WELLS, OwnTable
from napari_idr.errors import ResponseFormatError
from napari_idr.model import Table

if TYPE_CHECKING:
    import pandas as pd

    from napari_idr.model import Value

OWN_NAME = "own data"
"""What a data frame is called, which has no name."""


def read_own_table(
    source: str | os.PathLike[str] | pd.DataFrame, *, name: str | None = None
) -> OwnTable:
    """Return a table with a column of wells from a file or a data frame.

    The wells may be the index of a frame: an index without a name is taken for them
    where no column is.

    Parameters
    ----------
    source
        A CSV or TSV file (also with `.gz`), a Parquet file, or a data frame.
    name
        What it is called in the list of what didn't fit.

    Raises
    ------
    TypeError
        It is neither the path of a file nor a data frame.
    OSError
        The file can't be read.
    ResponseFormatError
        It is no table.
    ImportError
        For a Parquet file `pyarrow` is needed, and isn't installed.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return OwnTable(name=name or OWN_NAME, table=_of_frame(source))
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "a table of your own is the path of a file or a data frame, "
            f"not {type(source).__name__}"
        )
    path = Path(source)
    name = name or path.name
    if path.suffix.lower() in (".parquet", ".pq"):
        try:
            frame = pd.read_parquet(path)
        # What pyarrow raises for other files, and for kinds of columns it can't read.
        except (ValueError, TypeError, KeyError, NotImplementedError) as error:
            raise ResponseFormatError(f"{name} is no Parquet file: {error}") from error
        return OwnTable(name=name, table=_of_frame(frame))
    return OwnTable(name=name, table=read_csv(path.read_bytes(), name=name))


def _of_frame(frame: pd.DataFrame) -> Table:
    """Return a frame as a table, its index included where that says something."""
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        told = list(map(str, frame.columns))
        nameless = None in frame.index.names
        if nameless and any(column_key(name) in KEYS_OF_WELLS for name in told):
            told += ["well"]  # numbers of rows, as those of a part of a frame are
        names = [
            str(name) if name is not None else "well" for name in frame.index.names
        ]
        if not set(told).intersection(names):
            index = frame.index.set_names(names)
            frame = frame.set_axis(index).reset_index(allow_duplicates=True)
    columns = tuple(str(name) for name in frame.columns)
    by_column = [
        [_plain(value) for value in frame.iloc[:, place].tolist()]
        for place in range(len(columns))
    ]
    rows = tuple(zip(*by_column, strict=True)) if columns else ()
    return Table(columns=columns, column_types=(), rows=rows)


def _plain(value: object) -> Value:
    """Return a value of a frame as the archive's tables have it."""
    import numpy as np
    import pandas as pd

    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, np.ndarray):  # as lists come out of Parquet files
        value = value.tolist()
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, list | tuple):
        return "; ".join(str(one) for one in value if not is_missing(one))
    return None if value is pd.NaT or value is pd.NA else str(value)
