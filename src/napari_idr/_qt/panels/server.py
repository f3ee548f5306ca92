"""Server bar: the address, and what the server can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    Folding,
    keep_as_wide_as,
    let_shrink,
    name_widget,
    plain_label,
    present,
    tooltip,
    widen_list,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtpy.QtGui import QResizeEvent


HELP_PX = 16
"""Beside the question mark: some 24 px together, as WCAG 2.2 wants it (2.5.8)."""

MOST_BESIDE = 0.5
"""Of the width for what is beside the text, which would be a column of words else."""


class ServerBar(QWidget):
    """The address of the server, and what it can do."""

    serverChosen = Signal(str)
    askAgainWanted = Signal()
    helpWanted = Signal()

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
        first = QWidget()
        layout = QHBoxLayout(first)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(self.address, 1)
        self.help = QPushButton("?")
        keep_as_wide_as(self.help, "?", HELP_PX)
        name_widget(self.help, "idr_help", "Help", "Open the guide")
        self.help.clicked.connect(self.helpWanted)
        layout.addWidget(self.help)
        self.abilities = plain_label("idr_abilities", selectable=False)
        self._beside: list[QWidget] = []
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addWidget(first)
        self.ask_again = QPushButton("Ask again")
        name_widget(
            self.ask_again,
            "idr_ask_again",
            "Ask again",
            "Ask the server what it can do, as far as that isn't known",
        )
        self.ask_again.clicked.connect(self.askAgainWanted)
        second = self._second = QHBoxLayout()
        second.addWidget(self.abilities, 1)
        second.addWidget(self.ask_again)
        whole.addLayout(second)
        self._folding = Folding(self, first, self.address, self.address.currentText())
        self.set_unknown(unknown=False)
        line_edit = self.address.lineEdit()
        assert line_edit is not None
        line_edit.returnPressed.connect(self._choose)
        self.address.activated.connect(self._choose)

    def add_beside(self, widget: QWidget) -> None:
        """Put a widget beside what the server can do, or below where it is wide."""
        self._second.addWidget(widget)
        self._beside.append(widget)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Break the line where it is too narrow for what it says."""
        super().resizeEvent(event)
        self._break()

    def event(self, event: QEvent | None) -> bool:
        """Follow another size of letters."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._break()
        return super().event(event)

    def _break(self) -> None:
        beside = sum(widget.sizeHint().width() for widget in self._beside)
        self._second.setDirection(
            QBoxLayout.Direction.TopToBottom
            if beside > self.width() * MOST_BESIDE
            else QBoxLayout.Direction.LeftToRight
        )

    def set_addresses(self, addresses: Iterable[str]) -> None:
        """Offer these addresses, the first of them as the present one."""
        self.address.clear()
        self.address.addItems(list(addresses))
        # In a narrow panel the beginning tells more than the end.
        present(self.address.lineEdit()).setCursorPosition(0)
        widen_list(self.address)
        self._folding.set_sample(self.address.currentText())

    def show_address(self, address: str) -> None:
        """Show which server is asked, whoever has chosen it."""
        if self.address.currentText().strip() != address:
            self.address.setEditText(address)
            present(self.address.lineEdit()).setCursorPosition(0)

    def set_abilities(self, message: str, evidence: Sequence[tuple[str, str]]) -> None:
        """Say what the server can do, and on hovering how that was found out."""
        self.abilities.setText(message)
        self.abilities.setToolTip(
            tooltip(*(f"{what}: {answer}" for what, answer in evidence))
        )

    def set_unknown(self, *, unknown: bool) -> None:
        """Offer to ask again, if a part of what the server can do isn't known."""
        self.ask_again.setVisible(unknown)

    def _choose(self, *_: object) -> None:
        self.serverChosen.emit(self.address.currentText().strip())
