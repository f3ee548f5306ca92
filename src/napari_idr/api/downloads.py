"""Downloads of attached files into a directory."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import secrets
import shutil
import stat
import time
import unicodedata
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Final

from napari_idr.api.json_client import status_error
from napari_idr.errors import (
    ConnectionFailedError,
    DownloadError,
    PageError,
    RequestTimeoutError,
)
from napari_idr.transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from napari_idr.api.json_client import JsonClient
    from napari_idr.cancel import CancelToken
    from napari_idr.model import FileAnnotation
    from napari_idr.transport import Stream

    Progress = Callable[[int, int], None]
    """Told how many bytes have come, and how many there are."""

logger = logging.getLogger(__name__)

FCNTL: Final[ModuleType | None] = (
    import_module("fcntl") if find_spec("fcntl") is not None else None
)
"""Locks of files; Windows has none, and keeps what is open from being removed."""

MAX_NAME_BYTES: Final = 140
"""File systems take 255 bytes; one that encrypts names leaves 143 (eCryptfs)."""

SPARE_BYTES: Final = 16 * 1024 * 1024
"""Room that is left on the disk for others."""

PORT_NUMBERS: Final = "0123456789\u00b9\u00b2\u00b3"

RESERVED: Final = frozenset(
    [
        *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
        *(f"{port}{number}" for port in ("COM", "LPT") for number in PORT_NUMBERS),
    ]
)
"""Names that mean devices on Windows, with any ending."""

LEFTOVER: Final = re.compile(r"\.[0-9a-f]{16}\.idr-part")
"""Temporary names; only what is called exactly so is ours to remove."""

LEFTOVER_S: Final = 24 * 3600.0
"""A part that nothing was written to for so long is of a download that was killed,
where files can't be locked to tell."""

PACE_S: Final = 60.0
LEAST_BYTES_PER_S: Final = 100
"""A file that has come more slowly for so long is given up: the slowest lines that
people have, by satellite or telephone, are some fifty times faster."""

NO_SYNC: Final = frozenset([errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
"""What file systems say that can't be told to write to the disk."""

UNFIT: Final = '<>:"|?*'
"""Characters that Windows doesn't allow in a name."""


def safe_file_name(name: str) -> str:
    r"""Return a name that is good on every system, and has no folder in it.

    >>> safe_file_name("idr0902 screenA, annotation µ.csv")
    'idr0902 screenA, annotation µ.csv'
    >>> safe_file_name("../../etc/passwd"), safe_file_name("C:\\temp\\a?.csv")
    ('passwd', 'a_.csv')
    >>> safe_file_name("nul.txt"), safe_file_name(".."), safe_file_name(".profile")
    ('_nul.txt', 'file', '_.profile')
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = (c for c in unicodedata.normalize("NFC", last) if _is_shown(c))
    fit = "".join("_" if c in UNFIT else c for c in shown).strip().rstrip(". ")
    if not fit.strip("."):
        return "file"
    if fit.startswith(".") or fit.partition(".")[0].rstrip().upper() in RESERVED:
        fit = f"_{fit}"
    return _shortened(fit)


def _is_shown(character: str) -> bool:
    # control and formatting characters, lone surrogates: they hide or turn text
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _shortened(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len(f"{dot}{ending}".encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{cut}{dot}{ending}" if dot else cut.rstrip(". ")


class Downloads:
    """Attached files. Thread-safe."""

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def download(
        self,
        annotation: FileAnnotation,
        directory: Path,
        *,
        overwrite: bool,
        progress: Progress | None,
        cancel: CancelToken,
    ) -> Path:
        """Bring an attached file to a directory; return where it is.

        It comes under a temporary name, and gets its own when it is whole. Where the
        line breaks it is asked for once more, from its beginning. What killed
        downloads have left in the directory goes first.

        GET /webclient/annotation/{annotation.id}/

        Raises
        ------
        DownloadError
            There is no such directory, a file of that name is there, there is no
            room, or what came hasn't the size that was announced.
        """
        target = directory / safe_file_name(annotation.name)
        request = Request(path=f"webclient/annotation/{annotation.id}/")
        try:
            require_place(target, annotation.size or 0, overwrite=overwrite)
            remove_leftovers(directory)
            with _part(directory) as (temporary, file):
                try:
                    self._bring(request, annotation, file, progress, cancel)
                except RequestTimeoutError:
                    raise
                except ConnectionFailedError as error:  # the line broke
                    logger.info("%s is asked for anew: %s", target.name, error)
                    file.seek(0)
                    file.truncate()
                    self._bring(request, annotation, file, progress, cancel)
                if FCNTL is None:  # an open file can't be renamed there
                    file.close()
                place_file(temporary, target, overwrite=overwrite)
        except OSError as error:
            reason = error.strerror or "the disk refuses it"
            raise DownloadError(f"{target.name} can't be stored: {reason}") from error
        return target

    def _bring(
        self,
        request: Request,
        annotation: FileAnnotation,
        file: IO[bytes],
        progress: Progress | None,
        cancel: CancelToken,
    ) -> None:
        with self._json_client.transport.stream(request, cancel=cancel) as stream:
            _require_file(stream, annotation)
            write_stream(stream, file, annotation.size, progress, cancel)


@contextmanager
def _part(directory: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a new file under a temporary name, which is gone at the end.

    It is locked as long as it is open, so that others see that it is being written.
    """
    path = directory / f".{secrets.token_hex(8)}.idr-part"
    try:
        with path.open("xb") as file:
            if lock_file(file) is False or not path.exists():
                # taken for a leftover before it was locked
                raise DownloadError("another download has cleaned up; try again")
            yield path, file
    finally:
        with contextlib.suppress(OSError):  # what is left goes another time
            path.unlink(missing_ok=True)


def lock_file(file: IO[bytes]) -> bool | None:
    """Lock an open file; False if another has, None where files can't be locked.

    The system lets go of it when the file is closed or its process killed.
    """
    if FCNTL is None:
        return None
    try:
        FCNTL.flock(file, FCNTL.LOCK_EX | FCNTL.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def remove_leftovers(directory: Path) -> None:
    """Remove the parts of downloads that were killed.

    What can't be looked at or removed stays.
    """
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if LEFTOVER.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    """Remove a part unless somebody still writes it."""
    told = path.lstat()
    if not stat.S_ISREG(told.st_mode):
        return
    with path.open("rb") as file:
        is_free = lock_file(file)
        if is_free:  # and is ours, so that nobody else takes it meanwhile
            path.unlink()
    if is_free is None and told.st_mtime < time.time() - LEFTOVER_S:
        path.unlink()


def require_place(target: Path, size: int, *, overwrite: bool) -> None:
    """Raise `DownloadError` unless a file of so many bytes can go to a place."""
    if not target.parent.is_dir():
        raise DownloadError(f"{target.parent} is not a directory")
    if not overwrite and (os.path.lexists(target) or _has_twin(target)):
        raise DownloadError(f"{target} exists already")
    if target.is_dir():
        raise DownloadError(f"{target} is a directory")
    free = shutil.disk_usage(target.parent).free
    if size + SPARE_BYTES > free:
        what = f"{size:,} bytes don't fit" if size else "nothing more fits"
        left = f"{SPARE_BYTES:,} are left for others"
        raise DownloadError(f"{what}: {free:,} bytes are free, and {left}")


def _has_twin(target: Path) -> bool:
    """Tell whether a file is there whose name differs in case or spelling only.

    Most systems don't tell the two apart, so a directory with both can't be copied.
    """
    own = _folded(target.name)
    with contextlib.suppress(OSError):
        return any(_folded(path.name) == own for path in target.parent.iterdir())
    return False


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _require_file(stream: Stream, annotation: FileAnnotation) -> None:
    response = stream.response
    if response.status != 200:
        raise status_error(response)
    if response.content_type == "text/html":  # files come as application/...
        raise PageError("a page came instead of the file", url=response.url)
    told = response.headers.get("content-length", "")
    if "content-encoding" in response.headers or not told.isdecimal():
        return
    if annotation.size is not None and int(told[:20]) != annotation.size:
        raise DownloadError(
            f"the file has {told} bytes, not {annotation.size} as announced",
            url=response.url,
        )


def write_stream(
    stream: Stream,
    file: IO[bytes],
    size: int | None,
    progress: Progress | None,
    cancel: CancelToken,
    *,
    before: int = 0,
) -> None:
    """Write what comes to a file; where its size isn't told, to its end.

    `before` is how many of its bytes are there already.

    Raises
    ------
    RequestTimeoutError
        It comes by single bytes, which would hold a connection for days.
    """
    url = stream.response.url
    done = counted = before
    since = time.monotonic()
    for chunk in stream.chunks(cancel=cancel):
        done += len(chunk)
        if time.monotonic() - since > PACE_S:
            if done - counted < PACE_S * LEAST_BYTES_PER_S:
                raise RequestTimeoutError("the file comes too slowly", url=url)
            counted, since = done, time.monotonic()
        if size is not None and done > size:
            raise DownloadError(f"more than the {size} bytes came", url=url)
        file.write(chunk)
        if progress is not None:
            progress(done, done if size is None else size)
    if size is not None and done < size:
        raise DownloadError(f"{done} of {size} bytes came", url=url)
    file.flush()
    try:  # the name mustn't be on the disk before what it names
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def place_file(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a whole file its name, and take it from no other unless asked.

    The name is made and filled in one step, so that a process that is killed leaves
    either nothing there or all of it.
    """
    if overwrite:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)  # fails where the name is taken
    except FileExistsError as error:
        raise DownloadError(f"{target} exists already") from error
    except (OSError, NotImplementedError):  # a file system without links
        if os.path.lexists(target):
            raise DownloadError(f"{target} exists already") from None
        temporary.rename(target)
