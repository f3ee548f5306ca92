"""Holding of a server against beliefs, one request after the other."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from napari_idr.api.capabilities import may_pass
from napari_idr.cancel import NEVER
from napari_idr.check.beliefs import BELIEFS, NOTHING, Belief, Facts
from napari_idr.errors import ConnectionFailedError, IDRError
from napari_idr.transport import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Response, Transport

SILENT: Final = 2
"""After so many requests in a row without an answer a server isn't asked any more."""

_FACT = re.compile(r"\{([a-z_]+)\}")


class Outcome(Enum):
    """What came of a belief."""

    HOLDS = "holds"
    DIFFERS = "differs"
    CANT = "can't be"
    """The server hasn't what it is about, which isn't wrong."""
    NOT_KNOWN = "not known"
    """No answer came, or that of a server in trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A belief, and what came of it.

    `request` is what was asked, or would have been. `status` and `media_type` are those
    of the answer, None and "" without one; `seconds` is how long it took. `message`
    says what isn't as believed, or why it couldn't be asked.
    """

    belief: Belief
    outcome: Outcome
    request: str
    status: int | None = None
    media_type: str = ""
    seconds: float | None = None
    message: str = ""
    learned: Facts = field(default_factory=dict)


def hold(
    transport: Transport,
    address: str,
    beliefs: Sequence[Belief] = BELIEFS,
    *,
    cancel: CancelToken = NEVER,
) -> Iterator[Verdict]:
    """Yield a verdict on each belief, in their order, as the answers come.

    Where the first belief doesn't hold, the others aren't asked for: it is another
    server.

    Parameters
    ----------
    transport
        Carries the requests; what it remembers would tell nothing of the server.
    address
        The server that it asks.
    beliefs
        What is believed.

    Raises
    ------
    ConnectionFailedError
        No answer came to the first question.
    Cancelled
        The token was cancelled.
    """
    facts: dict[str, str | int] = {}
    silent = 0
    for number, belief in enumerate(beliefs):
        if belief.only_at not in (None, urlsplit(address).hostname):
            continue
        missing = [name for name in _needs(belief) if name not in facts]
        if missing or silent >= SILENT:
            why = "the server is silent" if silent >= SILENT else _unknown(missing[0])
            yield Verdict(
                belief=belief,
                outcome=Outcome.NOT_KNOWN if silent >= SILENT else Outcome.CANT,
                request=_named(belief),
                message=why,
            )
            continue
        begun = time.perf_counter()
        try:
            response = transport.send(_request(belief, facts), cancel=cancel)
        except ConnectionFailedError as error:
            if number == 0:
                raise
            silent += 1
            yield Verdict(
                belief=belief,
                outcome=Outcome.NOT_KNOWN,
                request=_named(belief),
                seconds=time.perf_counter() - begun,
                message=error.message,
            )
            continue
        except IDRError as error:
            yield Verdict(
                belief=belief,
                outcome=Outcome.DIFFERS,
                request=_named(belief),
                seconds=time.perf_counter() - begun,
                message=error.message,
            )
            continue
        silent = 0
        verdict = _judged(belief, response, time.perf_counter() - begun)
        # An image of a plate doesn't displace a fact that one of a dataset told.
        facts = {**verdict.learned, **facts}
        yield verdict
        if number == 0 and verdict.outcome is not Outcome.HOLDS:
            return


def all_well(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether each belief holds, or is about what the server hasn't."""
    return all(one.outcome in (Outcome.HOLDS, Outcome.CANT) for one in verdicts)


def _judged(belief: Belief, response: Response, seconds: float) -> Verdict:
    outcome, message, learned = Outcome.HOLDS, "", NOTHING
    try:
        if belief.absent(response):
            outcome, message = Outcome.CANT, _what_came(response)
        else:
            learned = belief.holds(response)
            message = ", ".join(f"{name} {value}" for name, value in learned.items())
    except IDRError as error:
        passing = may_pass(response.status)
        outcome = Outcome.NOT_KNOWN if passing else Outcome.DIFFERS
        message = error.message
    return Verdict(
        belief=belief,
        outcome=outcome,
        request=_named(belief),
        status=response.status,
        media_type=response.content_type,
        seconds=seconds,
        message=message,
        learned=learned,
    )


def _what_came(response: Response) -> str:
    if place := response.headers.get("location"):
        return f"the server leads to {place}"
    if response.status == HTTPStatus.OK:
        return "the server says that it has none"
    return f"the server answers {response.status}"


def _request(belief: Belief, facts: Facts) -> Request:
    path = _filled(belief.path, facts)
    origin = None
    if path.startswith(("https://", "http://")):
        parts = urlsplit(path)
        origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")
    return Request(
        path=path,
        params=tuple(
            (name, _filled(value, facts) if isinstance(value, str) else value)
            for name, value in belief.params
        ),
        method="GET" if belief.body is None else "POST",
        json=None if belief.body is None else _filled(belief.body, facts, quoted=True),
        fresh=True,
        origin=origin,
    )


def _filled(text: str, facts: Facts, *, quoted: bool = False) -> str:
    """Return a text with the facts that it names; `quoted` is within JSON's quotes."""

    def fact(found: re.Match[str]) -> str:
        value = str(facts[found[1]])
        if not quoted:
            return value
        return value.replace("\\", r"\\").replace('"', r"\"")

    return _FACT.sub(fact, text)


def _needs(belief: Belief) -> list[str]:
    """Return the names of the facts that a request is made of, in order."""
    texts = [belief.path, belief.body or ""]
    texts += [value for _, value in belief.params if isinstance(value, str)]
    return [name for text in texts for name in _FACT.findall(text)]


def _named(belief: Belief) -> str:
    """Return a request as people write it, without the facts."""
    method = "GET" if belief.body is None else "POST"
    place = belief.path
    if not place.startswith(("http", "{")):
        place = f"/{place}"
    names = dict.fromkeys(name for name, _ in belief.params)
    asked = "&".join(f"{name}=" for name in names)
    return f"{method} {place}" + (f"?{asked}" if asked else "")


def _unknown(fact: str) -> str:
    return f"no {fact.replace('_', ' ')} is known"
