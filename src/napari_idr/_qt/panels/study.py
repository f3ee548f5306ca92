"""Card of the selected study: title, authors, licence, links, description."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Signal
from qtpy.QtGui import QAction, QGuiApplication
from qtpy.QtWidgets import QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import link, link_label, plain_label, tooltip
from napari_idr.services.cite import Style, cite_card
from napari_idr.services.links import is_web_link
from napari_idr.services.study import StudyCard

SHOWN_CHARACTERS = 600
"""How much of a description is shown; the rest is a click on the link away."""


LINKS_TOOLTIP = "Open in your web browser"

DOI_URL = "https://doi.org/"

CITATION_STYLES: tuple[tuple[str, Style], ...] = (
    ("Text", "text"),
    ("BibTeX", "bibtex"),
    ("RIS (EndNote, Zotero)", "ris"),
    ("CSL-JSON", "csl-json"),
)
"""What is copied, in words; the first by a click on the button itself."""


class StudyPanel(QWidget):
    """Title, authors, licence, links and description of the selected study."""

    said = Signal(str)  # what has been copied

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card: StudyCard | None = None
        self.setObjectName("idr_study")
        self.setAccessibleName("Study")
        self.title = plain_label("idr_study_title")
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.authors = plain_label("idr_study_authors")
        self.licence = plain_label("idr_study_licence")
        self.description = plain_label("idr_study_description")
        self.links = link_label("idr_study_links", "Links")
        self.links.setOpenExternalLinks(True)
        self.links.setToolTip(LINKS_TOOLTIP)
        self.links.linkHovered.connect(self._on_link_hovered)
        self.citation = self._citation_button()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for label in (
            self.title,
            self.authors,
            self.licence,
            self.links,
            self.citation,
            self.description,
        ):
            layout.addWidget(label)
        self.set_card(None)

    def set_card(self, card: StudyCard | None) -> None:
        """Show a card; None hides the panel."""
        self._card = card
        self.setVisible(card is not None)
        if card is None:
            return
        _show(self.title, card.title)
        _show(self.authors, card.authors or "")
        terms = (card.licence, card.terms.warning)
        _show(self.licence, " · ".join(said for said in terms if said))
        self._show_links()
        text = card.description or ""
        if len(text) > SHOWN_CHARACTERS:
            text = text[:SHOWN_CHARACTERS].rsplit(maxsplit=1)[0] + " …"
        _show(self.description, text)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another theme of napari's."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._show_links()

    def _show_links(self) -> None:
        card = self._card
        if card is None:
            return
        links = [
            (f"paper {_doi(card.doi_url)}", card.doi_url),
            (f"data {_doi(card.data_doi_url)}", card.data_doi_url),
            ("licence", card.licence_url),
            ("page of the study", card.web_url),
        ]
        self.links.setText(
            " · ".join(
                link(message, url, self.title)
                for message, url in links
                if url is not None and is_web_link(url)
            )
        )

    def _citation_button(self) -> QToolButton:
        """Return the button that copies what to cite; its arrow opens the styles."""
        button = QToolButton()
        button.setObjectName("idr_copy_citation")
        button.setText("Copy citation")
        button.setAccessibleName("Copy citation")
        button.setToolTip("Copy what to cite: the paper, the data and the IDR")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(button)
        for words, style in CITATION_STYLES:
            action = QAction(words, menu)
            action.setData(style)
            menu.addAction(action)
        menu.triggered.connect(self._on_style_chosen)
        button.setMenu(menu)
        button.clicked.connect(self._on_copy_citation)
        return button

    def _on_copy_citation(self) -> None:
        self._copy_citation(CITATION_STYLES[0][1])

    def _on_style_chosen(self, action: QAction) -> None:
        self._copy_citation(action.data())

    def _copy_citation(self, style: Style) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._card is not None and clipboard is not None:
            clipboard.setText(cite_card(self._card, style))
            words = next(words for words, known in CITATION_STYLES if known == style)
            warning = self._card.terms.warning
            self.said.emit(
                f"Copied: the citation as {words}.{f' {warning}' if warning else ''}"
            )

    def _on_link_hovered(self, url: str) -> None:
        self.links.setToolTip(tooltip(url or LINKS_TOOLTIP))


def _doi(url: str | None) -> str:
    return (url or "").removeprefix(DOI_URL)


def _show(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
