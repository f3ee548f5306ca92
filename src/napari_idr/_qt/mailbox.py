"""News from threads to the GUI thread, whatever a person closes meanwhile."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


class Mailbox:
    """Takes letters from any thread; they are read on the GUI thread, in order.

    Made on the GUI thread. After `close` nothing is read any more.
    """

    def __init__(self, read: Callable[..., None]) -> None:
        self._read = read
        self._open = True
        self._post = _post()

    def send(self, *news: object) -> None:
        """Call `read` with the news, soon, on the GUI thread."""
        if self._open:
            self._post.sent.emit((self, news))

    def close(self, *_: object) -> None:
        """Read nothing any more; whoever was to read is about to be gone."""
        self._open = False

    def _open_letter(self, news: tuple[object, ...]) -> None:
        if self._open:
            self._read(*news)


class _Post(QObject):
    """Carries the letters of all mailboxes.

    It lives as long as the process: a signal that a thread emits while Qt deletes its
    object, for instance as a window is closed, crashes.
    """

    sent = Signal(object)  # Mailbox and news; emitted in threads, received here

    def __init__(self) -> None:
        super().__init__()
        self.sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def _deliver(self, letter: tuple[Mailbox, tuple[object, ...]]) -> None:
        box, news = letter
        box._open_letter(news)


@cache
def _post() -> _Post:
    return _Post()
