"""The forms that say what to look for: a server, a value, or a study's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, Container, LineEdit, PushButton
from napari.qt import get_current_stylesheet
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    POPUP_MARGIN_PX,
    let_shrink,
    name_widget,
    plain_label,
    present,
    tooltip,
    widen_list,
)
from napari_idr.model import SearchKey, Suggestion
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from magicgui.widgets.bases import Widget

TYPING_PAUSE_MS = 250
"""How long after the last key a suggestion is asked for: most people type faster."""

MIN_LETTERS = 2
"""Letters before suggestions are asked for; one letter matches tens of thousands."""

MAX_SUGGESTIONS = 50
"""Lines of suggestions that are shown; nobody scrolls further, they type on."""


KEY_WIDTH_PX = 96
"""Room for "Phenotype"; the value needs the rest of a narrow panel."""

FIXED = QSizePolicy.Policy.Fixed


class ServerBar(QWidget):
    """The address of the server, and what it can do."""

    serverChosen = Signal(str)

    def __init__(self, addresses: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.address = QComboBox()
        self.address.setEditable(True)
        self.address.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.address.addItems(list(addresses))
        # Completed within the line, Enter would connect to another server than typed.
        completer = present(self.address.completer())
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        name_widget(
            self.address,
            "idr_server",
            "Server",
            "The address of an OMERO.web server; Enter connects",
        )
        let_shrink(self.address)
        label = QLabel("Server")
        label.setBuddy(self.address)
        layout = QHBoxLayout()
        layout.addWidget(label)
        layout.addWidget(self.address, 1)
        self.abilities = plain_label("idr_abilities", selectable=False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(layout)
        whole.addWidget(self.abilities)
        line_edit = self.address.lineEdit()
        assert line_edit is not None
        line_edit.returnPressed.connect(self._choose)
        self.address.activated.connect(self._choose)

    def set_addresses(self, addresses: Iterable[str]) -> None:
        """Offer these addresses, the first of them as the present one."""
        self.address.clear()
        self.address.addItems(list(addresses))
        widen_list(self.address)

    def set_abilities(self, message: str, evidence: Sequence[tuple[str, str]]) -> None:
        """Say what the server can do, and on hovering how that was found out."""
        self.abilities.setText(message)
        self.abilities.setToolTip(
            tooltip(*(f"{what}: {answer}" for what, answer in evidence))
        )

    def _choose(self, *_: object) -> None:
        self.serverChosen.emit(self.address.currentText().strip())


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
        self.key.native.setMaximumWidth(KEY_WIDTH_PX)
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

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form.native)
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


class StudiesPanel(QWidget):
    """A filter over the names and descriptions of all studies."""

    filterChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = LineEdit(name="idr_filter")
        self.reload = PushButton(text="Reload", name="idr_reload")
        form: Container[Widget] = Container(
            widgets=[self.filter, self.reload], layout="horizontal", labels=False
        )
        form.margins = (0, 4, 0, 4)
        name_widget(
            self.filter,
            "idr_filter",
            "Filter studies",
            "Words that must occur in the name or description of a study",
        )
        name_widget(
            self.reload, "idr_reload", "Reload studies", "Ask for all studies again"
        )
        self.reload.native.setSizePolicy(FIXED, FIXED)
        let_shrink(self.filter)
        self.filter.native.setPlaceholderText("filter by name or description")
        self.filter.native.setClearButtonEnabled(True)
        self._form = form
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form.native)
        self.filter.native.textChanged.connect(self.filterChanged)
