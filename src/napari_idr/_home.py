"""Public address of the project: the one place that holds it."""

from __future__ import annotations

from typing import Final

HOME: Final = ""
"""Address of the repository, without a slash at its end; "" as long as there is none.

The header User-Agent, the links of the package's metadata and those of the README that
is built into it come from here (`hatch_build.py`).
"""
