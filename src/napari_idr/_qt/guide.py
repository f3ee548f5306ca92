"""Window with the guide, opened from the browser and from the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QUrl
from qtpy.QtGui import QColor, QDesktopServices, QPalette, QTextCharFormat, QTextCursor
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from napari_idr._qt.jobs import Jobs, JobSlot
from napari_idr._qt.panels.forms import link_color, name_widget
from napari_idr.services.guide import heading_anchor, load_guide, page_address

if TYPE_CHECKING:
    from napari.viewer import Viewer

SIZE_PX: Final = (760, 720)
"""Lines of some 100 letters."""


def open_guide(viewer: Viewer) -> GuideWindow:
    """Show the guide of a viewer, or bring it to front."""
    # Plugins are given a proxy of the viewer, which hides its window.
    window = getattr(viewer, "__wrapped__", viewer).window._qt_window
    guide: GuideWindow | None = window.findChild(GuideWindow)
    if guide is None:
        guide = GuideWindow(window)
    guide.show()
    guide.raise_()
    guide.activateWindow()
    return guide


class GuideWindow(QDialog):
    """The guide, with links that work: to its headings, and to the web."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_guide")
        self.setWindowTitle("Guide to the IDR browser")
        self.setAccessibleName("Guide")
        self.resize(*SIZE_PX)
        self.text = QTextBrowser()
        name_widget(self.text, "idr_guide_text", "Guide", "How one does what")
        self.text.setToolTip("")  # it would cover what one reads
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._on_link)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.text)
        self._jobs = Jobs(self)
        self.destroyed.connect(_Closer(self._jobs))
        self._load: JobSlot[None, str] = self._jobs.slot(self._on_loaded)
        self._load.start("Reading the guide …", load_guide)

    def _on_loaded(self, text: str) -> None:
        self.text.setMarkdown(text)
        self._color_links()

    def _color_links(self) -> None:
        """Draw links in a colour that can be read; Qt's blue can't on dark."""
        document = self.text.document()
        assert document is not None
        shown = QTextCharFormat()
        written = self.text.palette().color(QPalette.ColorRole.Text)
        shown.setForeground(QColor(link_color(written)))
        cursor = QTextCursor(document)
        block = document.begin()
        while block.isValid():
            for run in block.textFormats():
                cursor.setPosition(block.position() + run.start)
                cursor.setPosition(
                    block.position() + run.start + run.length,
                    QTextCursor.MoveMode.KeepAnchor,
                )
                if run.format.isAnchor():
                    cursor.mergeCharFormat(shown)
            block = block.next()

    def _on_link(self, url: QUrl) -> None:
        link = url.toString()
        if link.startswith("#"):
            self._go_to(link[1:])
        elif (page := page_address(link)) is not None:
            QDesktopServices.openUrl(QUrl(page))

    def _go_to(self, anchor: str) -> None:
        """Put a heading at the top."""
        document = self.text.document()
        block = None if document is None else document.begin()
        while block is not None and block.isValid():
            is_heading = block.blockFormat().headingLevel() > 0
            if is_heading and heading_anchor(block.text()) == anchor:
                self.text.moveCursor(QTextCursor.MoveOperation.End)
                self.text.setTextCursor(QTextCursor(block))
                return
            block = block.next()


class _Closer:
    """Ends what a window that is gone has begun."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def __call__(self, *_: object) -> None:
        self._jobs.close()
