"""A person's own tables of wells: brought along from files, and told about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.api import OwnTable, read_own_table
from napari_idr.errors import IDRError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_idr.model import Misfit

__all__ = ["OwnTable", "load_own_table", "misfit_sentences"]

MAX_NAMED = 6
"""How many rows a sentence names before it only counts them."""


def load_own_table(path: Path) -> OwnTable:
    """Return the table in a file; it waits for the disk.

    Raises
    ------
    IDRError
        The file can't be read, is no table, or is of a kind that needs a package.
    """
    try:
        return read_own_table(path)
    except OSError as error:
        raise IDRError(
            f"{path.name} can't be read: {error.strerror or error}"
        ) from error
    except ImportError as error:
        raise IDRError(
            f"{path.name} can't be read: Parquet files need the package pyarrow"
        ) from error


def misfit_sentences(
    misfits: Iterable[Misfit], *, source: str | None = None
) -> tuple[str, ...]:
    """Return in a sentence each what couldn't be given to wells, of one source or all.

    >>> from napari_idr.model import Misfit
    >>> rows = tuple(f"A{n}" for n in range(20, 30))
    >>> misfit_sentences([Misfit(source="x.csv", reason="no such well", rows=rows)])
    ('x.csv: A20, A21, A22, A23, A24, A25 and 4 more: no such well.',)
    """
    return tuple(
        f"{one.source}: {_named(one.rows)}: {one.reason}."
        for one in misfits
        if source in (None, one.source)
    )


def _named(rows: tuple[str, ...]) -> str:
    named = ", ".join(rows[:MAX_NAMED])
    rest = len(rows) - MAX_NAMED
    return f"{named} and {rest} more" if rest > 0 else named
