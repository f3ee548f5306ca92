"""Where the images of a figure come from, in lines below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from napari_idr._version import __version__
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.services.study import StudyCard

__all__ = ["FigureSource", "source_lines"]

MOST_IDS: Final = 24
"""Images whose numbers are written; of more, the plates or their number are."""

MOST_STUDIES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSource:
    """The images of a figure that are of one study.

    `study` is its name, "" where it isn't known; `plates` are (name, number).
    """

    study: str = ""
    card: StudyCard | None = None
    plates: tuple[tuple[str, int], ...] = ()
    images: tuple[int, ...] = ()


def source_lines(server: str, sources: Sequence[FigureSource]) -> tuple[str, ...]:
    """Return lines that name server, study, plates and images, licence and DOIs.

    >>> one = FigureSource(study="idr0001", plates=(("P1", 42),), images=(7, 8))
    >>> source_lines("https://idr.org", (one,))[0]
    'Source: idr.org · idr0001 · plate P1 (42) · images 7, 8 · licence not known'
    """
    host = urlsplit(server).netloc or server
    lines = [_line(host, one) for one in sources[:MOST_STUDIES]]
    if len(sources) > MOST_STUDIES:
        lines.append(f"And {len(sources) - MOST_STUDIES} more studies of {host}.")
    return (*lines, f"Drawn with napari-idr {__version__}.")


def _line(host: str, source: FigureSource) -> str:
    parts = [f"Source: {host}", source.study]
    plates = source.plates
    if plates:
        noun = "plate" if len(plates) == 1 else "plates"
        parts.append(f"{noun} {_listed(f'{name} ({n})' for name, n in plates)}")
    images = source.images
    if images and (len(images) <= MOST_IDS or not plates):
        noun = "image" if len(images) == 1 else "images"
        parts.append(f"{noun} {_listed(map(str, images))}")
    card = source.card
    if card is None:
        parts.append(NO_CARD if source.study else "")
    else:
        terms = card.terms
        parts += [card.licence or "", terms.warning or ""]
        parts += [url.removeprefix("https://") for url in _dois(card)]
    return " · ".join(filter(None, map(plain_text, parts)))


NO_CARD: Final = "licence not known"
"""Where what was written about the study didn't come."""


def _dois(card: StudyCard) -> Iterable[str]:
    return dict.fromkeys(url for url in (card.doi_url, card.data_doi_url) if url)


def _listed(texts: Iterable[str]) -> str:
    found = list(texts)
    more = len(found) - MOST_IDS
    shown = ", ".join(found[:MOST_IDS])
    return f"{shown} and {more} more" if more > 0 else shown
