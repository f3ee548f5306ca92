"""Links that are dropped or pasted on a dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Signal
from qtpy.QtGui import QDropEvent, QGuiApplication, QKeyEvent, QKeySequence

from napari_idr.services.links.reading import is_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtCore import QMimeData
    from qtpy.QtWidgets import QWidget


class LinkInput(QObject):
    """Takes text that is dropped or pasted on a dock, and is given to no field.

    A field takes text that is dropped on it as ever, unless it is a link.
    """

    given = Signal(str)

    def __init__(
        self, parent: QObject, dock: QWidget, fields: Sequence[QWidget | None]
    ) -> None:
        super().__init__(parent)
        self._dock = dock
        for widget in (dock, *fields):
            if widget is not None:
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take what is dropped, and what is pasted where no field has the keyboard."""
        if isinstance(event, QDropEvent):  # so are those of dragging
            return self._on_drag(watched, event)
        if isinstance(event, QKeyEvent) and watched is self._dock:
            if not event.matches(QKeySequence.StandardKey.Paste):
                return False
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                clipboard = QGuiApplication.clipboard()
                text = "" if clipboard is None else clipboard.text()
                if text.strip():
                    self.given.emit(text)
                return True
        return False

    def _on_drag(self, watched: QObject | None, event: QDropEvent) -> bool:
        text = _dropped(event.mimeData())
        if watched is self._dock:
            if not text:
                return False
        elif not is_link(text):
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self.given.emit(text)
        return True


def _dropped(mime: QMimeData | None) -> str:
    """Return the text or the addresses that are dragged, "" for files and the like."""
    if mime is None:
        return ""
    if mime.hasUrls():
        urls = [url.toString() for url in mime.urls() if not url.isLocalFile()]
        return "\n".join(urls)
    return mime.text().strip() if mime.hasText() else ""
