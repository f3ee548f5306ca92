"""Colours of the wells by what a column says of them, and their legend."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_idr.api import column_key
from napari_idr.model import WellColumn, value_text
from napari_idr.services.wells.order import natural_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_idr.model import WellsTable, WellValue

Rgba = tuple[float, float, float, float]
"""Red, green, blue and opacity, each from 0 to 1."""

MAX_CATEGORIES = 12
"""Colours that can be told apart with any colour vision; the rest is "other"."""


def _rgba(color: str, opacity: float = 1.0) -> Rgba:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, opacity


CATEGORY_COLORS = tuple(
    map(
        _rgba,
        (
            *("#0088ff", "#ff7711", "#33bb66", "#ffaaff", "#eeee00", "#8800ff"),
            *("#885533", "#007766", "#77ff99", "#555588", "#bbee66", "#9911bb"),
        ),
    )
)
"""Any two of them and "other" differ by 21 in CIELAB and more, as people see them with
all cones and without one kind; they were picked for that, light enough for a dark
canvas."""

NUMBER_COLORS = tuple(
    map(
        _rgba,
        (
            *("#440154", "#48186a", "#472d7b", "#424086", "#3b528b", "#33638d"),
            *("#2c728e", "#26818e", "#21908c", "#1f9f88", "#28ae80", "#3ebc74"),
            *("#5dc963", "#82d34c", "#abdc32", "#d5e21a", "#fde725"),
        ),
    )
)
"""Steps of viridis (S. van der Walt and N. Smith, CC0), whose lightness grows evenly;
between them colours are mixed."""

YES_COLOR, NO_COLOR = _rgba("#ff6e3a"), _rgba("#5a7d9a")
"""Differ in lightness and along the axis from orange to blue, which all people see."""

OTHER_COLOR = _rgba("#b0b0b0")
MISSING_COLOR = _rgba("#808080", 0.2)
"""Nearly nothing: it isn't a value."""

OTHER, MISSING, YES, NO = "other", "missing", "yes", "no"

ROBUST_PERCENT = 1.0
"""Of the wells at either end that may lie beyond the range: one in a plate of 96, and
one that failed doesn't make all others equal."""

LegendKind = Literal["categories", "range"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """A colour, what it means, and the wells that have it, by their place."""

    label: str
    color: Rgba
    places: tuple[int, ...] = field(repr=False, default=())

    @property
    def count(self) -> int:
        """How many wells have it."""
        return len(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What the colours of the wells mean.

    `entries` are categories, the most frequent first, then "other" and "missing" where
    there are such wells. A legend of kind "range" goes from `low` to `high` through
    `stops`; both are None where no well has a finite number. `below` and `above` are
    how many wells lie beyond.
    """

    title: str
    kind: LegendKind
    entries: tuple[LegendEntry, ...] = ()
    low: float | None = None
    high: float | None = None
    stops: tuple[Rgba, ...] = ()
    below: int = 0
    above: int = 0

    @property
    def text(self) -> str:
        """The legend in one line, for screen readers and the status bar."""
        parts = [f"{entry.label} ({entry.count})" for entry in self.entries]
        if self.low is not None and self.high is not None:
            parts.insert(0, f"{self.low:.6g} to {self.high:.6g}")
        return f"{self.title}: {', '.join(parts)}" if parts else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class ColoredWells:
    """A colour for each well, (n, 4) of float32 from 0 to 1, and what they mean."""

    colors: NDArray[np.float32]
    legend: Legend


def color_wells(column: WellColumn) -> ColoredWells:
    """Return a colour for each well by a column.

    Numbers are coloured along a range that leaves out stray wells, texts by category,
    flags as yes and no. A missing value has a colour that no value has.

    >>> column = WellColumn(name="Cells", kind="number", values=(0, 5, 10, None))
    >>> colored = color_wells(column)
    >>> colored.legend.text
    'Cells: 0 to 10, missing (1)'
    >>> colored.colors.shape
    (4, 4)
    """
    if column.kind == "number":
        return _by_number(column)
    if column.kind == "flag":
        return _by_flag(column)
    return _by_category(column)


def phenotype_column(table: WellsTable) -> WellColumn | None:
    """Return whether each well has a phenotype; None if the table doesn't tell.

    A well has one if a column of phenotypes names one, or says so ("Has Phenotype").
    Of a well of which the table says nothing at all it isn't known.
    """
    about = [(column_key(column.name), column) for column in table.columns]
    named = [column.values for key, column in about if key == "phenotype"]
    told = [column.values for key, column in about if key == "has phenotype"]
    if not named and not told:
        return None
    values = tuple(
        _has_phenotype(
            [of_column[place] for of_column in named],
            [of_column[place] for of_column in told],
            known=any(column.values[place] is not None for _, column in about),
        )
        for place in range(len(table))
    )
    return WellColumn(name="Phenotype", kind="flag", values=values)


def _has_phenotype(
    named: Sequence[WellValue], told: Sequence[WellValue], *, known: bool
) -> bool | None:
    if any(value is not None for value in named):
        return True
    for value in told:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return value.strip().lower() in ("yes", "true", "1")
    return False if known else None


def number_colors(part: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return colours (n, 4) of parts of a range, from 0 to 1."""
    stops = np.array(NUMBER_COLORS)
    at = np.linspace(0, 1, len(stops))
    mixed = [np.interp(part, at, stops[:, channel]) for channel in range(4)]
    return np.stack(mixed, axis=-1).astype(np.float32)


def robust_range(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the range of finite numbers without stray ones; None if there are none.

    >>> robust_range(np.array([1.0, np.nan, 3.0, np.inf]))
    (1.0, 3.0)
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    # of the values that there are: none between two of them
    low, high = np.percentile(
        finite, (ROBUST_PERCENT, 100 - ROBUST_PERCENT), method="nearest"
    )
    if low == high:  # most are equal: the stray ones are what can be seen
        low, high = finite.min(), finite.max()
    return float(low), float(high)


def _by_number(column: WellColumn) -> ColoredWells:
    values = np.array(column.to_feature(), np.float64)
    missing = np.isnan(values)
    span = robust_range(values)
    low, high = span or (0.0, 0.0)
    # halved, so that no difference of two numbers is infinite
    width = high / 2 - low / 2
    with np.errstate(invalid="ignore", over="ignore"):
        part = (values / 2 - low / 2) / width if width > 0 else np.sign(values - low)
    if width <= 0:
        part = part / 2 + 0.5  # one value lies in the middle
    part = np.where(missing, 0.0, np.nan_to_num(part, posinf=1.0, neginf=0.0))
    colors = number_colors(np.clip(part, 0.0, 1.0))
    colors[missing] = MISSING_COLOR
    entries = _entries([(MISSING, MISSING_COLOR, np.flatnonzero(missing).tolist())])
    legend = Legend(
        title=column.name,
        kind="range",
        entries=entries,
        low=None if span is None else low,
        high=None if span is None else high,
        stops=NUMBER_COLORS,
        below=int(np.sum(values < low)),
        above=int(np.sum(values > high)),
    )
    return ColoredWells(colors=colors, legend=legend)


def _by_flag(column: WellColumn) -> ColoredWells:
    texts = [_flag_text(value) for value in column.values]
    palette = {YES: YES_COLOR, NO: NO_COLOR}
    return _by_text(column, texts, palette)


def _flag_text(value: WellValue) -> str | None:
    return None if value is None else YES if value is True else NO


def _by_category(column: WellColumn) -> ColoredWells:
    texts = [value_text(value) or None for value in column.values]
    counts = Counter(text for text in texts if text is not None)
    ranked = sorted(counts, key=lambda text: (-counts[text], natural_key(text)))
    palette = dict(zip(ranked, CATEGORY_COLORS, strict=False))
    return _by_text(column, texts, palette)


def _by_text(
    column: WellColumn, texts: Sequence[str | None], palette: dict[str, Rgba]
) -> ColoredWells:
    """Colour texts by a palette; what isn't in it is "other", None is missing."""
    places: dict[str, list[int]] = {text: [] for text in palette}
    others: list[int] = []
    missing: list[int] = []
    colors = np.empty((len(texts), 4), np.float32)
    for place, text in enumerate(texts):
        if text is None:
            missing.append(place)
            colors[place] = MISSING_COLOR
        elif text in places:
            places[text].append(place)
            colors[place] = palette[text]
        else:
            others.append(place)
            colors[place] = OTHER_COLOR
    entries = _entries(
        [
            *((text, palette[text], found) for text, found in places.items()),
            (OTHER, OTHER_COLOR, others),
            (MISSING, MISSING_COLOR, missing),
        ]
    )
    legend = Legend(title=column.name, kind="categories", entries=entries)
    return ColoredWells(colors=colors, legend=legend)


def _entries(
    found: Iterable[tuple[str, Rgba, list[int]]],
) -> tuple[LegendEntry, ...]:
    return tuple(
        LegendEntry(label=label, color=color, places=tuple(places))
        for label, color, places in found
        if places
    )
