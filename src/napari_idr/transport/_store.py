"""Answers on disk, in one SQLite file that several programs may share."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
import struct
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_idr.threads import LongLock, in_background
from napari_idr.transport._base import Response
from napari_idr.transport._idle import IdleTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

T = TypeVar("T")

logger = logging.getLogger(__name__)

FILE_NAME: Final = "answers-3.sqlite"
"""The number changes with the table, so that versions don't read each other's."""

PIXELS_FILE_NAME: Final = "pixels-3.sqlite"
"""Tiles, chunks and what searches found, which are many and large, don't push out lists
and thumbnails."""

OLD_FILE_NAMES: Final = ("answers-1.sqlite", "answers-2.sqlite")
"""Files of earlier versions, whose rows have other columns. They are removed."""

BESIDE: Final = ("", "-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps for one database."""

MAX_STORE_BYTES: Final = 512 * 1024 * 1024
"""Some 100 000 thumbnails, or 250 plates of 384 wells."""

HEADERS: Final = ("content-type", "content-range", "location")
"""What is kept of the headers: all that is read of them once an answer is here."""

PAGE_BYTES: Final = 4096
"""SQLite's own default; named, as the bound on the file is counted in pages."""

BUSY_TIMEOUT_S: Final = 0.5
"""So long another program may hold the file before we do without it."""

PAUSE_S: Final = 10.0
"""So long we do without a file that is held, or can't be read or written: not each
of a hundred requests shall wait for it, and a disk that was full may have room."""

FILE_IDLE_S: Final = 10.0
"""A file that nobody has used for so long is closed; opening it takes milliseconds."""

DROPPED_SHARE: Final = 10
"""One in so many answers goes, the oldest, when the file is full."""

TABLE: Final = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    stored REAL NOT NULL,
    expires REAL NOT NULL,
    url BLOB NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    checksum BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_age ON answers (stored);
"""

BUSY: Final = frozenset([sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED])

NO_ACCESS: Final = frozenset(
    [
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    ]
)
"""What the system denies (https://sqlite.org/rescode.html). All else that is no
`BUSY` is about what is in the file: it is broken, or another program's."""


class AnswerStore:
    """Keeps good answers in a directory. Thread-safe.

    It never raises, and returns an answer only as it was kept: each has a checksum. A
    file that is broken is begun anew. Where it can't be written it is read, and where
    it can't be had everything is asked again; the first time a note is logged. What is
    out of date stays until there is no room, for when the server can't be reached.

    Parameters
    ----------
    directory
        Where the file is; it is made when the first answer is kept or sought.
    file_name
        What the file is called.
    max_bytes
        How large the file may become; the oldest answers go first.
    now
        The clock, in seconds since 1970.
    """

    def __init__(
        self,
        directory: Path,
        *,
        file_name: str = FILE_NAME,
        max_bytes: int = MAX_STORE_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._file_name = file_name
        self._max_bytes = max_bytes
        self._now = now
        self._lock = LongLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._noted = False
        self._read_from = 0.0  # of `time.monotonic`: not tried before
        self._write_from = 0.0
        self._idle = IdleTimer(FILE_IDLE_S, self.rest)

    @property
    def max_bytes(self) -> int:
        """How large the file may become."""
        return self._max_bytes

    def find(self, key: str, *, any_age: bool = False) -> Response | None:
        """Return a remembered answer, None if there is none of use.

        With `any_age` one that is out of date is of use, too.
        """

        def read(connection: sqlite3.Connection) -> tuple[Any, ...] | None:
            row: tuple[Any, ...] | None = connection.execute(
                "SELECT checksum, stored, expires, url, head, body FROM answers"
                " WHERE key = ?",
                (key,),
            ).fetchone()
            return row

        if (row := self._attempt(read)) is None:
            return None
        checksum, *fields = row
        due = _checksum(key, *fields)
        if due is None or checksum != due:
            logger.debug("a remembered answer is broken and forgotten")
            self.forget(key)
            return None
        stored, expires, url, head, body = fields
        is_current = stored <= self._now() < expires  # a clock may have been wrong
        if not (is_current or any_age):
            return None
        status, headers = json.loads(head)
        return Response(
            url=url.decode(), status=status, headers=headers, body=body, stored=stored
        )

    def keep(self, key: str, response: Response, *, keep_s: float) -> None:
        """Remember an answer for so many seconds; with 0 for `any_age` alone."""
        if len(response.body) > self._max_bytes // 10:
            return  # one answer shall not push out all others
        now = self._now()
        url = response.url.encode("utf-8", "replace")
        head = json.dumps([response.status, kept_headers(response)]).encode()
        fields = (now, now + keep_s, url, head, response.body)
        row = (key, *fields, _checksum(key, *fields))

        def write(connection: sqlite3.Connection) -> None:
            insert = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)"
            while True:
                try:
                    connection.execute(insert, row)
                except sqlite3.OperationalError as error:
                    # the file is as large as it may be, or the disk is full
                    if _code(error) != sqlite3.SQLITE_FULL or not _drop(connection):
                        raise
                else:
                    return

        self._attempt(write, writes=True)

    def forget(self, key: str) -> None:
        """Remember an answer no longer: it can't be read."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM answers WHERE key = ?", (key,))

        self._attempt(write, writes=True)

    def size_bytes(self) -> int:
        """Return how much the file takes on the disk."""
        total = 0
        for ending in BESIDE:
            with contextlib.suppress(OSError):
                path = self._directory / f"{self._file_name}{ending}"
                total += path.stat().st_size
        return total

    def empty(self) -> None:
        """Forget all answers, and give their room back."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM answers")
            connection.execute("VACUUM")

        self._attempt(write, writes=True)

    def rest(self) -> None:
        """Close the file until it is needed again, soon, in a thread of its own."""
        in_background(self._let_go)

    def close(self) -> None:
        """Use the file no more; it is closed soon, in a thread of its own."""
        self._closed = True
        self._idle.stop()
        in_background(self._let_go)

    def _attempt(
        self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False
    ) -> T | None:
        """Do work on the file, None where it can't be done."""
        with self._lock:
            if self._closed or time.monotonic() < self._read_from:
                return None
            try:
                connection = self._connected()
                if writes and time.monotonic() < self._write_from:
                    return None
                return work(connection)
            except (sqlite3.Error, OSError, MemoryError, ValueError) as error:
                self._recover(error, writes=writes)
            finally:
                self._idle.used()
            return None

    def _recover(self, error: Exception, *, writes: bool) -> None:
        """Do what makes the file usable again, or do without it for a while."""
        code = _code(error)
        if code is not None and code not in BUSY | NO_ACCESS:
            self._note("the file of answers is begun anew", error)
            self._begin_anew()
            return
        if _is_moved(error):
            self._note("the file of answers is gone", error)
            self._disconnect()
        elif writes and self._connection is not None:  # it may still be read
            self._note("answers aren't kept on disk", error)
            self._write_from = time.monotonic() + PAUSE_S
        else:
            self._note("kept answers can't be read", error)
            self._read_from = time.monotonic() + PAUSE_S
            if code not in BUSY:
                self._disconnect()

    def _note(self, what: str, error: Exception) -> None:
        level = logging.DEBUG if self._noted else logging.WARNING
        self._noted = True
        logger.log(level, "%s, in %s: %s", what, self._directory, error)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        self._directory.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._directory / self._file_name,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,  # each statement is a transaction of its own
            check_same_thread=False,  # the lock sees to it
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        pages = max(1, self._max_bytes // PAGE_BYTES)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute(f"PRAGMA max_page_count = {pages}")
        # Neither a shared map of memory nor one of the file: to read what another
        # program has cut off from either would kill the process. So no WAL.
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = OFF")  # it can be asked again
        connection.execute("PRAGMA secure_delete = OFF")
        connection.executescript(TABLE)
        try:  # whether it is our table, and whether it can be written
            connection.execute("SELECT head FROM answers LIMIT 0")
            connection.execute("DELETE FROM answers WHERE 0")
        except sqlite3.OperationalError as error:
            if _code(error) not in BUSY | NO_ACCESS:
                raise
            self._note("answers aren't kept on disk", error)
            self._write_from = time.monotonic() + PAUSE_S
        with contextlib.suppress(OSError):  # another program may have them open
            self._remove(OLD_FILE_NAMES)

    def _begin_anew(self) -> None:
        self._disconnect()
        try:
            self._remove([self._file_name])
        except OSError as error:
            logger.debug("the file of answers can't be removed: %s", error)
            self._read_from = time.monotonic() + PAUSE_S

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            for ending in BESIDE:
                (self._directory / f"{name}{ending}").unlink(missing_ok=True)

    def _let_go(self) -> None:
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def kept_headers(response: Response) -> dict[str, str]:
    """Return what is kept of the headers of an answer.

    >>> kept_headers(Response(url="", status=200, headers={"date": "today",
    ...                                                    "location": "/x"}))
    {'location': '/x'}
    """
    kept = {name: response.headers.get(name) for name in HEADERS}
    return {name: text for name, text in kept.items() if text is not None}


def _drop(connection: sqlite3.Connection) -> bool:
    """Drop the oldest answers; tell whether there were any."""
    dropped = connection.execute(
        "DELETE FROM answers WHERE stored <= (SELECT stored FROM answers ORDER BY"
        f" stored LIMIT 1 OFFSET (SELECT count(*) / {DROPPED_SHARE} FROM answers))"
    )
    return dropped.rowcount > 0


def _checksum(key: str, *fields: Any) -> bytes | None:
    """Return a checksum of all that a row says, None if it is no row of ours."""
    match fields:
        case (float(), float(), bytes(), bytes(), bytes()):
            stored, expires, *parts = fields
        case _:
            return None
    # against bytes that flipped, not against people: the fastest of the common ones
    sums = hashlib.sha1(struct.pack("<2d", stored, expires), usedforsecurity=False)
    for part in (key.encode(), *parts):
        sums.update(struct.pack("<Q", len(part)))
        sums.update(part)
    return sums.digest()


def _code(error: Exception) -> int | None:
    """Return SQLite's code without what is added to it; None if it told none.

    Its message may quote what is in the file, which needn't be text.
    """
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    if isinstance(error, sqlite3.Error):
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code & 0xFF
    return None


def _is_moved(error: Exception) -> bool:
    """Tell whether the file was removed or replaced since it was opened."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED
