"""Curves of a run as a picture: an SVG file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WIDTH_IN, PANEL_IN = 7.6, 2.2
"""The size of a panel in inches, its title and its numbers among it."""

COLORS: Final = ("#0072b2", "#d55e00", "#777777", "#009e73")
"""They differ for all kinds of colour vision (Okabe and Ito, 2008)."""

FEW: Final = 20
"""Points of a curve that are marked each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points (x, y) with a name."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Curves over one pair of axes, both of which begin at 0."""

    title: str
    x_label: str
    curves: Sequence[Curve]


def draw_curves(panels: Sequence[Panel], path: Path) -> None:
    """Write panels, one below the other, as an SVG file whose text is text."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.name}):
        figure = Figure(
            figsize=(WIDTH_IN, len(panels) * PANEL_IN), layout="constrained"
        )
        every = figure.subplots(len(panels), squeeze=False)[:, 0]
        for axes, panel in zip(every, panels, strict=True):
            for color, curve in zip(COLORS, panel.curves, strict=False):
                marker = "." if len(curve.points) <= FEW else ""
                x, y = zip(*curve.points, strict=True)
                axes.plot(x, y, color=color, marker=marker, label=curve.name)
            axes.set_title(panel.title, loc="left", fontsize="medium")
            axes.set_xlabel(panel.x_label)
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False, fontsize="small")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
