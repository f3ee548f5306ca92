"""Answers on disk, in one SQLite file that several programs may share."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from napari_idr.threads import LongLock, in_background
from napari_idr.transport._base import Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

logger = logging.getLogger(__name__)

FILE_NAME = "answers-1.sqlite"
"""The number changes with the table, so that versions don't read each other's."""

MAX_STORE_BYTES = 512 * 1024 * 1024
"""Some 100 000 thumbnails, or 250 plates of 384 wells."""

BUSY_TIMEOUT_S = 0.5
"""So long another program may hold the file before we do without it."""

KEPT_SHARE = 0.9
"""A full store is cut to this share, so that not every answer cuts it again."""

TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    expires REAL NOT NULL,
    stored REAL NOT NULL,
    bytes INTEGER NOT NULL,
    url TEXT NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_age ON answers (stored, bytes);
CREATE INDEX IF NOT EXISTS by_expiry ON answers (expires);
"""


class AnswerStore:
    """Keeps good answers in a directory. Thread-safe.

    It never raises: a file that is broken is begun anew, and where none can be
    had, everything is simply asked again.

    Parameters
    ----------
    directory
        Where the file is; it is made when the first answer is kept or sought.
    max_bytes
        How much is kept; the oldest answers go first.
    now
        The clock, in seconds since 1970.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = MAX_STORE_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._now = now
        self._lock = LongLock()
        self._connection: sqlite3.Connection | None = None
        self._given_up = False
        self._bytes = 0

    def find(self, key: str) -> Response | None:
        """Return a remembered answer, None if there is none of use."""

        def read(connection: sqlite3.Connection) -> Response | None:
            row = connection.execute(
                "SELECT url, media_type, body FROM answers"
                " WHERE key = ? AND expires > ?",
                (key, self._now()),
            ).fetchone()
            if row is None:
                return None
            url, media_type, body = row
            return Response(
                url=url, status=200, headers={"content-type": media_type}, body=body
            )

        return self._attempt(read)

    def keep(self, key: str, response: Response, *, keep_s: float) -> None:
        """Remember an answer with status 200 for so many seconds."""
        size = len(response.body)
        if size > self._max_bytes // 10:  # one answer shall not push out all others
            return

        def write(connection: sqlite3.Connection) -> None:
            now = self._now()
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    now + keep_s,
                    now,
                    size,
                    response.url,
                    response.content_type,
                    response.body,
                ),
            )
            self._bytes += size
            if self._bytes > self._max_bytes:
                self._cut(connection)

        self._attempt(write)

    def forget(self, key: str) -> None:
        """Remember an answer no longer: it can't be read."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM answers WHERE key = ?", (key,))

        self._attempt(write)

    def close(self) -> None:
        """Use the file no more; it is closed soon, in a thread of its own."""
        self._given_up = True
        in_background(self._let_go)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do work on the file, None where it can't be done."""
        with self._lock:
            if self._given_up:
                return None
            try:
                return work(self._connected())
            except sqlite3.OperationalError as error:  # locked, read-only, full
                logger.debug("answers aren't kept: %s", error)
                self._given_up |= self._connection is None
            except sqlite3.DatabaseError as error:  # not a database, malformed
                logger.debug("the file of answers is begun anew: %s", error)
                self._begin_anew()
            except OSError as error:
                logger.debug("no directory for answers: %s", error)
                self._given_up = True
            return None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        self._directory.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._directory / FILE_NAME,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,  # each statement is a transaction of its own
            check_same_thread=False,  # the lock sees to it
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # it can be asked again
            connection.executescript(TABLE)
            connection.execute("DELETE FROM answers WHERE expires <= ?", (self._now(),))
            self._bytes = _total(connection)
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _cut(self, connection: sqlite3.Connection) -> None:
        """Drop the oldest answers until there is room again."""
        left = _total(connection)  # another program may have added to it, or cut it
        goal = int(self._max_bytes * KEPT_SHARE)
        ages = connection.execute("SELECT stored, bytes FROM answers ORDER BY stored")
        newest_dropped: float | None = None
        for stored, size in ages:
            if left <= goal:
                break
            left -= size
            newest_dropped = stored
        ages.close()
        if newest_dropped is not None:
            connection.execute(
                "DELETE FROM answers WHERE stored <= ?", (newest_dropped,)
            )
        self._bytes = _total(connection)

    def _begin_anew(self) -> None:
        self._disconnect()
        try:
            for name in (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
                (self._directory / name).unlink(missing_ok=True)
        except OSError as error:
            logger.debug("the file of answers can't be removed: %s", error)
            self._given_up = True

    def _let_go(self) -> None:
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _total(connection: sqlite3.Connection) -> int:
    (total,) = connection.execute("SELECT total(bytes) FROM answers").fetchone()
    return int(total)
