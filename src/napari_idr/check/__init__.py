"""A live server, held against what we believe of it: one request a belief."""

from __future__ import annotations

from napari_idr.check.beliefs import BELIEFS, Belief
from napari_idr.check.holding import Outcome, Verdict, all_well, hold
from napari_idr.check.report import as_markdown, as_table

__all__ = [
    "BELIEFS",
    "Belief",
    "Outcome",
    "Verdict",
    "all_well",
    "as_markdown",
    "as_table",
    "hold",
]
