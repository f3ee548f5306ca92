"""What is kept on this computer: how much it takes, and how one gets rid of it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import PackError
from napari_idr.services.search.catalog import counted
from napari_idr.transport import (
    PACK_SUFFIX,
    PACKS_FOLDER,
    OfflineTransport,
    Pack,
    answer_stores,
    cache_directory,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.services.session import Session
    from napari_idr.transport import AnswerStore

__all__ = [
    "PACK_SUFFIX",
    "KeptOnDisk",
    "KeptPack",
    "copy_pack",
    "empty",
    "kept_on_disk",
    "packs_folder",
    "remove_pack",
    "require_room",
    "size_text",
]

DRAFT_SUFFIX = ".draft"
"""Of what was begun to be kept, and can be gone on with."""

COPY_BYTES = 1 << 22

MAX_NAMED = 3
"""Packs that a question names before it only counts them."""

MAX_PACKS_BYTES = 50_000_000_000
"""All packs on this computer together, and what was begun: who wants more of an archive
should ask its keepers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPack:
    """A pack on this computer."""

    path: Path
    title: str
    server: str
    made: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOnDisk:
    """What is kept, in bytes.

    `seen` are the answers that are kept as one looks around, and `most` is what they
    may take; `drafts` what was begun to be kept.
    """

    seen: int
    most: int
    packs: tuple[KeptPack, ...] = ()
    drafts: int = 0

    @property
    def text(self) -> str:
        """How much it is, as a sentence."""
        packs = sum(one.size for one in self.packs)
        parts = [f"{size_text(self.seen)} of at most {size_text(self.most)} seen"]
        if self.packs:
            told = counted(len(self.packs), "pack", "packs")
            most = size_text(MAX_PACKS_BYTES)
            parts.append(f"{size_text(packs)} of at most {most} in {told} kept offline")
        if self.drafts:
            parts.append(f"{size_text(self.drafts)} begun")
        return "On this computer: " + "; ".join(parts) + "."

    @property
    def loss(self) -> str:
        """What was kept on purpose and would go with all, as a sentence; "" if nothing.

        >>> from pathlib import Path
        >>> pack = KeptPack(path=Path("a"), title="DM", server="", made=0, size=31e5)
        >>> KeptOnDisk(seen=0, most=0, packs=(pack,)).loss
        'This removes 1 pack that was kept offline, too: “DM”, 3.1 MB.'
        """
        size = size_text(sum(one.size for one in self.packs) + self.drafts)
        if self.packs:
            told = counted(len(self.packs), "pack", "packs")
            was = "was" if len(self.packs) == 1 else "were"
            named = "; ".join(f"“{one.title}”" for one in self.packs[:MAX_NAMED])
            rest = len(self.packs) - MAX_NAMED
            more = f" and {rest} more" if rest > 0 else ""
            return (
                f"This removes {told} that {was} kept offline, too: {named}{more}, "
                f"{size}."
            )
        if self.drafts:
            return f"This removes what was begun to be kept, too: {size}."
        return ""

    @property
    def emptied(self) -> str:
        """What is left after all was removed, as a sentence."""
        if self.packs or self.drafts:
            return f"Not all could be removed. {self.text}"
        return "All that was kept on this computer is removed."


def size_text(size: float) -> str:
    """Return a number of bytes as people write it.

    >>> size_text(0), size_text(1500), size_text(2_340_000), size_text(5e9)
    ('0 kB', '2 kB', '2.3 MB', '5.0 GB')
    """
    if size < 1e6:
        return f"{round(size / 1e3)} kB"
    if size < 1e9:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e9:.1f} GB"


def packs_folder(session: Session | None = None) -> Path:
    """Return where packs are that are kept on this computer."""
    transport = None if session is None else session.client.transport
    if isinstance(transport, OfflineTransport) and transport.packs is not None:
        return transport.packs
    return cache_directory() / PACKS_FOLDER


def kept_on_disk(session: Session | None, *, cancel: CancelToken) -> KeptOnDisk:
    """Return what is kept; the answers of a session's server are among all others."""
    with _stores(session) as stores:
        seen = sum(store.size_bytes() for store in stores)
        most = sum(store.max_bytes for store in stores)
    packs: list[KeptPack] = []
    drafts = 0
    for path in sorted(_files(session)):
        cancel.check()
        with suppress(OSError, PackError):
            size = path.stat().st_size
            if path.suffix != PACK_SUFFIX or path.name.startswith("."):
                drafts += size
                continue
            with Pack(path) as pack:
                info = pack.info
            packs.append(
                KeptPack(
                    path=path,
                    title=info.title,
                    server=info.server,
                    made=info.made,
                    size=size,
                )
            )
    return KeptOnDisk(seen=seen, most=most, packs=tuple(packs), drafts=drafts)


def empty(session: Session | None, *, cancel: CancelToken) -> KeptOnDisk:
    """Remove all that is kept, packs on this computer too; return what is left."""
    with _stores(session) as stores:
        for store in stores:
            cancel.check()
            store.empty()
    for path in _files(session):
        with suppress(OSError):  # in use, on some systems
            path.unlink()
    return kept_on_disk(session, cancel=cancel)


def require_room(session: Session, size: float, *, name: str) -> None:
    """Raise unless so many bytes can be kept besides the packs that there are.

    `name` is that of the pack which they are for, without its ending: what is there of
    it goes, or goes on.

    Raises
    ------
    PackError
        It is more than all packs may take together, or than the disk has room for.
    """
    others = 0
    mine = (f"{name}{PACK_SUFFIX}", f"{name}{DRAFT_SUFFIX}")
    for path in _files(session):
        with suppress(OSError):
            others += 0 if path.name.startswith(mine) else path.stat().st_size
    if others + size > MAX_PACKS_BYTES:
        beside = f" beside {size_text(others)} of other packs" if others else ""
        raise PackError(
            f"that is too much to be kept: about {size_text(size)}{beside}, where "
            f"{size_text(MAX_PACKS_BYTES)} are the most"
        )
    folder = packs_folder(session)
    with suppress(OSError):
        place = next(one for one in (folder, *folder.parents) if one.exists())
        if size > shutil.disk_usage(place).free:
            raise PackError(
                f"there is no room on this disk: it takes about {size_text(size)}"
            )


def remove_pack(path: Path, *, cancel: CancelToken) -> None:
    """Remove one pack."""
    cancel.check()
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PackError(f"{path.name} can't be removed: {error.strerror}") from error


def copy_pack(path: Path, to: Path, *, cancel: CancelToken) -> Path:
    """Copy a pack to a file, which is there as a whole or not at all; return it."""
    if to.suffix != PACK_SUFFIX:
        to = to.with_name(to.name + PACK_SUFFIX)
    unfinished = to.with_name(f".{to.name}.{os.getpid()}.unfinished")
    try:
        if to.exists() and to.samefile(path):
            return to
        try:
            with path.open("rb") as source, unfinished.open("wb") as target:
                while part := source.read(COPY_BYTES):
                    cancel.check()
                    target.write(part)
                target.flush()
                os.fsync(target.fileno())
            shutil.copymode(path, unfinished)
            unfinished.replace(to)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise PackError(f"{to.name} can't be written: {error.strerror}") from error
    return to


@contextmanager
def _stores(session: Session | None) -> Iterator[tuple[AnswerStore, ...]]:
    """Give the stores of what was seen: a session's, else those of this computer."""
    transport = None if session is None else session.client.transport
    if isinstance(transport, OfflineTransport):
        yield transport.stores
        return
    stores = answer_stores(cache_directory())
    yield stores
    for store in stores:
        store.close()


def _files(session: Session | None) -> list[Path]:
    with suppress(OSError):
        return [path for path in packs_folder(session).iterdir() if path.is_file()]
    return []
