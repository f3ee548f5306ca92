"""How many broken inputs a test tries: few as a rule, thousands when asked for."""

from __future__ import annotations

import os


def mutants(few: int) -> int:
    """Return how many examples to try; `IDR_MUTANTS` is how many times the few."""
    return few * int(os.environ.get("IDR_MUTANTS", "1"))
