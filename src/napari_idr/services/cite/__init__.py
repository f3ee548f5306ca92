"""Citations: what is to be cited of what is shown, in the formats that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.services.cite.references import (
    Reference,
    Source,
    card_source,
    references,
    sources,
)
from napari_idr.services.cite.styles import STYLES, Style, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_idr.services.cite.references import HasMetadata
    from napari_idr.services.study import StudyCard

__all__ = ["STYLES", "Reference", "Source", "Style", "cite", "cite_card"]


def cite(
    shown: HasMetadata | Mapping[str, object] | Iterable[object],
    style: Style = "bibtex",
) -> str:
    """Return what to cite for layers of this plugin: paper, data, and the IDR.

    Nothing is sent: it is made of what the layers remember. Each paper and each data
    set occurs once, however many layers are of it.

    Parameters
    ----------
    shown
        A layer, its `metadata`, or `metadata["idr"]`; or several of these, such as
        `viewer.layers`. Layers of other origin among several are passed over.
    style
        ``"text"``, a line each; ``"bibtex"``; ``"ris"`` (EndNote, Zotero and others);
        or ``"csl-json"``, from which a reference manager makes any journal's style.

    Returns
    -------
    str
        The citations; keys are the same for the same work each time.

    Raises
    ------
    ValueError
        Nothing of it comes from an archive, or the style is none of these.

    Examples
    --------
    >>> metadata = {"server": "https://idr.openmicroscopy.org", "study": None}
    >>> cite(metadata).splitlines()[0]
    '@article{doi:10.1038/nmeth.4326,'
    """
    return written(references(sources(shown)), style)


def cite_card(card: StudyCard, style: Style = "bibtex") -> str:
    """Return what to cite for a study, as its card tells."""
    return written(references((card_source(card),)), style)
