"""Chunks that a store denies: which came, and which are shown as empty."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from napari_idr.errors import StatusError

MAX_COUNTED: Final = 100_000
"""Names of chunks that are remembered, some 10 MB; more than a person looks at."""


class HiddenChunks:
    """Chunks of one image that its store denies. Thread-safe.

    Stores of Amazon's kind deny what isn't there to those who may not list a bucket
    (GetObject without s3:ListBucket). A denied chunk therefore counts as one that was
    never written, if it is in the bucket that gave the metadata of its array: those
    show that its objects are public. It isn't asked for with each plane that it has a
    part of, but when `forget` has been called. It pickles empty.

    Parameters
    ----------
    url
        Where the metadata came from.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._hidden: dict[str, bool] = {}
        self._denial: StatusError | None = None
        self._has_come = False

    def __reduce__(self) -> tuple[Any, ...]:
        return HiddenChunks, (self._url,)

    def came(self, name: str) -> None:
        """Note that the store answered for a chunk, if only that there is none."""
        self._note(name, is_hidden=False)

    def denied(self, name: str, error: StatusError) -> None:
        """Note that the store denied a chunk; raise the error if it doesn't count."""
        if not is_in_bucket(error.url or "", self._url):
            raise error
        with self._lock:
            self._denial = error
        self._note(name, is_hidden=True)

    def __contains__(self, name: str) -> bool:
        """Tell whether the store denied a chunk when it was asked for last."""
        with self._lock:
            return self._hidden.get(name, False)

    def forget(self) -> frozenset[str]:
        """Forget what was denied, so that it is asked for again; return the names."""
        with self._lock:
            hidden = frozenset(name for name, is_so in self._hidden.items() if is_so)
            for name in hidden:
                del self._hidden[name]
            self._denial = None
        return hidden

    @property
    def denial(self) -> StatusError | None:
        """The denial, where not one chunk has come."""
        with self._lock:
            return None if self._has_come else self._denial

    @property
    def notes(self) -> tuple[str, ...]:
        """How many of the chunks that were asked for are shown as empty, if any."""
        with self._lock:
            hidden, asked = sum(self._hidden.values()), len(self._hidden)
        if not hidden:
            return ()
        return (f"{hidden} of {asked} chunks are hidden: shown as empty.",)

    def _note(self, name: str, *, is_hidden: bool) -> None:
        with self._lock:
            self._has_come = self._has_come or not is_hidden
            if name in self._hidden or len(self._hidden) < MAX_COUNTED:
                self._hidden[name] = is_hidden


def is_in_bucket(url: str, of: str) -> bool:
    """Tell whether an object is in the bucket in which another one is.

    A bucket is the first part of the path; a store at the root of a host has none.

    >>> is_in_bucket("https://host/one/a/0.0", of="https://host/one/b.zarr")
    True
    >>> is_in_bucket("https://host/two/a/0.0", of="https://host/one/b.zarr")
    False
    """
    parts, others = urlsplit(url), urlsplit(of)
    first, other = (one.path.strip("/").partition("/")[0] for one in (parts, others))
    same_origin = parts[:2] == others[:2]
    return same_origin and (first == other or not other)
