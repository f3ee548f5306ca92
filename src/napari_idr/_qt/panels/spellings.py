"""Line of links to the other spellings of a value that was searched."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import link, link_label
from napari_idr.services.search.catalog import Query
from napari_idr.services.search.hits import Spellings, spelling_label


class SpellingsLine(QWidget):
    """Other spellings of the value that was searched, each a link that searches it."""

    searchWanted = Signal(object)  # Query

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.links = link_label("idr_spellings", "Other spellings")
        self.links.setToolTip("Search for what is stored in this spelling")
        self.links.linkActivated.connect(self._on_link)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.links)
        self._wanted = True
        self.set_spellings(None, Spellings())

    def set_wanted(self, wanted: bool) -> None:
        """Say whether results of a search are shown, and not all studies."""
        self._wanted = wanted
        self._render()

    def set_spellings(self, query: Query | None, spellings: Spellings) -> None:
        """Offer the other spellings of what was searched, if there are any."""
        self._query, self._spellings = query, spellings
        self._render()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another theme of napari's."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._render()

    def _render(self) -> None:
        value = "" if self._query is None else self._query.value
        words, self._offered = self._spellings.worth_searching(value)
        links = (
            link(spelling_label(one), str(number), self.links)
            for number, one in enumerate(self._offered)
        )
        self.links.setText(f"{words} {', '.join(links)}" if self._offered else "")
        self.setVisible(self._wanted and bool(self._offered))

    def _on_link(self, number: str) -> None:
        if self._query is not None:
            value = self._offered[int(number)].value
            self.searchWanted.emit(replace(self._query, value=value))
