"""List of the files that come with an image or a study: copy, open, download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.flow import FlowRow
from napari_idr._qt.panels.forms import (
    begin_at_current,
    name_widget,
    plain_label,
    tooltip,
)
from napari_idr.services.links import is_web_link
from napari_idr.services.plain_text import visible_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.services.files import FileKind, ListedFile

TITLES: dict[FileKind, str] = {
    "original": "Original files",
    "attached": "Attached files",
}
TIPS: dict[FileKind, str] = {
    "original": "Show which files the image was imported from, and where they are",
    "attached": "Show which files are attached to the study",
}
NONE: dict[FileKind, str] = {
    "original": "The archive tells of no file for this image.",
    "attached": "Nothing is attached to this study.",
}

MOST_ROWS = 5
"""Of the list; more are scrolled to."""

MOST_LISTED = 1000
"""Of a plate that is one import the files are thousands; nobody reads further."""

MOST_OPENED = 3
"""Pages that a click opens: more would bury the window."""

FRAME_PX = 6


class FilesPanel(QWidget):
    """A button that lists files, and what can be done with those selected, or all."""

    listWanted = Signal()
    downloadWanted = Signal(object)  # tuple of ListedFile
    resized = Signal()  # another height is needed
    unfolded = Signal()  # a person has asked for the list, and it is there

    def __init__(self, kind: FileKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        name = f"idr_{kind}_files"
        self.setObjectName(f"{name}_panel")
        self.setAccessibleName(TITLES[kind])
        self.button = QPushButton(TITLES[kind])
        name_widget(self.button, name, TITLES[kind], TIPS[kind])
        self.list = QListWidget()
        name_widget(
            self.list,
            f"{name}_list",
            TITLES[kind],
            "Select some with Ctrl or Shift; without a selection all are meant",
        )
        begin_at_current(self.list)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = plain_label(f"{name}_note")
        self.copy = QPushButton("Copy")
        name_widget(
            self.copy, f"{name}_copy", "Copy addresses", "Copy addresses, else paths"
        )
        self.open = QPushButton("Open")
        name_widget(
            self.open,
            f"{name}_open",
            "Open in the browser",
            f"Open in your web browser, {MOST_OPENED} at most",
        )
        self.download = QPushButton("Download…")
        name_widget(
            self.download,
            f"{name}_download",
            "Download",
            "Say how large they are, and download them to a folder",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.button)
        layout.addWidget(self.list)
        layout.addWidget(self.note)
        layout.addWidget(FlowRow((self.copy, self.open, self.download)))
        self.button.clicked.connect(self._on_button)
        self.copy.clicked.connect(self._on_copy)
        self.open.clicked.connect(self._on_open)
        self.download.clicked.connect(self._on_download)
        self.list.itemSelectionChanged.connect(self._offer)
        copy_key = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.list)
        copy_key.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy_key.activated.connect(self._on_copy)
        self._files: tuple[ListedFile, ...] = ()
        self.clear(shown=False)

    def clear(self, *, shown: bool) -> None:
        """Show no list; nor the button, if there is nothing it could be of."""
        self._files = ()
        self.list.clear()
        self._unfold(unfolded=False)
        self.setVisible(shown)

    def set_files(self, files: Sequence[ListedFile]) -> None:
        """List files."""
        self._files = tuple(files)
        self.list.clear()
        for one in self._files[:MOST_LISTED]:
            item = QListWidgetItem(visible_text(one.label))
            item.setToolTip(tooltip(one.path, one.url or "Its address isn't known."))
            self.list.addItem(item)
        self._unfold(unfolded=True)
        rows = min(max(self.list.count(), 1), MOST_ROWS)
        height = self.list.sizeHintForRow(0) if self.list.count() else 0
        self.list.setFixedHeight(rows * max(height, 1) + FRAME_PX)
        self.list.setVisible(bool(self._files))
        self._say_what_there_is()
        self._offer()
        self.unfolded.emit()

    def say(self, sentence: str) -> None:
        """Say something about the files, below their list."""
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))

    def _say_what_there_is(self) -> None:
        files = self._files
        if not files:
            self.say(NONE[self._kind])
        elif all(one.url is None for one in files):
            self.say("Where these files can be had isn't known.")
        elif len(files) > MOST_LISTED:
            self.say(f"{len(files):,} files; the first {MOST_LISTED:,} are listed.")
        else:
            self.say("")

    def _unfold(self, *, unfolded: bool) -> None:
        for widget in (self.list, self.note, self.copy, self.open, self.download):
            widget.setVisible(unfolded)
        self.resized.emit()

    @property
    def chosen(self) -> tuple[ListedFile, ...]:
        """The files that are selected, else all."""
        rows = sorted(index.row() for index in self.list.selectedIndexes())
        return tuple(self._files[row] for row in rows) or self._files

    def _offer(self) -> None:
        chosen = self.chosen
        self.copy.setEnabled(bool(chosen))
        self.open.setEnabled(any(one.url is not None for one in chosen))
        self.download.setEnabled(any(one.can_be_downloaded for one in chosen))

    def _on_button(self) -> None:
        if self.copy.isHidden():
            self.listWanted.emit()
        else:
            self._unfold(unfolded=False)

    def _on_copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.chosen:
            clipboard.setText("\n".join(one.copied for one in self.chosen))
            self.say(f"Copied: {self.chosen[0].copied}")

    def _on_open(self) -> None:
        urls = [one.url for one in self.chosen if one.url and is_web_link(one.url)]
        for url in urls[:MOST_OPENED]:
            QDesktopServices.openUrl(QUrl(url))

    def _on_download(self) -> None:
        self.downloadWanted.emit(self.chosen)
