"""What we are held against: scripts that fetch, and know nothing else."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import requests
from PIL import Image as Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

AT_ONCE = 4
"""Requests in flight, as many as a client has that wasn't told otherwise."""


def fetch(address: str, waves: Iterable[Sequence[str]]) -> int:
    """Ask all questions of each wave, four at once, and decode nothing.

    A wave begins when the one before it has come. Returns the bytes that came.
    """
    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(
            size
            for wave in waves
            for size in pool.map(
                lambda target: len(session.get(address + target).content), wave
            )
        )


def thumbnails_one_by_one(
    address: str, image_ids: Iterable[int]
) -> list[NDArray[np.uint8]]:
    """Fetch one thumbnail after the other and decode it, as IDR's examples do."""
    with requests.Session() as session:
        return [
            _decoded(session.get(f"{address}/webgateway/render_thumbnail/{one}/"))
            for one in image_ids
        ]


def canvas_from_files(paths: Sequence[Path], columns: int) -> NDArray[np.uint8]:
    """Read pictures from files and lay them side by side, from left to right."""
    pictures = [np.asarray(Picture.open(path).convert("RGB")) for path in paths]
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    canvas = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, picture in enumerate(pictures):
        y, x = index // columns * height, index % columns * width
        canvas[y : y + height, x : x + width] = picture
    return canvas


def _decoded(answer: requests.Response) -> NDArray[np.uint8]:
    answer.raise_for_status()
    return np.asarray(Picture.open(io.BytesIO(answer.content)).convert("RGB"))
