"""What `import napari_idr` costs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.figures import alternately, at_most, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure, Setup

HEAVY = frozenset(
    (
        *("napari", "magicgui", "qtpy", "superqt", "PyQt5", "PyQt6"),
        *("PySide2", "PySide6", "requests", "urllib3", "zarr"),
        *("numpy", "pandas", "dask", "PIL"),
    )
)
"""What nobody has to wait for who only wants a name of ours."""

STARTS = 12
"""Starts of Python that are timed as one; a single one is over too soon."""

LIST_MODULES = "import napari_idr, sys; print(*sys.modules)"


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield how much is loaded, and how long that takes."""
    loaded = {name.partition(".")[0] for name in _run(LIST_MODULES).split()}
    yield counted(
        "heavy packages loaded by `import napari_idr`", len(loaded & HEAVY), at_most(0)
    )
    yield alternately(
        lambda: [_run("import napari_idr") for _ in range(STARTS)],
        lambda: [_run("import json") for _ in range(STARTS)],
        rounds=setup.rounds,
    ).figure("`import napari_idr` / `import json`, with Python's start", at_most(1.5))


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout
