"""Session with a pack: what is in it, as if it were all that the server has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.api import IDRClient
from napari_idr.model import Dataset, ImageRef, Plate, Project, Screen
from napari_idr.services.session import ServerInfo, Session
from napari_idr.transport import Pack, PackTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.services.search.catalog import Entry, Item
    from napari_idr.services.search.hits import Below

__all__ = ["PackSession", "open_pack"]


def open_pack(
    path: Path,
    *,
    progress: Callable[[int, int], object] = lambda done, total: None,
    cancel: CancelToken,
) -> tuple[PackSession, ServerInfo]:
    """Open a pack and compare all that is in it with its hashes.

    Raises
    ------
    PackError
        It is no pack, damaged, made to do harm, or of a newer version.
    """
    session = PackSession(Pack(path))
    try:
        session.pack.check(progress=progress, cancel=cancel)
        return session, session.open(cancel=cancel)
    except BaseException:
        session.close()
        raise


class PackSession(Session):
    """Looks at a pack on behalf of a browser; nobody is asked. Thread-safe.

    Its lists have the studies, plates, datasets and images that were put into it.
    """

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        address = pack.info.server
        client = IDRClient(address, transport=PackTransport(pack))
        super().__init__(address, client=client)

    def open(self, *, cancel: CancelToken) -> ServerInfo:
        """Return what the server could do; a pack can't be searched."""
        capabilities = self.client.capabilities(cancel=cancel)
        known = replace(capabilities, mapr=False, search_engine=False)
        return ServerInfo(capabilities=known, keys=(), search=False)

    def ask_again(self, known: ServerInfo, *, cancel: CancelToken) -> ServerInfo:
        """Return what is known: nobody can be asked."""
        cancel.check()
        return known

    def studies(self, *, cancel: CancelToken) -> tuple[Entry, ...]:
        """Return the studies of which something is in the pack."""
        found = super().studies(cancel=cancel)
        # What the server counts in them needn't be in the pack.
        return tuple(replace(one, count=None) for one in found if self._holds(one.item))

    def children(
        self, entry: Entry, *, cancel: CancelToken
    ) -> Generator[Below, None, None]:
        """Yield what lies below an entry and is in the pack."""
        for below in super().children(entry, cancel=cancel):
            whole = isinstance(entry.item, Dataset) and self._is_whole(entry.item)
            kept = (one for one in below.children if whole or self._holds(one.item))
            yield replace(below, children=tuple(kept))

    def is_same_as(self, other: Session) -> bool:
        """Whether another session looks at the same pack."""
        return isinstance(other, PackSession) and other.pack.path == self.pack.path

    def _is_whole(self, dataset: Dataset) -> bool:
        return dataset.id in self.pack.info.holds.get("whole_dataset", ())

    def _holds(self, item: Item) -> bool:
        holds = self.pack.info.holds
        match item:
            case Screen():
                return item.id in holds.get("screen", ())
            case Project():
                return item.id in holds.get("project", ())
            case Plate():
                return item.id in holds.get("plate", ())
            case Dataset():
                return item.id in holds.get("dataset", ())
            case ImageRef():
                return item.image_id in holds.get("image", ())
