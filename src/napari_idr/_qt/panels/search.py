"""Search form: a key, and a value with suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from napari.qt import get_current_stylesheet
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import (
    QCompleter,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    ARROW_PX,
    POPUP_MARGIN_PX,
    Folding,
    keep_as_wide_as,
    let_shrink,
    name_widget,
    present,
    widen_list,
)
from napari_idr.model import SearchKey, Suggestion
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Sequence


TYPING_PAUSE_MS = 250
"""How long after the last key a suggestion is asked for: most people type faster."""

MIN_LETTERS = 2
"""Letters before suggestions are asked for; one letter matches tens of thousands."""

MAX_SUGGESTIONS = 50
"""Lines of suggestions that are shown; nobody scrolls further, they type on."""


LONG_KEY = "Phenotype"
"""What the control for the key has room for; the value needs the rest."""

LONG_VALUE = "CDC20 …"
"""The least that the line for the value has room for."""

FIXED = QSizePolicy.Policy.Fixed


class SearchPanel(QWidget):
    """A key, a value with suggestions, and a button."""

    searchWanted = Signal(object, str)  # SearchKey, value
    suggestionsWanted = Signal(object, str)  # SearchKey, text

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = ComboBox(choices=[], name="idr_key")
        self.value = LineEdit(name="idr_value")
        self.button = PushButton(text="Search", name="idr_search")
        self.form = Container(
            widgets=[self.key, self.value, self.button],
            layout="horizontal",
            labels=False,
        )
        self.form.margins = (0, 4, 0, 4)
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
        self.key.native.setSizePolicy(FIXED, FIXED)
        self.button.native.setSizePolicy(FIXED, FIXED)
        keep_as_wide_as(self.key, LONG_KEY, ARROW_PX)
        let_shrink(self.value)
        self.value.native.setPlaceholderText("e.g. CDC20")
        self.value.native.setClearButtonEnabled(True)

        self._suggestions = QStandardItemModel(self)
        completer = QCompleter(self._suggestions, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCompletionRole(Qt.ItemDataRole.UserRole)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer = completer
        self.value.native.setCompleter(completer)

        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._want_suggestions)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.form.native)
        Folding(self, self.form.native, self.value.native, LONG_VALUE)
        self.value.native.returnPressed.connect(self._want_search)
        self.value.native.textEdited.connect(self._on_typed)
        self.button.native.clicked.connect(self._want_search)
        completer.activated.connect(self._want_search)
        self.set_keys(())

    def set_keys(self, keys: Sequence[SearchKey]) -> None:
        """Offer these keys; without any, nothing can be searched."""
        self.key.choices = [(key.label, key) for key in keys]
        widen_list(self.key.native)
        self.form.enabled = bool(keys)

    def set_suggestions(self, text: str, suggestions: Sequence[Suggestion]) -> None:
        """Show suggestions, unless the text has changed since they were asked for."""
        if text != self.value.value or not self.value.native.hasFocus():
            return
        self._suggestions.clear()
        for suggestion in suggestions[:MAX_SUGGESTIONS]:
            count = suggestion.image_count
            told = "" if count is None else f"  ({counted(count, 'image', 'images')})"
            item = QStandardItem(f"{suggestion.value}{told}")
            item.setData(suggestion.value, Qt.ItemDataRole.UserRole)
            self._suggestions.appendRow(item)
        if suggestions:
            popup = present(self._completer.popup())
            # A window of its own: it takes neither napari's look nor enough room.
            popup.setStyleSheet(get_current_stylesheet())
            popup.setMinimumWidth(popup.sizeHintForColumn(0) + POPUP_MARGIN_PX)
            self._completer.complete()

    def take_focus(self) -> None:
        """Let a person type a value, in place of the one that is there."""
        self.value.native.setFocus()
        self.value.native.selectAll()

    def hide_suggestions(self) -> None:
        """Take the list of suggestions away."""
        self._pause.stop()
        popup = self._completer.popup()
        if popup is not None:
            popup.hide()

    def _on_typed(self, text: str) -> None:
        self._suggestions.clear()
        if len(text.strip()) >= MIN_LETTERS:
            self._pause.start()
        else:
            self._pause.stop()

    def _want_suggestions(self) -> None:
        if isinstance(self.key.value, SearchKey):
            self.suggestionsWanted.emit(self.key.value, self.value.value)

    def _want_search(self, *_: object) -> None:
        self.hide_suggestions()
        if isinstance(self.key.value, SearchKey):
            self.searchWanted.emit(self.key.value, self.value.value.strip())
