"""What is known of the wells of a plate that is shown, ready to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from napari_idr.errors import IDRError
from napari_idr.services.wells.colors import color_wells
from napari_idr.services.wells.look import color_columns, uncounted_wells
from napari_idr.services.wells.table import IndexedTable

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_idr.api import OwnTable, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Table, WellColumn
    from napari_idr.services.mosaic import CellId, MosaicShown
    from napari_idr.services.session import Session
    from napari_idr.services.wells.colors import ColoredWells


@dataclass(frozen=True, kw_only=True, eq=False)
class WellsKnown:
    """A mosaic with what was learnt about its wells, and their table.

    `error` is why what was written about the wells couldn't be had, None if it could.
    What else is known follows from the table; it is computed once, by `prepare` in a
    worker or when it is first needed.
    """

    shown: MosaicShown
    indexed: IndexedTable
    error: IDRError | None = None

    def prepare(self) -> None:
        """Compute all that the table and the colours need, before they are shown."""
        self.indexed.prepare()
        _ = self.color_columns, self.uncounted, self.places

    @cached_property
    def color_columns(self) -> dict[str, WellColumn]:
        """The columns that wells can be coloured by, and how each is called."""
        return color_columns(self.indexed.table)

    @cached_property
    def uncounted(self) -> frozenset[int]:
        """The places of wells that don't count in profiles: controls and failed."""
        return uncounted_wells(self.indexed.table)

    @cached_property
    def places(self) -> dict[CellId, int]:
        """The place of each well."""
        wells = self.indexed.table.wells
        return {self.shown.id_of(well): place for place, well in enumerate(wells)}

    def colored(self, color_by: str | None) -> ColoredWells | None:
        """Return the colours of the wells; None without a column of that name."""
        column = None if color_by is None else self.color_columns.get(color_by)
        return None if column is None else color_wells(column)


def load_wells(
    session: Session | None,
    shown: MosaicShown,
    own: tuple[OwnTable, ...],
    table: Table | None = None,
    sources: WellSources | None = None,
    *,
    cancel: CancelToken,
) -> Generator[WellsKnown, None, WellsKnown]:
    """Yield the table of the wells as far as it is known, return it complete.

    Parameters
    ----------
    session
        Is asked for what was written about the wells, unless that is known; None for
        a server that can't be asked any more.
    shown
        The plate or the gallery.
    own
        The tables that a person has brought along for it.
    table
        The study's table where another field has brought it; it isn't asked for again.
    sources
        What was written about the wells, where that is known already.
    """
    if sources is not None:
        shown = shown.with_sources(sources)
    if shown.own is not own:
        shown = shown.with_own(own)
    known = _indexed(shown)
    if shown.sources is not None or session is None:
        return known
    yield known
    asked = shown if table is None else shown.with_table(table)
    try:
        sources = session.well_sources(asked, cancel=cancel)
    except IDRError as error:
        return replace(known, error=error)
    cancel.check()
    return _indexed(shown.with_sources(sources))


def _indexed(shown: MosaicShown) -> WellsKnown:
    known = WellsKnown(shown=shown, indexed=IndexedTable(shown.plate_map.table))
    known.prepare()
    return known
