"""Which answers are worth another try, and after what pause."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NUMBER = 9
"""Digits of a pause in seconds: thirty years; more is no pause but a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a server is asked again that is busy or broke off.

    Attributes
    ----------
    retries
        Further tries after the first. With the pauses, about two seconds: then a
        dead server is told.
    pause_s
        Pause before the first of them, in seconds; it doubles with each.
    jitter
        By up to this share a pause is longer, so that many callers don't come back
        at once.
    longest_s
        A server that wants us away for longer is told to the person instead.
    statuses
        Answers that come from the moment, not from the question.
    object_statuses
        The same of an object store. A 500 of OMERO comes from the question; one of
        S3 is to be asked again (Amazon S3, "Error responses").
    """

    retries: int = 2
    pause_s: float = 0.5
    jitter: float = 0.5
    longest_s: float = 10.0
    statuses: frozenset[int] = frozenset({429, 502, 503, 504})
    object_statuses: frozenset[int] = frozenset({429, 500, 502, 503, 504})

    def pause(self, tried: int, wish_s: float | None = None) -> float | None:
        """Return the pause after so many tries, in seconds; None for no other try.

        `wish_s` is the server's own wish, if it has one.
        """
        if tried > self.retries:
            return None
        if wish_s is not None:
            return wish_s if wish_s <= self.longest_s else None
        spread = 1 + self.jitter * random.random()
        return min(self.pause_s * 2.0 ** (tried - 1) * spread, self.longest_s)


def retry_after_s(
    headers: Mapping[str, str], now: datetime | None = None
) -> float | None:
    """Return for how long a server wants to be left alone, None if it isn't told.

    It is told in seconds or as a date (RFC 9110, 10.2.3); odd values tell nothing.

    >>> retry_after_s({"retry-after": "3"}), retry_after_s({"retry-after": "-1"})
    (3.0, None)
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> retry_after_s({"retry-after": "Thu, 01 Jan 2026 12:00:05 GMT"}, noon)
    5.0
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text) if len(text) <= LONGEST_NUMBER else None
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        left = (date - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return None
    return max(0.0, left)
