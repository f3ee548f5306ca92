"""Faults of the demo archive: frozen values that say how its answers go wrong.

A fault befalls the requests whose path and query it matches, whichever part of the
archive they ask: OMERO.web, the search engine or the objects of OME-Zarr. It is laid
with ``archive.faults.lay(Silent("/zarr/"))``; :class:`Faults` has methods for the
common ones.
"""

import gzip
import math
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from http.client import responses
from itertools import count, repeat
from typing import ClassVar, Literal
from urllib.parse import quote

from napari_idr.demo._exchange import Answer, Request, html_answer
from napari_idr.demo._wire import PIECE_BYTES, Body, Head, Pause, Reset, Steps, cut

FOREVER = -1
"""As ``times``: until cleared. As a count: without end."""

TRICKLES_A_SECOND = 20
"""A slow body comes in so many pieces a second."""

DRIP_S = 0.1
"""Seconds between two bytes; far below any time-out, so that none ends the answer."""

INTERIM_S = 0.02
"""Seconds between two interim answers: many, at little cost to the machine."""

ENDLESS_BYTES_PER_S = 50e6
"""How fast a body without end comes: any bound is reached soon, and a core is left."""

BLOCK_BYTES = 2**20
"""A gzip bomb repeats one compressed block of so many equal bytes."""

FILLER = b" "
"""The byte of endless bodies and bombs; JSON may begin with any number of it."""

OTHER_PROTOCOL = b"SSH-2.0-OpenSSH_9.2p1 Debian-2"
"""The greeting of a server that speaks no HTTP."""

Part = Literal["head", "body"]
"""Which part of an answer suffers: the status line with the headers, or the body."""


@dataclass(frozen=True)
class Fault:
    """A fault: what goes wrong, with which requests, and how often.

    Parameters
    ----------
    match
        A regular expression searched in path and query, the path decoded.
    times
        How many requests it befalls; until cleared if :data:`FOREVER`.
    """

    match: str = ""
    _: KW_ONLY
    times: int = FOREVER

    replaces_answer: ClassVar[bool] = False
    """Whether the true answer isn't made; one such fault at most befalls a request."""
    ends_connection: ClassVar[bool] = False
    """Whether no other request can follow on the connection."""

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the answer that is sent; ``given`` makes the one without the fault."""
        return given()

    def send(self, steps: Steps) -> Steps:
        """Yield the steps in which the answer is sent.

        The answer is made at the first step that is taken from ``steps``.
        """
        return steps


# Another answer


@dataclass(frozen=True)
class Instead(Fault):
    """Another answer than the true one."""

    _: KW_ONLY
    given: Answer

    replaces_answer = True

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the other answer."""
        return self.given


@dataclass(frozen=True)
class Busy(Fault):
    """A refusal that says when to come back.

    Parameters
    ----------
    retry_after
        Seconds, or the header's text, such as an HTTP date.
    """

    _: KW_ONLY
    retry_after: float | str = 1
    status: int = 429

    replaces_answer = True

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the refusal."""
        after = self.retry_after
        text = after if isinstance(after, str) else f"{after:g}"
        return _with_headers(
            html_answer(str(self.status), self.status), {"Retry-After": text}
        )


@dataclass(frozen=True)
class Redirected(Fault):
    """A redirect: to itself, to another path, or to another host.

    Parameters
    ----------
    host
        Scheme and host of the new address; those that were asked if empty.
    target
        Path and query of the new address, as in a URL; what was asked if None.
    """

    _: KW_ONLY
    host: str = ""
    target: str | None = None
    status: int = 302

    replaces_answer = True

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the redirect, with an empty body."""
        target = self.target
        if target is None:
            query = f"?{request.query}" if request.query else ""
            target = quote(request.path) + query
        return Answer(self.status, headers={"Location": self.host + target})


# Another coding or length of the true answer


@dataclass(frozen=True)
class Chunked(Fault):
    """The true answer in chunks, without a Content-Length; no fault, but rare."""

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the true answer in pieces."""
        true = given()
        return _with_body(true, [_whole(true)])


@dataclass(frozen=True)
class Gzipped(Fault):
    """An answer with ``Content-Encoding: gzip``, whatever the client accepts.

    Parameters
    ----------
    kind
        *right* is the true body compressed, *lying* the true body as it is, *bomb* a
        small body that grows by a factor of about 1000 when it is decompressed.
    expands_to
        Size of a bomb in bytes when decompressed, rounded up to whole MiB.
    """

    _: KW_ONLY
    kind: Literal["right", "lying", "bomb"] = "right"
    expands_to: int = 2**30

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the answer with the other coding."""
        true = given()
        body = _whole(true)
        if self.kind == "right":
            body = gzip.compress(body, mtime=0)
        elif self.kind == "bomb":
            body = _bomb(self.expands_to)
        return _with_headers(_with_body(true, body), {"Content-Encoding": "gzip"})


@dataclass(frozen=True)
class WrongLength(Fault):
    """A Content-Length that isn't the body's; the connection closes after the body.

    Parameters
    ----------
    beyond
        How many bytes more than the true length are claimed; fewer if negative.
    text
        The header's text, such as ``"-1"`` or ``"many"``, in place of a number.
    """

    _: KW_ONLY
    beyond: int = 0
    text: str | None = None

    ends_connection = True

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the true answer under another length."""
        true = given()
        body = _whole(true)
        text = str(len(body) + self.beyond) if self.text is None else self.text
        return _with_headers(_with_body(true, body), {"Content-Length": text})


@dataclass(frozen=True)
class Endless(Fault):
    """A body that never ends, under the true answer's status and type.

    Parameters
    ----------
    framing
        In chunks, or until the connection closes.
    """

    _: KW_ONLY
    framing: Literal["chunked", "close"] = "chunked"
    bytes_per_s: float = ENDLESS_BYTES_PER_S

    ends_connection = True

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the true answer with another body."""
        endless = _with_body(given(), repeat(FILLER * PIECE_BYTES))
        if self.framing == "chunked":
            return endless
        return _with_headers(endless, {"Connection": "close"})

    def send(self, steps: Steps) -> Steps:
        """Yield the steps with pauses that keep the pace."""
        for step in steps:
            yield step
            if isinstance(step, Body):
                yield Pause(len(step.data) / self.bytes_per_s)


# Another way to send it


@dataclass(frozen=True)
class Late(Fault):
    """An answer that begins late."""

    _: KW_ONLY
    delay_s: float

    def send(self, steps: Steps) -> Steps:
        """Yield a pause, then the answer."""
        yield Pause(self.delay_s)
        yield from steps


@dataclass(frozen=True)
class Slow(Fault):
    """A body that trickles at a speed."""

    _: KW_ONLY
    bytes_per_s: float

    def send(self, steps: Steps) -> Steps:
        """Yield the body in small pieces with pauses."""
        size = max(1, int(self.bytes_per_s / TRICKLES_A_SECOND))
        for step in steps:
            if not isinstance(step, Body):
                yield step
                continue
            for piece in cut(step.data, size):
                yield Body(piece)
                yield Pause(len(piece) / self.bytes_per_s)


@dataclass(frozen=True)
class Dripping(Fault):
    """Headers, or a body, that come one byte now and then."""

    _: KW_ONLY
    part: Part = "body"
    every_s: float = DRIP_S

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield one part byte by byte with pauses."""
        for step in steps:
            if isinstance(step, Head) and self.part == "head":
                for byte in cut(step.data, 1):
                    yield Head(byte, step.body_bytes)
                    yield Pause(self.every_s)
            elif isinstance(step, Body) and self.part == "body":
                for byte in cut(step.data, 1):
                    yield Body(byte)
                    yield Pause(self.every_s)
            else:
                yield step


@dataclass(frozen=True)
class Silent(Fault):
    """A server that reads the request and never answers, or stops in mid-body."""

    _: KW_ONLY
    part: Part = "head"

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield nothing, or half of the answer's body; then a pause without end."""
        if self.part == "body":
            yield from _until(steps, 0.5)
        yield Pause(math.inf)


@dataclass(frozen=True)
class Dropped(Fault):
    """A connection that is closed without an answer."""

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True)
class Truncated(Fault):
    """A body that ends before the announced length; ``share`` of it is sent."""

    _: KW_ONLY
    share: float = 0.5

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield the answer up to that share of its body."""
        return _until(steps, self.share)


@dataclass(frozen=True)
class ConnectionReset(Fault):
    """A connection that is reset in mid-body, after ``share`` of it was sent."""

    _: KW_ONLY
    share: float = 0.5

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield the answer up to that share of its body, then a reset."""
        yield from _until(steps, self.share)
        yield Reset()


@dataclass(frozen=True)
class BadStatusLine(Fault):
    """A first line that is no HTTP status line, and nothing after it."""

    _: KW_ONLY
    line: bytes = OTHER_PROTOCOL

    ends_connection = True

    def send(self, steps: Steps) -> Steps:
        """Yield the line."""
        yield Head(self.line + b"\r\n")


@dataclass(frozen=True)
class Interim(Fault):
    """Interim answers (RFC 9110, 15.2) before the true one, or in place of it.

    Parameters
    ----------
    status
        100 (Continue) or 103 (Early Hints).
    times_sent
        How many of them; without end, and without a true one, if :data:`FOREVER`.
    """

    _: KW_ONLY
    status: int = 103
    times_sent: int = FOREVER
    every_s: float = INTERIM_S

    def send(self, steps: Steps) -> Steps:
        """Yield the interim answers with pauses, then the answer."""
        line = f"HTTP/1.1 {self.status} {responses.get(self.status, '')}"
        for _ in count() if self.times_sent == FOREVER else range(self.times_sent):
            yield Head(f"{line}\r\n\r\n".encode())
            yield Pause(self.every_s)
        yield from steps


@dataclass
class _Laid:
    """A fault that is laid, and how many requests it still befalls."""

    fault: Fault
    left: int


@dataclass
class Faults:
    """The faults that are laid in an archive; those that befall a request combine."""

    _laid: list[_Laid] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lay(self, *faults: Fault) -> None:
        """Add faults.

        Raises
        ------
        re.error
            When a ``match`` is no regular expression.
        """
        for fault in faults:
            re.compile(fault.match)
        with self._lock:
            self._laid += [_Laid(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        """Remove all faults; answers that are being sent stay as they are."""
        with self._lock:
            self._laid.clear()

    def take(self, target: str) -> tuple[Fault, ...]:
        """Return the faults that befall a request, and count them down.

        Of several that replace the answer only the first is taken; the others wait
        for the next request.
        """
        taken: list[Fault] = []
        with self._lock:
            for laid in list(self._laid):
                fault = laid.fault
                if not re.search(fault.match, target):
                    continue
                if fault.replaces_answer and any(f.replaces_answer for f in taken):
                    continue
                taken.append(fault)
                if laid.left > 0:
                    laid.left -= 1
                    if laid.left == 0:
                        self._laid.remove(laid)
        return tuple(taken)

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
        given = Answer(status, content_type, text, dict(headers or {}))
        self.lay(Instead(match, times=times, given=given))

    def retry_after(
        self, seconds: float, *, status: int = 429, times: int = 1, match: str = ""
    ) -> None:
        """Say that there are too many requests, and when to come back."""
        self.lay(Busy(match, times=times, retry_after=seconds, status=status))

    def wrong_type(self, match: str = "", *, times: int = FOREVER) -> None:
        """Answer with status 200 and a page of HTML."""
        page = html_answer("We are having a break", 200)
        self.lay(Instead(match, times=times, given=page))

    def delay(self, match: str, ms: float, *, times: int = FOREVER) -> None:
        """Answer late."""
        self.lay(Late(match, times=times, delay_s=ms / 1000))

    def truncate(
        self, match: str = "", *, share: float = 0.5, times: int = FOREVER
    ) -> None:
        """Send a part of the body that was announced, then close."""
        self.lay(Truncated(match, times=times, share=share))

    def drop(self, match: str = "", *, times: int = FOREVER) -> None:
        """Close the connection without an answer."""
        self.lay(Dropped(match, times=times))

    def slow(self, match: str, bytes_per_s: float, *, times: int = FOREVER) -> None:
        """Send the body at a speed."""
        self.lay(Slow(match, times=times, bytes_per_s=bytes_per_s))


def _until(steps: Steps, share: float) -> Steps:
    """Yield an answer's steps up to a share of its body."""
    left = 0
    for step in steps:
        if isinstance(step, Head):
            left = int(step.body_bytes * share)
        elif isinstance(step, Body):
            if len(step.data) >= left:
                yield Body(step.data[:left])
                return
            left -= len(step.data)
        yield step


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _with_body(answer: Answer, body: bytes | Iterable[bytes]) -> Answer:
    """Return an answer with another body, whose length its headers don't say."""
    headers = {k: v for k, v in answer.headers.items() if k != "Content-Length"}
    return Answer(answer.status, answer.content_type, body, headers)


def _with_headers(answer: Answer, more: Mapping[str, str]) -> Answer:
    headers = {**answer.headers, **more}
    return Answer(answer.status, answer.content_type, answer.body, headers)


@cache
def _bomb(size: int) -> bytes:
    """Return gzip that decompresses to so many bytes or a little more.

    After a full flush the compressor starts anew (zlib's manual, Z_FULL_FLUSH), so
    the same block gives the same bytes and is compressed only once.
    """
    block = FILLER * BLOCK_BYTES
    blocks = max(1, -(-size // BLOCK_BYTES))
    deflate = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(blocks):
        checksum = zlib.crc32(block, checksum)
    expanded = blocks * BLOCK_BYTES % 2**32
    end = checksum.to_bytes(4, "little") + expanded.to_bytes(4, "little")
    # Header and trailer as in RFC 1952, 2.3; no name, no time.
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return header + packed * blocks + deflate.flush() + end
