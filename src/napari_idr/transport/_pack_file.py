"""Packs: answers of a server in one file, each with its hash, written all at once.

A pack is a ZIP file in which nothing is compressed: what it takes to read it is what
its size says. ``pack.json`` tells what it is of, and for each answer the question's
key, the status, the address, the size and the SHA-256 of the body; ``pack.sha256`` is
the hash of that; ``answers/<SHA-256>`` are the bodies. It is never unpacked: no name
in it is used as that of a file.
"""

from __future__ import annotations

import glob
import hashlib
import json
import logging
import os
import re
import sqlite3
import stat
import struct
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_idr.errors import PackError
from napari_idr.transport._address import server_address
from napari_idr.transport._base import OBJECT_BYTES, Response
from napari_idr.transport._store import HEADERS, kept_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Self

    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

PACK_SUFFIX: Final = ".idrpack"

FORMAT: Final = "napari-idr pack"

VERSION: Final = 1
"""Changes when older versions of the plugin couldn't read a pack any more."""

INDEX: Final = "pack.json"
INDEX_HASH: Final = "pack.sha256"
BODY: Final = re.compile(r"answers/([0-9a-f]{64})")
KEY: Final = re.compile(r"[0-9a-f]{64}")

MAX_INDEX_BYTES: Final = 64 * 2**20
"""Of what tells of the answers, and of the directory of the file: 150 000 answers."""

MAX_TEXT: Final = 300
"""Characters of a title, and of what is listed as in it."""

MAX_URL: Final = 8000

END: Final = struct.Struct("<4s4H2LH")
END64_PLACE: Final = struct.Struct("<4sLQL")
END64: Final = struct.Struct("<4sQ2H2L4Q")
"""The ends of a ZIP file (PKWARE, APPNOTE.TXT, 4.3.14 to 4.3.16)."""

UNFINISHED_S: Final = 3600.0
"""What is so old isn't being written any more."""

PART_BYTES: Final = 1 << 20
"""Read at once while a hash is made."""

DRAFT_TABLE: Final = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    url TEXT NOT NULL,
    stored REAL NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInfo:
    """What a pack is of.

    `made` is a time in seconds since 1970. `holds` are the numbers of the objects that
    were put into it, by their kind ("plate").
    """

    title: str
    server: str
    made: float
    holds: Mapping[str, tuple[int, ...]]
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    url: str
    stored: float
    size: int
    sha256: str


class PackDraft:
    """Answers that are to become a pack, on disk, so that it can be gone on with.

    Thread-safe. It is an SQLite file, which stays whole whatever happens.

    Raises
    ------
    PackError
        It can't be written: no room, no right.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _opened_draft(path)
            except sqlite3.OperationalError:  # held by another program, no room
                raise
            except sqlite3.DatabaseError as error:
                logger.info("%s is damaged and begun anew: %s", path.name, error)
                path.unlink()
                self._connection = _opened_draft(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        with self._lock:
            self._connection.close()

    def find(self, key: str) -> Response | None:
        """Return an answer that is in it, None if it isn't."""
        with _writing(self._path), self._lock:
            row = self._connection.execute(
                "SELECT status, headers, url, stored, sha256, body FROM answers"
                " WHERE key = ?",
                (key,),
            ).fetchone()
        if row is None:
            return None
        status, headers, url, stored, sha256, body = row
        if hashlib.sha256(body).hexdigest() != sha256:
            self.forget(key)
            return None
        return Response(
            url=url,
            status=status,
            headers=json.loads(headers),
            body=body,
            stored=stored,
        )

    def put(self, key: str, response: Response, *, stored: float) -> None:
        """Put an answer in; `stored` is when it came, in seconds since 1970."""
        row = (
            key,
            response.status,
            json.dumps(kept_headers(response)),
            response.url,
            stored,
            hashlib.sha256(response.body).hexdigest(),
            response.body,
        )
        with _writing(self._path), self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )

    def forget(self, key: str) -> None:
        """Take an answer out: it can't be read."""
        with _writing(self._path), self._lock:
            self._connection.execute("DELETE FROM answers WHERE key = ?", (key,))

    def __len__(self) -> int:
        """Return how many answers are in it."""
        with _writing(self._path), self._lock:
            [count] = self._connection.execute(
                "SELECT count(*) FROM answers"
            ).fetchone()
        return int(count)

    def write_pack(self, path: Path, info: PackInfo, *, cancel: CancelToken) -> None:
        """Write what is in it as a pack, which is there as a whole or not at all.

        It is written beside its place, brought to the disk, and then renamed.
        """
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_unfinished(path)
            try:
                with unfinished.open("wb") as file:
                    self._write(file, info, cancel)
                    file.flush()
                    os.fsync(file.fileno())
                cancel.check()
                unfinished.replace(path)
                _sync_folder(path.parent)
            finally:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)

    def _write(self, file: Any, info: PackInfo, cancel: CancelToken) -> None:
        answers: list[dict[str, Any]] = []
        written: set[str] = set()
        with (
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as pack,
            self._lock,
        ):
            keys = [
                key
                for (key,) in self._connection.execute(
                    "SELECT key FROM answers ORDER BY key"
                )
            ]
            for key in keys:
                cancel.check()
                status, headers, url, stored, sha256, body = self._connection.execute(
                    "SELECT status, headers, url, stored, sha256, body FROM answers"
                    " WHERE key = ?",
                    (key,),
                ).fetchone()
                answers.append(
                    {
                        "key": key,
                        "status": status,
                        "headers": json.loads(headers),
                        "url": url,
                        "stored": stored,
                        "size": len(body),
                        "sha256": sha256,
                    }
                )
                if sha256 not in written:
                    written.add(sha256)
                    pack.writestr(_entry(f"answers/{sha256}"), body)
            index = json.dumps(
                {
                    "format": FORMAT,
                    "version": VERSION,
                    "title": info.title[:MAX_TEXT],
                    "server": info.server,
                    "made": info.made,
                    "plugin": info.plugin,
                    "holds": {kind: list(ids) for kind, ids in info.holds.items()},
                    "answers": answers,
                }
            ).encode()
            if len(index) > MAX_INDEX_BYTES:
                raise PackError("that is too much for one pack")
            pack.writestr(_entry(INDEX), index)
            pack.writestr(_entry(INDEX_HASH), hashlib.sha256(index).hexdigest())


def _opened_draft(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(DRAFT_TABLE)
        connection.execute("SELECT sha256, body FROM answers LIMIT 1")
    except BaseException:
        connection.close()
        raise
    return connection


class Pack:
    """A pack that is read, and never written. Thread-safe.

    All that stands in it is looked at before it is used, and the hash of each answer
    as it is read.

    Raises
    ------
    PackError
        It is no pack, damaged, made to do harm, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with _reading(path):
            if not stat.S_ISREG(path.stat().st_mode):  # opened, a pipe would wait
                raise PackError("it is no file")
            self._file = path.open("rb")
            try:
                self._zip, self._entries = _directory(self._file)
                self.info, self._answers = self._read_index()
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._zip.close()
            self._file.close()

    def __len__(self) -> int:
        """Return how many answers are in it."""
        return len(self._answers)

    def find(self, key: str, *, most: int = OBJECT_BYTES) -> Response | None:
        """Return an answer, None if it isn't in it.

        Raises
        ------
        PackError
            It is damaged, or larger than `most`.
        """
        if (answer := self._answers.get(key)) is None:
            return None
        if answer.size > most:
            raise PackError(f"an answer in it has {answer.size} bytes", url=answer.url)
        with _reading(self.path):
            body = self._read(f"answers/{answer.sha256}", answer.size)
            if hashlib.sha256(body).hexdigest() != answer.sha256:
                raise PackError("it is damaged: a hash is wrong", url=answer.url)
        return Response(
            url=answer.url,
            status=answer.status,
            headers=answer.headers,
            body=body,
            stored=answer.stored,
        )

    def check(
        self,
        *,
        progress: Callable[[int, int], object] = lambda done, total: None,
        cancel: CancelToken,
    ) -> None:
        """Compare the hash of each answer with what the pack says of it.

        `progress` is told how many bytes were looked at, and of how many.
        """
        sizes = {answer.sha256: answer.size for answer in self._answers.values()}
        done, total = 0, sum(sizes.values())
        for sha256 in sizes:
            sums = hashlib.sha256()
            with (
                _reading(self.path),
                self._lock,
                self._zip.open(self._entries[f"answers/{sha256}"]) as body,
            ):
                while part := body.read(PART_BYTES):
                    sums.update(part)
                    done += len(part)
            cancel.check()
            if sums.hexdigest() != sha256:
                raise PackError("it is damaged: a hash is wrong")
            progress(done, total)

    def _read(self, name: str, size: int) -> bytes:
        with self._lock, self._zip.open(self._entries[name]) as body:
            return body.read(size)

    def _read_index(self) -> tuple[PackInfo, dict[str, _Answer]]:
        sizes = {name: entry.file_size for name, entry in self._entries.items()}
        if INDEX not in sizes or sizes.get(INDEX_HASH) != 64:
            raise PackError("it is no pack of napari-idr")
        if sizes[INDEX] > MAX_INDEX_BYTES:
            raise PackError("what it says of itself is too long")
        index = self._read(INDEX, sizes[INDEX])
        told = self._read(INDEX_HASH, 64)
        if hashlib.sha256(index).hexdigest().encode() != told:
            raise PackError("it is damaged: a hash is wrong")
        try:
            said = json.loads(index)
        except (ValueError, RecursionError) as error:
            raise PackError(
                "it is damaged: what it says of itself is broken"
            ) from error
        return _read_info(said), _read_answers(said, sizes)


def _read_info(said: Any) -> PackInfo:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise PackError("it is no pack of napari-idr")
    version = said.get("version")
    if isinstance(version, int) and version > VERSION:
        raise PackError("it was made by a newer version of napari-idr, and wants that")
    match said:
        case {
            "version": int(),
            "title": str(title),
            "server": str(server),
            "made": int() | float() as made,
            "plugin": str(plugin),
            "holds": dict(holds),
        }:
            pass
        case _:
            raise PackError("what it says of itself makes no sense")
    try:
        address = server_address(server)
    except ValueError as error:
        raise PackError("it names no server") from error
    if not (len(title) <= MAX_TEXT and len(plugin) <= MAX_TEXT and 0 <= made < 1e11):
        raise PackError("what it says of itself makes no sense")
    for kind, ids in holds.items():
        if len(kind) > MAX_TEXT or not (
            isinstance(ids, list) and all(type(one) is int for one in ids)
        ):
            raise PackError("what it says of itself makes no sense")
    return PackInfo(
        title=title,
        server=address,
        made=float(made),
        holds={kind: tuple(ids) for kind, ids in holds.items()},
        plugin=plugin,
    )


def _read_answers(said: dict[str, Any], sizes: Mapping[str, int]) -> dict[str, _Answer]:
    answers: dict[str, _Answer] = {}
    listed = said.get("answers")
    for one in listed if isinstance(listed, list) else (None,):
        match one:
            case {
                "key": str(key),
                "status": int(status),
                "headers": dict(headers),
                "url": str(url),
                "stored": int() | float() as stored,
                "size": int(size),
                "sha256": str(sha256),
            } if (
                KEY.fullmatch(key)
                and 100 <= status < 600
                and len(url) <= MAX_URL
                and 0 <= stored < 1e11
                and 0 <= size <= OBJECT_BYTES
                and sizes.get(f"answers/{sha256}") == size
                and all(
                    name in HEADERS and isinstance(text, str) and len(text) <= MAX_URL
                    for name, text in headers.items()
                )
            ):
                answers[key] = _Answer(
                    status, headers, url, float(stored), size, sha256
                )
            case _:
                raise PackError("it is damaged: what it says of an answer is wrong")
    return answers


def _directory(file: Any) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """Return what is in a ZIP file, if it is as packs are written."""
    size = file.seek(0, os.SEEK_END)
    if _directory_bytes(file, size) > MAX_INDEX_BYTES:
        raise PackError("it is no pack: too much is in it")
    file.seek(0)
    pack = zipfile.ZipFile(file)
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in pack.infolist():
        name = entry.filename
        if not (name in (INDEX, INDEX_HASH) or BODY.fullmatch(name)):
            raise PackError("it is no pack: files are in it that don't belong there")
        if name in entries:
            raise PackError("it is damaged: it has two files of one name")
        if (
            entry.compress_type != zipfile.ZIP_STORED
            or entry.compress_size != entry.file_size
            or entry.flag_bits & 0x1  # encrypted
        ):
            raise PackError("it is no pack: what is in it is compressed")
        if entry.header_offset + entry.file_size > size:
            raise PackError("it is damaged: a part is missing")
        entries[name] = entry
    return pack, entries


def _directory_bytes(file: Any, size: int) -> int:
    """Return the size of the directory of a ZIP file, which is read at once."""
    if size < END.size:
        raise PackError("it is no pack of napari-idr")
    file.seek(size - END.size)
    mark, *_, told, _, comment = END.unpack(file.read(END.size))
    if mark != b"PK\x05\x06" or comment:
        raise PackError("it is no pack of napari-idr, or cut short")
    place = size - END.size - END64_PLACE.size
    if place < 0:
        return int(told)
    file.seek(place)
    mark, _, where, _ = END64_PLACE.unpack(file.read(END64_PLACE.size))
    if mark != b"PK\x06\x07":
        return int(told)
    if where > place - END64.size:
        raise PackError("it is no pack of napari-idr, or cut short")
    file.seek(where)
    fields = END64.unpack(file.read(END64.size))
    return int(fields[8])


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry with a date that says nothing, so that equal packs are equal."""
    return zipfile.ZipInfo(name)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise an error of ours for what reading a file may raise."""
    try:
        yield
    except PackError as error:
        raise PackError(f"{path.name}: {error.message}", url=error.url) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackError(f"{path.name} can't be read: {reason}") from error
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        struct.error,
    ) as error:
        raise PackError(f"{path.name} is no pack, or damaged") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise an error of ours for what writing a file may raise."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PackError(f"{path.name} can't be written: {reason}") from error


def _remove_unfinished(path: Path) -> None:
    """Remove what is left of writers that were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.unfinished"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > UNFINISHED_S:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Bring to the disk that a file was renamed, where the system can do that."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
