"""Study cards: title, authors, description, licence and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from napari_idr.services.licence import Licence, read_licence
from napari_idr.services.links import is_web_link, split_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model import Annotation, Study

__all__ = ["STUDY_NAMESPACE", "StudyCard", "plain_text", "study_card"]

STUDY_NAMESPACE = "idr.openmicroscopy.org/study/info"
"""Of the key-values that describe a study as a whole."""

DOI_URL = "https://doi.org/"

_HEADING = re.compile(
    r"^[ \t]*(Publication Title|(?:Study|Screen|Experiment|Project) Description)"
    r"[ \t]*:?[ \t]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCard:
    """A study for people; what it doesn't tell is None.

    `name` is that on the server, "" if not known. `description` is plain text.
    `released` is the date as the study writes it. `links` are (label, address) of all
    addresses that may be opened, and `pairs` the study's own key-values, in order,
    repeated keys kept.
    """

    title: str
    name: str = ""
    authors: str | None = None
    publication: str | None = None
    doi_url: str | None = None
    data_doi_url: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    released: str | None = None
    description: str | None = None
    organism: str | None = None
    web_url: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def terms(self) -> Licence:
        """Class of the licence, and what it forbids."""
        return read_licence(self.licence, self.licence_url)

    @property
    def is_non_commercial(self) -> bool | None:
        """Whether commercial use is forbidden, None where no licence is named."""
        return None if self.licence is None else self.terms.non_commercial


def study_card(
    study: Study, annotations: Iterable[Annotation], *, web_url: str | None = None
) -> StudyCard:
    """Return the card of a study from its name, description and key-values.

    Annotations of other namespaces, and of other objects, are left aside.

    Parameters
    ----------
    study
        The screen or project.
    annotations
        What was found for it, and perhaps for others.
    web_url
        A link for people to the study on its server.
    """
    pairs = tuple(
        pair
        for annotation in annotations
        if annotation.namespace == STUDY_NAMESPACE
        and (annotation.parent is None or _same_object(study, annotation))
        for pair in annotation.pairs
    )
    described = _sections(study.description)
    publication = _text(pairs, "Publication Title") or described.get("publication")
    licence, licence_url = _licence(pairs)
    return StudyCard(
        title=_text(pairs, "Study Title") or publication or study.name,
        name=study.name,
        authors=_text(pairs, "Publication Authors") or _text(pairs, "Study Authors"),
        publication=publication,
        doi_url=_doi(pairs, "Publication DOI"),
        data_doi_url=_doi(pairs, "Data DOI"),
        licence=licence,
        licence_url=licence_url,
        released=_text(pairs, "Release Date"),
        description=described.get("description"),
        organism=_text(pairs, "Organism"),
        web_url=web_url,
        links=_links(pairs),
        pairs=pairs,
    )


def plain_text(text: str) -> str:
    r"""Return text without its markup and with at most one empty line in a row.

    >>> plain_text("<p>HeLa &amp; more<br>48 h</p><script>x()</script>")
    'HeLa & more\n48 h'
    >>> plain_text("p < 0.05 and n > 3")
    'p < 0.05 and n > 3'
    """
    reader = _TextReader()
    reader.feed(text.replace("\r\n", "\n"))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _TextReader(HTMLParser):
    """Keeps what a person would read."""

    UNREAD = ("script", "style")
    BREAKING = ("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        del attrs
        self._unread += tag in self.UNREAD
        if tag in self.BREAKING:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread = max(0, self._unread - (tag in self.UNREAD))
        if tag in self.BREAKING and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)


def _same_object(study: Study, annotation: Annotation) -> bool:
    parent = annotation.parent
    return parent is not None and (parent.kind, parent.id) == (
        study.ref.kind,
        study.ref.id,
    )


def _sections(description: str) -> dict[str, str]:
    """Cut a description at the headings that the IDR's curators write."""
    text = plain_text(description)
    pieces = _HEADING.split(text)
    found: dict[str, str] = {}
    if pieces[0].strip():
        found["description"] = pieces[0].strip()
    for heading, body in zip(pieces[1::2], pieces[2::2], strict=True):
        key = "publication" if heading == "Publication Title" else "description"
        if body.strip():
            so_far = f"{found[key]}\n\n" if key in found else ""
            found[key] = f"{so_far}{body.strip()}"
    return found


def _values(pairs: Iterable[tuple[str, str]], key: str) -> list[str]:
    """Return the values of a key that aren't empty, each once, in order."""
    values = (value.strip() for name, value in pairs if name.strip() == key)
    return list(dict.fromkeys(value for value in values if value))


def _text(pairs: Iterable[tuple[str, str]], key: str) -> str | None:
    return ", ".join(plain_text(value) for value in _values(pairs, key)) or None


def _doi(pairs: Iterable[tuple[str, str]], key: str) -> str | None:
    for value in _values(pairs, key):
        message, url = split_link(value)
        if url is not None:
            return url
        if message.startswith("10.") and is_web_link(DOI_URL + message):
            return DOI_URL + message
    return None


def _licence(pairs: Iterable[tuple[str, str]]) -> tuple[str | None, str | None]:
    for value in _values(pairs, "License") or _values(pairs, "Licence"):
        message, url = split_link(value)
        return message or url, url
    return None, None


def _links(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for key, value in pairs:
        message, url = split_link(value)
        if url is not None and url not in found:
            found[url] = f"{key.strip()}: {message}" if message else key.strip()
    return tuple((label, url) for url, label in found.items())
