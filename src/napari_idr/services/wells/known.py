"""What is known of the wells of a plate that is shown, ready to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.errors import IDRError
from napari_idr.services.wells.table import IndexedTable

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_idr.api import OwnTable, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Table
    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WellsKnown:
    """A mosaic with what was learnt about its wells, and their table.

    `error` is why what was written about the wells couldn't be had, None if it could.
    """

    shown: MosaicShown
    indexed: IndexedTable
    error: IDRError | None = None


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
    indexed = IndexedTable(shown.plate_map.table)
    indexed.prepare()
    return WellsKnown(shown=shown, indexed=indexed)
