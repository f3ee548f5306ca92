"""Images for figures, invented."""

from __future__ import annotations

import numpy as np

from napari_idr.services.figure import FigureCell


def figure_cells(count: int) -> list[FigureCell]:
    """Return so many images side by side, each with captions."""
    ramp = np.linspace(0, 255, 96).astype(np.uint8)
    pixels = np.repeat(np.tile(ramp, (72, 1))[..., None], 3, axis=2)
    return [
        FigureCell(
            pixels=pixels,
            row=0,
            column=n,
            lines=("CDC20", f"C{n + 1}, field 1"),
            width_um=100.0,
        )
        for n in range(count)
    ]
