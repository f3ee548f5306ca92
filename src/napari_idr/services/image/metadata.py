"""Metadata of a layer, `layer.metadata["idr"]`: where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr._version import __version__
from napari_idr.model import ImageRef
from napari_idr.services.image.pixel_source import source_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.model import (
        Annotation,
        Dataset,
        Image,
        ObjectRef,
        PixelSource,
        Plate,
        PlateAcquisition,
        Study,
        WellId,
    )
    from napari_idr.services.study import StudyCard

__all__ = ["METADATA_VERSION", "Json", "idr_metadata"]

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

METADATA_VERSION = 1
"""Raised when a key changes its meaning; new keys alone don't raise it."""


def idr_metadata(
    *,
    server: str,
    study: Study | None = None,
    card: StudyCard | None = None,
    dataset: Dataset | None = None,
    plate: Plate | None = None,
    run: PlateAcquisition | None = None,
    field: int | None = None,
    well_id: WellId | None = None,
    well_label: str | None = None,
    image: Image | ImageRef | None = None,
    annotations: Iterable[Annotation] = (),
    pixel_source: PixelSource | None = None,
    web_url: str | None = None,
    query: tuple[str, str] | None = None,
    conditions: Iterable[str] = (),
    title: str | None = None,
) -> dict[str, Json]:
    """Return the origin of a layer as plain values that survive JSON.

    All keys are always there; what isn't known is None.

    Parameters
    ----------
    server
        The address of the server.
    study, card
        The study, and what its key-values say about licence, DOI and authors.
    dataset, plate, run
        Where the image lies, as far as known.
    field
        Counts from 0, within the run where there is one.
    well_id, well_label
        The well and what is printed on the plate for it ("C7").
    image
        The image; None for a mosaic.
    annotations
        Key-values of any of the objects; order and repeated keys are kept.
    pixel_source
        What the pixels of the layer are.
    web_url
        A link for people.
    query, conditions
        The (key, value) of the search that led here.
    title
        What the names of the layers begin with; None for the name of the image.

    Examples
    --------
    >>> found = idr_metadata(server="https://idr.org", query=("gene", "CDC20"))
    >>> found["version"], found["query"], found["plate"]
    (1, {'key': 'gene', 'value': 'CDC20'}, None)
    """
    exact = not isinstance(image, ImageRef | None) and image.pixel_type == "uint8"
    terms = None if card is None else card.terms
    return {
        "version": METADATA_VERSION,
        "plugin_version": __version__,
        "server": server,
        "study": None if study is None else _reference(study.ref),
        "dataset": None if dataset is None else _numbered(dataset.id, dataset.name),
        "plate": None if plate is None else _numbered(plate.id, plate.name),
        "run": None if run is None else _numbered(run.id, run.name),
        "field": field,
        "well": _well(well_id, well_label),
        "image": _image(image),
        "annotations": [_annotation(one) for one in annotations],
        "pixel_source": None if pixel_source is None else pixel_source.value,
        "pixel_source_words": (
            None if pixel_source is None else source_text(pixel_source, exact=exact)
        ),
        "licence": None if card is None else card.licence,
        "licence_url": None if card is None else card.licence_url,
        "licence_class": None if terms is None else terms.kind,
        "licence_version": None if terms is None else terms.version,
        "licence_warning": None if terms is None else terms.warning,
        "doi": None if card is None else card.doi_url,
        "data_doi": None if card is None else card.data_doi_url,
        "citation": None if card is None else _citation(card),
        "web_url": web_url,
        "query": None if query is None else _query(*query, conditions),
        "title": title,
    }


def _query(key: str, value: str, conditions: Iterable[str]) -> dict[str, Json]:
    found: dict[str, Json] = {"key": key, "value": value}
    if told := list(conditions):
        found["conditions"] = list(told)
    return found


def _citation(card: StudyCard) -> dict[str, Json]:
    """Return what a citation of the study needs besides its DOIs and licence."""
    return {
        "title": card.title,
        "authors": card.authors,
        "publication": card.publication,
        "released": card.released,
        "url": card.web_url,
    }


def _numbered(number: int, name: str) -> dict[str, Json]:
    return {"id": int(number), "name": name}


def _reference(ref: ObjectRef) -> dict[str, Json]:
    return {"kind": ref.kind, "id": int(ref.id), "name": ref.name}


def _well(well_id: WellId | None, label: str | None) -> dict[str, Json] | None:
    if well_id is None and label is None:
        return None
    return {"id": None if well_id is None else int(well_id), "label": label}


def _image(image: Image | ImageRef | None) -> dict[str, Json] | None:
    if image is None:
        return None
    image_id = image.image_id if isinstance(image, ImageRef) else image.id
    return _numbered(image_id, image.name)


def _annotation(annotation: Annotation) -> dict[str, Json]:
    parent = annotation.parent
    return {
        "namespace": annotation.namespace,
        "pairs": [[key, value] for key, value in annotation.pairs],
        "parent": None if parent is None else _reference(parent),
    }
