"""Search form: a key, and a value with suggestions."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.conditions import ConditionsEditor
from napari_idr._qt.panels.forms import (
    ARROW_PX,
    Folding,
    keep_as_wide_as,
    let_shrink,
    name_widget,
    widen_list,
)
from napari_idr._qt.panels.suggestions import SuggestionList
from napari_idr.model import SearchKey
from napari_idr.services.links.reading import is_link
from napari_idr.services.search.catalog import Query, searched_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model import Suggestion

TYPING_PAUSE_MS = 250
"""How long after the last key a suggestion is asked for: most people type faster."""

MIN_LETTERS = 2
"""Letters before suggestions are asked for; one letter matches tens of thousands."""

LONG_KEY = "Phenotype"
"""What the control for the key has room for; the value needs the rest."""

KEY_ROOM_PX = ARROW_PX + 12
"""Beside it, with the room that napari's look leaves on both sides of a text."""

LONG_VALUE = "CDC20 …"
"""The least that the line for the value has room for."""

LEAST_KEY_PX = 70
"""Of the key, where letters are large and the panel is narrow; its list is wider."""

ARROW_BUTTON_PX = 18
"""Width of the buttons that lead back and forward: the value needs the room."""

FIXED = QSizePolicy.Policy.Fixed


class SearchPanel(QWidget):
    """A key, a value with suggestions, and a button."""

    searchWanted = Signal(object)  # Query
    linkWanted = Signal(str)  # a link or an id was typed in place of a value
    refused = Signal(str)  # why what is written can't be searched
    backWanted = Signal()
    forwardWanted = Signal()
    facetsWanted = Signal()
    genesWanted = Signal()
    suggestionsWanted = Signal(object)  # Query
    suggestionsLeft = Signal()  # those that are on their way are of no use

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = _arrow("idr_back", "Back", Qt.ArrowType.LeftArrow, "Alt+Left")
        self.forward = _arrow(
            "idr_forward", "Forward", Qt.ArrowType.RightArrow, "Alt+Right"
        )
        self.key = ComboBox(choices=[], name="idr_key")
        self.value = LineEdit(name="idr_value")
        self.button = PushButton(text="Search", name="idr_search")
        self.form = Container(
            widgets=[self.key, self.value, self.button],
            layout="horizontal",
            labels=False,
        )
        self.form.margins = (0, 2, 0, 2)
        line = self.form.native.layout()
        assert isinstance(line, QBoxLayout)
        for place, button in enumerate((self.back, self.forward)):
            line.insertWidget(place, button)
        self.conditions = ConditionsEditor()
        self.facets = _flat(
            "Facets",
            "idr_show_facets",
            "Count what was found by gene, phenotype, organism … (in a tab below)",
        )
        self.genes = _flat(
            "Genes",
            "idr_show_genes",
            "Count the images of a list of genes in each study (in a tab below)",
        )
        self.conditions.line.add_group(self.facets, self.genes)
        name_widget(self.key, "idr_key", "Search by", "What to search by")
        name_widget(
            self.value,
            "idr_value",
            "Value",
            "The exact name, for instance CDC20; suggestions come as you type",
        )
        name_widget(
            self.button,
            "idr_search",
            "Search",
            "Find every study that carries this value (Enter)",
        )
        self.key.native.setSizePolicy(QSizePolicy.Policy.Preferred, FIXED)
        self.button.native.setSizePolicy(FIXED, FIXED)
        keep_as_wide_as(self.key, LONG_KEY, KEY_ROOM_PX, least_px=LEAST_KEY_PX)
        let_shrink(self.value)
        self.value.native.setPlaceholderText("e.g. CDC20")
        self.value.native.setClearButtonEnabled(True)

        self.suggestions = SuggestionList(self.value.native)

        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._want_suggestions)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.form.native)
        layout.addWidget(self.conditions)
        Folding(self, self.form.native, self.value.native, LONG_VALUE)
        self.value.native.returnPressed.connect(self._want_search)
        self.value.native.textEdited.connect(self._on_typed)
        self.button.native.clicked.connect(self._want_search)
        self.suggestions.clickedOn.connect(self._want_search)
        self.suggestions.wanted.connect(self._want_suggestions)
        self.key.native.currentIndexChanged.connect(self.hide_suggestions)
        self.back.clicked.connect(self.backWanted)
        self.forward.clicked.connect(self.forwardWanted)
        self.facets.clicked.connect(self.facetsWanted)
        self.genes.clicked.connect(self.genesWanted)
        self.conditions.searchWanted.connect(self._want_search)
        order = (
            *(self.back, self.forward, self.key.native, self.value.native),
            *(self.button.native, self.conditions.fold),
        )
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self.set_trail(back=False, forward=False)
        self.set_keys(())

    def set_keys(self, keys: Sequence[SearchKey]) -> None:
        """Offer these keys; without any, nothing can be searched."""
        self.keys = tuple(keys)
        self.key.choices = [(key.label, key) for key in keys]
        widen_list(self.key.native)
        self.form.enabled = bool(keys)
        self.conditions.setEnabled(bool(keys))
        self.conditions.set_keys(self.keys)

    def set_trail(self, *, back: bool, forward: bool) -> None:
        """Say whether there is anything to go back to, or forward."""
        self.back.setEnabled(back)
        self.forward.setEnabled(forward)

    @property
    def query(self) -> Query | None:
        """What is written, with its conditions; None if nothing can be searched.

        Raises
        ------
        ValueError
            A condition can't be asked.
        """
        typed = self.typed
        if typed is None:
            return None
        return replace(typed, conditions=self.conditions.wanted)

    @property
    def typed(self) -> Query | None:
        """What the key and the value stand for; None if nothing can be searched."""
        key = self.key.value
        if not isinstance(key, SearchKey):
            return None
        return Query(key=key, value=searched_value(self.value.value))

    def show_query(self, query: Query) -> None:
        """Show what is searched; undoing that brings back what was typed."""
        if query.key in self.key.choices:
            self.key.value = query.key
        if self.value.value != query.value:
            self.value.native.selectAll()
            self.value.native.insert(query.value)
            if not self.value.native.hasFocus():
                self.value.native.setCursorPosition(0)  # one reads how it begins
        self.conditions.set_wanted(query.conditions)
        self.hide_suggestions()

    def set_suggestions(self, query: Query, suggestions: Sequence[Suggestion]) -> None:
        """Show suggestions, unless they were asked for something else."""
        if query == self.typed and self.value.native.hasFocus():
            self.suggestions.offer(suggestions)

    def take_focus(self) -> None:
        """Let a person type a value, in place of the one that is there."""
        self.value.native.setFocus()
        self.value.native.selectAll()

    def hide_suggestions(self, *_: object) -> None:
        """Take the list of suggestions away, and want none."""
        self._pause.stop()
        self.suggestions.take_away()
        self.suggestionsLeft.emit()

    def _on_typed(self, _: str) -> None:
        if self.suggestions.is_completing:
            return
        self.hide_suggestions()
        self._pause.start()

    def _want_suggestions(self) -> None:
        query = self.typed
        if query is not None and len(query.value) >= MIN_LETTERS:
            self.suggestionsWanted.emit(query)

    def _want_search(self, *_: object) -> None:
        if is_link(self.value.value):
            self.hide_suggestions()
            self.linkWanted.emit(self.value.value)
            return
        try:
            query = self.query
        except ValueError as error:
            self.refused.emit(str(error))
            return
        if query is not None:
            self.show_query(query)
            self.searchWanted.emit(query)


def _flat(text: str, name: str, told: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    name_widget(button, name, text, told)
    return button


def _arrow(name: str, label: str, arrow: Qt.ArrowType, shortcut: str) -> QToolButton:
    button = QToolButton()
    button.setArrowType(arrow)
    button.setFixedWidth(ARROW_BUTTON_PX)
    button.setSizePolicy(FIXED, QSizePolicy.Policy.Preferred)  # as high as the row
    button.setStyleSheet("font-size: 8pt;")  # it has no letters that could be cut
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    name_widget(button, name, label, f"{label} to what was looked at ({shortcut})")
    return button
