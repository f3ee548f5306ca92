"""What is in a pack as data of layers, where there is no browser to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_idr.cancel import NEVER
from napari_idr.errors import PackError
from napari_idr.model import Plate
from napari_idr.services.offline.pack_session import open_pack
from napari_idr.services.plate.view import PlateShown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.services.offline.pack_session import PackSession
    from napari_idr.services.search.catalog import Entry

__all__ = ["pack_layers"]


def pack_layers(path: Path) -> list[tuple[Any, dict[str, Any], str]]:
    """Return the plates of a pack, each at its first field, as data of layers.

    Each is a picture (y, x, 3) of thumbnails.

    Raises
    ------
    PackError
        It can't be read, or no plate is in it.
    """
    session, _ = open_pack(path, cancel=NEVER)
    try:
        found = [
            (shown.canvas, {"name": shown.name, "metadata": shown.metadata}, "image")
            for shown in _plates(session)
        ]
    finally:
        session.close()
    if not found:
        raise PackError(
            f"{path.name} has no plates; open it in napari with a window to see it"
        )
    return found


def _plates(session: PackSession) -> Iterator[PlateShown]:
    for study in session.studies(cancel=NEVER):
        for below in session.children(study, cancel=NEVER):
            for line in below.children:
                if isinstance(line.item, Plate):
                    yield from _shown(session, line)


def _shown(session: PackSession, line: Entry) -> Iterator[PlateShown]:
    details = session.plate_details(line, cancel=NEVER)
    runs = details.plate.runs
    run = runs[0].id if len(runs) > 1 else None
    for step in session.show_plate(details, run, 0, cancel=NEVER):
        if isinstance(step, PlateShown):
            shown = step
    yield shown
