"""A bulk annotation table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of a table; `column_types` are the server's words ("WellColumn", ...).

    `column_types` is empty where an older server doesn't tell.
    """

    columns: tuple[str, ...]
    column_types: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def column(self, name: str) -> tuple[Value, ...]:
        """Return the values of a column; raise `KeyError` if there is none."""
        try:
            index = self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None
        return tuple(row[index] for row in self.rows)

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame, one column each, in order."""
        import pandas as pd

        return pd.DataFrame.from_records(list(self.rows), columns=list(self.columns))
