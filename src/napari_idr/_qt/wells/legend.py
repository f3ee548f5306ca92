"""The legend of the colours of wells, and the profiles of a plate."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPalette, QPen, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import (
    begin_at_current,
    name_widget,
    plain_label,
    present,
    tooltip,
)
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, on_search_key
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

    from napari_idr.services.wells.colors import Legend, Rgba
    from napari_idr.services.wells.quality import Profile

SWATCH_PX = 14
BAR_PX = 14
PROFILE_PX = 44
MARGIN_PX = 4
LEAST_LINES = 2
DOT_PX = 2.5

LEFT_OUT = "Controls, failed wells and wells without a number are left out."

PLACES = Qt.ItemDataRole.UserRole + 1
LABEL = Qt.ItemDataRole.UserRole + 2


class LegendPanel(QWidget):
    """What the colours mean; a click on an entry selects the wells that have it."""

    wellsWanted = Signal(object)  # the places of wells
    searchWanted = Signal(object, str)  # the places of wells, what they have
    menuWanted = Signal(object, str, object)  # wells, what they have, where (QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = plain_label("idr_legend_title")
        self.bar = ColorBar()
        self.list = LowList()
        name_widget(
            self.list,
            "idr_legend",
            "Legend",
            "What the colours mean, and how many wells have each; "
            "a click or Enter selects these wells, "
            f"{SEARCH_KEY} searches for the value",
        )
        self.list.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        self.list.itemClicked.connect(self._on_chosen)
        self.list.itemActivated.connect(self._on_chosen)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._on_menu)
        begin_at_current(self.list)
        on_search_key(self.list, self._on_search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for widget in (self.title, self.bar):
            layout.addWidget(widget)
        layout.addWidget(self.list, 1)
        self.set_legend(None)

    def set_legend(self, legend: Legend | None) -> None:
        """Show what the colours mean; None where there are none."""
        self.list.clear()
        is_range = legend is not None and legend.low is not None
        self.bar.setVisible(is_range)
        self.title.setText("No colours" if legend is None else plain_text(legend.title))
        self.list.setEnabled(legend is not None)
        text = "" if legend is None else plain_text(legend.text)
        self.list.setAccessibleDescription(text)
        if legend is None:
            return
        if legend.low is not None and legend.high is not None:
            self.bar.set_stops(legend.stops)
            beyond = [
                f"{count} {word}"
                for count, word in ((legend.below, "below"), (legend.above, "above"))
                if count
            ]
            rest = f" ({', '.join(beyond)})" if beyond else ""
            # One reads it with the other entries; it selects nothing.
            label = f"{legend.low:.6g} to {legend.high:.6g}{rest}"
            item = QListWidgetItem(label)
            item.setData(PLACES, ())
            self.list.addItem(item)
            self.bar.setAccessibleDescription(text)
        for entry in legend.entries:
            label = f"{' '.join(plain_text(entry.label).split())} ({entry.count})"
            item = QListWidgetItem(_swatch(entry.color), label)
            item.setData(PLACES, entry.places)
            item.setData(LABEL, entry.label)
            item.setToolTip(tooltip(entry.label))
            self.list.addItem(item)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        if places := item.data(PLACES):
            self.wellsWanted.emit(tuple(places))

    def _on_search(self) -> None:
        item = self.list.currentItem()
        if item is not None and (places := item.data(PLACES)):
            self.searchWanted.emit(tuple(places), item.data(LABEL))

    def _on_menu(self, where: QPoint) -> None:
        """Ask for the menu of an entry: the one under the pointer, or the current."""
        item = self.list.itemAt(where) or self.list.currentItem()
        if item is not None and (places := item.data(PLACES)):
            at = present(self.list.viewport()).mapToGlobal(where)
            self.menuWanted.emit(tuple(places), item.data(LABEL), at)


class LowList(QListWidget):
    """A list that can be as low as two lines: what is around it needn't scroll."""

    def minimumSizeHint(self) -> QSize:
        """Return the room for two lines."""
        height = LEAST_LINES * self.fontMetrics().lineSpacing() + 2 * self.frameWidth()
        return QSize(super().minimumSizeHint().width(), height)


class ColorBar(QWidget):
    """A bar of the colours from the least number to the greatest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "idr_color_bar", "Colour bar", "From the least to the most")
        self.setFixedHeight(BAR_PX)
        self._stops: tuple[Rgba, ...] = ()

    def set_stops(self, stops: tuple[Rgba, ...]) -> None:
        """Show these colours, evenly spaced."""
        self._stops = stops
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the colours from left to right."""
        gradient = QLinearGradient(0, 0, self.width(), 0)
        last = max(len(self._stops) - 1, 1)
        for place, stop in enumerate(self._stops):
            gradient.setColorAt(place / last, QColor.fromRgbF(*stop))
        painter = QPainter(self)
        painter.fillRect(self.rect(), gradient)
        painter.end()


class ProfilesPanel(QWidget):
    """The median of each row and of each column of a plate, to see its edges."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_profiles")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._parts = []
        for line in ("row", "column"):
            label = plain_label(f"idr_{line}_profile_label")
            plot = ProfilePlot()
            plot.setObjectName(f"idr_{line}_profile")
            layout.addWidget(label)
            layout.addWidget(plot)
            self._parts.append((label, plot))
        self.set_profiles(())

    def set_profiles(
        self, profiles: Sequence[Profile], *, names: Sequence[Sequence[str]] = ()
    ) -> None:
        """Show the profiles over rows and columns, whose lines have names."""
        self.setVisible(bool(profiles))
        for place, profile in enumerate(profiles):
            label, plot = self._parts[place]
            label.setText(plain_text(profile.label))
            label.setToolTip(LEFT_OUT)
            plot.set_profile(profile, names[place] if place < len(names) else ())


class ProfilePlot(QWidget):
    """Dots, one for each row or column of a plate, joined where neighbours have one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(PROFILE_PX)
        self._profile: Profile | None = None

    def set_profile(self, profile: Profile, names: Sequence[str]) -> None:
        """Show a profile; `names` are those of its rows or columns."""
        self._profile = profile
        told = [
            f"{name}: {median:.4g}"
            for name, median in zip(names, profile.medians, strict=False)
            if math.isfinite(median)
        ]
        self.setAccessibleName(plain_text(profile.label))
        self.setAccessibleDescription(", ".join(told))
        self.setToolTip(tooltip(profile.label, ", ".join(told)))
        self.update()

    @property
    def _range(self) -> tuple[float, float] | None:
        medians = () if self._profile is None else self._profile.medians
        known = [one for one in medians if math.isfinite(one)]
        return (min(known), max(known)) if known else None

    @property
    def _left(self) -> float:
        """Where the dots begin: right of the numbers of the scale."""
        advance = self.fontMetrics().horizontalAdvance
        return 2 * MARGIN_PX + max(map(advance, self._scale), default=0)

    @property
    def _scale(self) -> tuple[str, ...]:
        """The greatest and the least median, in words."""
        found = self._range
        return () if found is None else (f"{found[1]:.4g}", f"{found[0]:.4g}")

    def points(self) -> list[QPointF | None]:
        """Return where the dots are drawn, None where no well counts."""
        medians = () if self._profile is None else self._profile.medians
        if self._range is None:
            return [None] * len(medians)
        low, high = self._range
        span = (high - low) or 1.0
        left = self._left
        step = (self.width() - left - 2 * MARGIN_PX) / max(len(medians) - 1, 1)
        room = self.height() - 2 * MARGIN_PX
        return [
            QPointF(
                left + MARGIN_PX + place * step,
                MARGIN_PX + room * (1 - (one - low) / span if high > low else 0.5),
            )
            if math.isfinite(one)
            else None
            for place, one in enumerate(medians)
        ]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw dots and lines in the colour of texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self.palette().color(QPalette.ColorRole.WindowText)
        faint = QColor(color)
        faint.setAlphaF(0.2)
        painter.setPen(QPen(faint, 1))
        frame = QRectF(self.rect()).adjusted(self._left + 0.5, 0.5, -0.5, -0.5)
        painter.drawRect(frame)
        points = self.points()
        painter.setPen(QPen(color, 1))
        sides = (Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom)
        for text, side in zip(self._scale, sides, strict=False):
            painter.drawText(self.rect(), side | Qt.AlignmentFlag.AlignLeft, text)
        for one, other in pairwise(points):
            if one is not None and other is not None:
                painter.drawLine(one, other)
        painter.setBrush(color)
        for one in points:
            if one is not None:
                painter.drawEllipse(one, DOT_PX, DOT_PX)
        painter.end()


def _swatch(color: Rgba) -> QIcon:
    swatch = QPixmap(SWATCH_PX, SWATCH_PX)
    swatch.fill(QColor(0, 0, 0, 0))
    painter = QPainter(swatch)
    painter.setBrush(QColor.fromRgbF(*color))
    painter.setPen(QColor(128, 128, 128))
    painter.drawRect(0, 0, SWATCH_PX - 1, SWATCH_PX - 1)
    painter.end()
    return QIcon(swatch)
