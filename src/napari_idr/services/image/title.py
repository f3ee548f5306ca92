"""Title of an image: what tells it from others, as short as the names of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model import Annotation
    from napari_idr.services.details import ImageRequest

__all__ = ["well_title", "well_word"]

TOLD_KEYS = (
    "gene symbol",
    "gene symbols",
    "gene",
    "gene identifier",
    "compound name",
    "compound",
    "sirna identifier",
    "antibody name",
    "orf identifier",
    "control type",
)
"""Keys of annotations that tell in a word what a well holds, the best first."""


def well_title(request: ImageRequest, annotations: Iterable[Annotation]) -> str | None:
    """Return an image's well and its gene or compound, None for an image of no well.

    The field is told unless it is the first.

    >>> from napari_idr.model import ImageRef, MapAnnotation
    >>> from napari_idr.services.details import ImageRequest
    >>> request = ImageRequest(ref=ImageRef(image_id=1), well_label="C4", field=1)
    >>> gene = MapAnnotation(id=1, namespace=None, pairs=(("Gene Symbol", "CDC20"),))
    >>> well_title(request, [gene]), well_title(request, [])
    ('C4, field 2 · CDC20', 'C4, field 2')
    """
    if request.well_label is None:
        return None
    well = request.label if request.field else request.well_label
    word = well_word(annotations) or request.told
    return " · ".join(part for part in (well, word) if part)


def well_word(annotations: Iterable[Annotation]) -> str | None:
    """Return the gene of a well, else its compound, or what else tells most.

    Several values of one key are all named.
    """
    values: dict[str, dict[str, None]] = {}
    for annotation in annotations:
        for key, value in annotation.pairs:
            if value.strip():
                values.setdefault(key.strip().lower(), {}).setdefault(value.strip())
    found = (values[key] for key in TOLD_KEYS if key in values)
    best = next(found, None)
    return None if best is None else ", ".join(best)
