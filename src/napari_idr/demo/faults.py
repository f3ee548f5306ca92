"""Faults on demand: late, broken, cut short, busy, of the wrong type."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_idr.demo._exchange import Answer, html_answer

FOREVER = -1
"""As ``times``: until cleared."""


@dataclass(kw_only=True)
class Fault:
    """What goes wrong, where, and how often still."""

    match: str
    times: int
    answer: Answer | None = None
    """Given instead of the true one."""
    delay_s: float = 0.0
    keep_share: float = 1.0
    """How much of the body is sent before the connection closes."""
    drop: bool = False
    bytes_per_s: float = 0.0
    """How fast the body trickles; 0 is as fast as it can."""


@dataclass
class Faults:
    """The faults that are laid; each method adds one, all of them combine.

    ``match`` is a regular expression searched in path and query;
    ``times`` how many requests it befalls, all of them by default.
    """

    _laid: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer_next(
        self,
        status: int,
        *,
        times: int = 1,
        match: str = "",
        body: str = "",
        content_type: str = "text/html; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next requests with a status and, if given, a body."""
        text = body.encode() or html_answer(f"{status}", status).body
        answer = Answer(status, content_type, text, dict(headers or {}))
        self._lay(Fault(match=match, times=times, answer=answer))

    def retry_after(
        self, seconds: float, *, status: int = 429, times: int = 1, match: str = ""
    ) -> None:
        """Say that there are too many requests, and when to come back."""
        after = {"Retry-After": f"{seconds:g}"}
        self.answer_next(status, times=times, match=match, headers=after)

    def wrong_type(self, match: str = "", *, times: int = FOREVER) -> None:
        """Answer with status 200 and a page of HTML."""
        page = html_answer("We are having a break", 200)
        self._lay(Fault(match=match, times=times, answer=page))

    def delay(self, match: str, ms: float, *, times: int = FOREVER) -> None:
        """Answer late."""
        self._lay(Fault(match=match, times=times, delay_s=ms / 1000))

    def truncate(
        self, match: str = "", *, share: float = 0.5, times: int = FOREVER
    ) -> None:
        """Send a part of the body that was announced, then close."""
        self._lay(Fault(match=match, times=times, keep_share=share))

    def drop(self, match: str = "", *, times: int = FOREVER) -> None:
        """Close the connection without an answer."""
        self._lay(Fault(match=match, times=times, drop=True))

    def slow(self, match: str, bytes_per_s: float, *, times: int = FOREVER) -> None:
        """Let the body trickle."""
        self._lay(Fault(match=match, times=times, bytes_per_s=bytes_per_s))

    def clear(self) -> None:
        """Let everything be well again."""
        with self._lock:
            self._laid.clear()

    def _lay(self, fault: Fault) -> None:
        re.compile(fault.match)
        with self._lock:
            self._laid.append(fault)

    def take(self, target: str) -> tuple[Fault, ...]:
        """Return the faults that befall a request, and count them down.

        Of several answers only the first is used; the others wait their turn.
        """
        taken: list[Fault] = []
        with self._lock:
            for fault in list(self._laid):
                if not re.search(fault.match, target):
                    continue
                if fault.answer and any(other.answer for other in taken):
                    continue
                taken.append(fault)
                if fault.times > 0:
                    fault.times -= 1
                    if fault.times == 0:
                        self._laid.remove(fault)
        return tuple(taken)
