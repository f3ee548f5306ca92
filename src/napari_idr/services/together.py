"""Plates that are opened together, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_idr.errors import IDRError
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_idr.cancel import CancelToken
    from napari_idr.services.plate.mosaic import MosaicStep
    from napari_idr.services.plate.view import PlateShown
    from napari_idr.services.search.catalog import Entry
    from napari_idr.services.session import Session

__all__ = ["MOST_PLATES", "PlateFailed", "load_plates", "together_message"]

MOST_PLATES: Final = 12
"""Plates that are opened at once. Of 384 wells each that is some 100 requests, and more
don't fit on a screen; a gallery shows the images of any number of plates."""


@dataclass(frozen=True, slots=True)
class PlateFailed:
    """A plate that can't be shown, and why."""

    entry: Entry
    error: IDRError


def load_plates(
    session: Session, entries: Sequence[Entry], *, cancel: CancelToken
) -> Generator[PlateShown | MosaicStep | PlateFailed, None, None]:
    """Yield each plate with a blank canvas, and what is then painted into it.

    A plate that fails is reported, and the rest goes on.
    """
    for entry in entries:
        cancel.check()
        try:
            details = session.plate_details(entry, cancel=cancel)
            yield from session.show_plate(details, None, 0, cancel=cancel)
        except IDRError as error:
            yield PlateFailed(entry, error)


def together_message(plates: int, failed: Sequence[str]) -> str:
    """Say how many plates were opened, and which weren't.

    >>> together_message(3, ())
    '3 plates are open, one below the other.'
    >>> together_message(1, ["P2", "P3"])
    '1 plate is open. Not to be had: P2, P3.'
    """
    are = "is" if plates == 1 else "are"
    said = f"{counted(plates, 'plate', 'plates')} {are} open"
    if failed:
        return f"{said}. Not to be had: {', '.join(failed)}."
    return f"{said}, one below the other." if plates > 1 else f"{said}."
