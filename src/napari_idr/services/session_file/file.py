"""Files of sessions: `.idr.json`, written whole or not at all, and read leniently."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from napari_idr.errors import IDRError
from napari_idr.services.session_file.codec import UnreadableError, as_json, read
from napari_idr.services.session_file.record import SavedSession

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.cancel import CancelToken

__all__ = [
    "ENDING",
    "FORMAT",
    "MAX_FILE_BYTES",
    "VERSION",
    "is_session_file",
    "load_session",
    "read_session",
    "save_session",
    "written",
]

ENDING: Final = ".idr.json"

FORMAT: Final = "napari-idr session"
"""Tells the file from other JSON, whatever it is called."""

VERSION: Final = 1
"""Raised when a reader of the version before would show something else than was saved;
new parts alone, which it leaves out, don't raise it."""

MAX_FILE_BYTES: Final = 8_000_000
"""A session with a hundred images takes some 100 kB."""


def is_session_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a session by its name.

    >>> is_session_file("a/CDC20.idr.json"), is_session_file("a.json")
    (True, False)
    """
    return os.fspath(path).lower().endswith(ENDING)


def written(session: SavedSession) -> str:
    """Return the text of a session's file."""
    told = as_json(session)
    assert isinstance(told, dict)
    whole = {"format": FORMAT, "version": VERSION, **told}
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_session(text: str | bytes) -> tuple[SavedSession, tuple[str, ...]]:
    """Return the session of a file's text, and what of it couldn't be read.

    Raises
    ------
    IDRError
        It is no session, or that of a newer version.
    """
    if len(text) > MAX_FILE_BYTES:
        raise IDRError("the file is too large for a session")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise IDRError("the file is no session: it isn't whole, or no JSON") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise IDRError("the file is no session of napari-idr")
    version = told.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise IDRError("the file is no session of napari-idr: it has no version")
    if version > VERSION:
        raise IDRError(
            f"the session was saved by a newer napari-idr (format {version}; this one "
            f"reads up to {VERSION}): update the plugin to open it"
        )
    notes: list[str] = []
    try:
        session = read(SavedSession, told, notes, "the session")
    except (UnreadableError, RecursionError) as error:
        raise IDRError(f"the session can't be read: {error}") from error
    return session, tuple(notes)


def load_session(
    path: Path, *, cancel: CancelToken
) -> tuple[SavedSession, tuple[str, ...]]:
    """Return the session of a file, and what of it couldn't be read.

    Files of a person's own columns are found from the folder of the session's.

    Raises
    ------
    IDRError
        It can't be read, is no session, or that of a newer version.
    """
    cancel.check()
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or error
        raise IDRError(f"{path.name} can't be read: {reason}") from error
    try:
        return read_session(text)
    except IDRError as error:
        raise IDRError(f"{path.name} can't be opened: {error.message}") from error


def save_session(path: Path, session: SavedSession, *, cancel: CancelToken) -> Path:
    """Write a session into a file, in place of what is there, and return its path.

    A name without the ending gets it. What was there stays until all is written.

    Raises
    ------
    IDRError
        The file can't be written.
    """
    cancel.check()
    if not is_session_file(path):
        path = path.with_name(f"{path.name.removesuffix('.json')}{ENDING}")
    text = written(session)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        try:
            with part.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or error
        raise IDRError(f"{path.name} can't be written: {reason}") from error
    return path
