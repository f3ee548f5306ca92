"""Verdicts in writing: a table for a terminal, and a report to paste."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from napari_idr._version import __version__
from napari_idr.check.holding import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.check.holding import Verdict

LONGEST: Final = 120
"""Characters of what a server said; the rest of it is for its own log."""


def as_table(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each belief: outcome, status, time, name, and what was odd."""
    wide = max((len(one.belief.name) for one in verdicts), default=0)
    lines = []
    for one in verdicts:
        status = "" if one.status is None else str(one.status)
        said = "" if one.outcome is Outcome.HOLDS else _line(one.message)
        lines.append(
            f"{one.outcome.value:9} {status:>3} {_time(one):>8}  "
            f"{one.belief.name:{wide}}  {said}".rstrip()
        )
        if one.outcome is Outcome.DIFFERS:
            lines.append(f"{'':24}so {one.belief.otherwise}")
    return "\n".join([*lines, "", summary(verdicts), ""])


def as_markdown(verdicts: Sequence[Verdict], address: str) -> str:
    """Return a report of what was asked, what came, and what it means."""
    lines = [
        f"Checked by napari-idr {__version__}: `{address}`",
        "",
        summary(verdicts),
        "",
        "| belief | request | outcome | status | type | time |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in verdicts:
        outcome = one.outcome.value
        if one.outcome is not Outcome.HOLDS:
            outcome = f"**{outcome}**: {_cell(one.message)}"
        lines.append(
            f"| {one.belief.name} | `{one.request}` | {outcome} "
            f"| {one.status or ''} | {_cell(one.media_type)} | {_time(one)} |"
        )
    differing = [one for one in verdicts if one.outcome is Outcome.DIFFERS]
    if differing:
        lines += ["", "What it means:", ""]
        lines += [f"- {one.belief.name}: {one.belief.otherwise}." for one in differing]
    return "\n".join([*lines, ""])


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return how many beliefs came out how, in a sentence."""
    counts = Counter(one.outcome for one in verdicts)
    said = [f"{counts[kind]} {words}" for kind, words in COUNTED if counts[kind]]
    return f"{len(verdicts)} beliefs: {', '.join(said)}."


COUNTED: Final = (
    (Outcome.HOLDS, "hold"),
    (Outcome.DIFFERS, "differ"),
    (Outcome.CANT, "can't be, as the server hasn't what they are about"),
    (Outcome.NOT_KNOWN, "not known"),
)


def _time(verdict: Verdict) -> str:
    return "" if verdict.seconds is None else f"{1000 * verdict.seconds:.0f} ms"


def _line(text: str) -> str:
    """Return what a server said in one line that does nothing to a terminal."""
    printed = "".join(sign if sign.isprintable() else " " for sign in text)
    words = " ".join(printed.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _cell(text: str) -> str:
    return _line(text).replace("\\", r"\\").replace("|", r"\|").replace("<", "&lt;")
