"""The card of a study."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_idr._qt._forms import plain_label
from napari_idr.services.links import is_web_link
from napari_idr.services.study_card import StudyCard

SHOWN_CHARACTERS = 600
"""How much of a description is shown; the rest is a click on the link away."""


LINK_COLOR = "#3d8bfd"
"""Readable on napari's dark and on its light panels; Qt's own blue isn't."""


class StudyPanel(QWidget):
    """Title, authors, licence, links and description of the selected study."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_study")
        self.setAccessibleName("Study")
        self.title = plain_label("idr_study_title")
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.authors = plain_label("idr_study_authors")
        self.licence = plain_label("idr_study_licence")
        self.description = plain_label("idr_study_description")
        # The one label that draws HTML, made here of escaped text and http(s) links.
        self.links = QLabel()
        self.links.setObjectName("idr_study_links")
        self.links.setTextFormat(Qt.TextFormat.RichText)
        self.links.setWordWrap(True)
        self.links.setOpenExternalLinks(True)
        self.links.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for label in (
            self.title,
            self.authors,
            self.licence,
            self.links,
            self.description,
        ):
            layout.addWidget(label)
        self.set_card(None)

    def set_card(self, card: StudyCard | None) -> None:
        """Show a card; None hides the panel."""
        self.setVisible(card is not None)
        if card is None:
            return
        _show(self.title, card.title)
        _show(self.authors, card.authors or "")
        warning = " · not for commercial use" if card.is_non_commercial else ""
        _show(self.licence, f"{card.licence}{warning}" if card.licence else "")
        links = [
            ("paper", card.doi_url),
            ("data DOI", card.data_doi_url),
            ("licence", card.licence_url),
            ("open in the browser", card.web_url),
        ]
        self.links.setText(
            " · ".join(
                _link(text, url)
                for text, url in links
                if url is not None and is_web_link(url)
            )
        )
        text = card.description or ""
        if len(text) > SHOWN_CHARACTERS:
            text = text[:SHOWN_CHARACTERS].rsplit(maxsplit=1)[0] + " …"
        _show(self.description, text)


def _link(text: str, url: str) -> str:
    return f'<a href="{escape(url)}" style="color: {LINK_COLOR}">{escape(text)}</a>'


def _show(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
