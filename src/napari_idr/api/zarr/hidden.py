"""Chunks that a store denies: which came, and which are shown as empty."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self.url = url
        self.has_come = False
        """Whether the store answered for a chunk."""
        self._lock = threading.Lock()
        self._hidden: dict[str, bool] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return HiddenChunks, (self.url,)

    def __contains__(self, name: str) -> bool:
        """Tell whether the store denied a chunk when it was asked for last."""
        with self._lock:
            return self._hidden.get(name, False)

    def note(self, names: Iterable[str], *, is_hidden: bool) -> None:
        """Note whether chunks are hidden."""
        with self._lock:
            self.has_come = self.has_come or not is_hidden
            for name in names:
                if name in self._hidden or len(self._hidden) < MAX_COUNTED:
                    self._hidden[name] = is_hidden

    def forget(self) -> frozenset[str]:
        """Forget what was denied, so that it is asked for again; return the names."""
        with self._lock:
            hidden = frozenset(name for name, is_so in self._hidden.items() if is_so)
            for name in hidden:
                del self._hidden[name]
        return hidden

    @property
    def notes(self) -> tuple[str, ...]:
        """How many of the chunks that were asked for are shown as empty, if any."""
        with self._lock:
            hidden, asked = sum(self._hidden.values()), len(self._hidden)
        if not hidden:
            return ()
        return (f"{hidden} of {asked} chunks are hidden: shown as empty.",)


class DeniedChunks:
    """Chunks that are denied during one read. Thread-safe.

    They are `hidden` from when the read is known to be good: one that fails, or is
    cancelled, tells nothing of them.
    """

    def __init__(self, hidden: HiddenChunks) -> None:
        self._hidden = hidden
        self._names: list[str] = []
        self._denial: StatusError | None = None

    def __contains__(self, name: str) -> bool:
        """Tell whether the chunk isn't to be asked for."""
        return name in self._hidden

    def came(self, name: str) -> None:
        """Note that the store answered for a chunk, if only that there is none."""
        self._hidden.note([name], is_hidden=False)

    def denied(self, name: str, error: StatusError) -> None:
        """Note that the store denied a chunk; raise the error if it doesn't count."""
        if not is_in_bucket(error.url or "", self._hidden.url):
            raise error
        self._denial = error
        self._names.append(name)

    @property
    def denial(self) -> StatusError | None:
        """The denial, where not one chunk of the image has come."""
        return None if self._hidden.has_come else self._denial

    def hide(self) -> None:
        """Note that what was denied is hidden."""
        if self._names:
            self._hidden.note(self._names, is_hidden=True)


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
