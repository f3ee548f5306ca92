"""The demo search engine's index: a document for each object of a world.

As in the real index a document keeps what the indexer's tables held: numbers turn
into floats in a block of ids that mixes them with nulls, an image in two datasets
carries each pair twice, an image without annotation one pair of nulls.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from napari_idr.demo.search.query import Document, Pair, Query, select
from napari_idr.demo.world import OWNER_ID, Image, Kind, MapAnnotation, World

DATA_SOURCE = "idr"
GROUP_ID = 3
BLOCK = 300
"""Images that the indexer reads at once; few, so that a small world mixes some."""

UNANNOTATED = (Pair(None, None, None),)

PLACE_IDS = (
    "project_id",
    "dataset_id",
    "screen_id",
    "plate_id",
    "well_id",
    "wellsample_id",
    "experiment",
)


@dataclass(frozen=True)
class SearchIndex:
    """Documents by kind, each list by ascending id."""

    documents: Mapping[str, tuple[Document, ...]]

    @cached_property
    def studies(self) -> Mapping[tuple[str, int], Document]:
        """Projects, then screens, by kind and id."""
        return {
            (kind, one.id): one
            for kind in ("project", "screen")
            for one in self.documents[kind]
        }

    @cached_property
    def buckets(self) -> Mapping[str, Counter[tuple[str, str]]]:
        """By kind: how many pairs have a key and (in lower case) a value."""
        return {
            kind: Counter(
                (pair.name, (pair.value or "").lower())
                for one in documents
                for pair in one.pairs
                if pair.name is not None
            )
            for kind, documents in self.documents.items()
        }

    def images(self, query: Query) -> list[Document]:
        """Return the images of a query whose filters may be about other kinds.

        Raises
        ------
        QueryRefused
            When the index can't run it.
        """
        if any(one.resource is None for one in query.filters):
            return []
        found = select(self.documents["image"], query.about("image"))
        for kind in ("container", "project", "screen", "plate", "well"):
            part = query.about(kind)
            if part.filters:
                places = self._places(kind, part)
                found = [one for one in found if not places.isdisjoint(_places(one))]
        return found

    def _places(self, kind: str, query: Query) -> set[tuple[str, int]]:
        kinds = ("project", "screen") if kind == "container" else (kind,)
        return {
            (one_kind, one.id)
            for one_kind in kinds
            for one in select(self.documents[one_kind], query)
        }


def study_of(image: Document) -> tuple[str, int]:
    """Return the kind and id of the study an image belongs to."""
    return next(place for place in _places(image) if place[0] in ("project", "screen"))


def _places(image: Document) -> Iterator[tuple[str, int]]:
    for kind in ("project", "screen", "plate", "well"):
        if (number := image.attributes[f"{kind}_id"]) is not None:
            yield kind, int(number)


def index_world(world: World) -> SearchIndex:
    """Read all documents of a world."""
    return SearchIndex(
        {
            "image": tuple(_image_documents(world)),
            "project": tuple(_plain(world, "project", world.projects.values())),
            "screen": tuple(_plain(world, "screen", world.screens.values())),
            "plate": tuple(_plain(world, "plate", world.plates.values())),
            "well": tuple(_plain(world, "well", world.wells.values())),
        }
    )


def _plain(world: World, kind: Kind, objects: Iterable[Any]) -> Iterator[Document]:
    for one in sorted(objects, key=lambda one: int(one.id)):
        yield Document(
            resource=kind,
            id=one.id,
            name=getattr(one, "name", None),
            description=getattr(one, "description", None) or None,
            attributes={"owner_id": OWNER_ID, "group_id": GROUP_ID},
            pairs=tuple(_pairs(world.maps_of(kind, one.id))) or UNANNOTATED,
        )


def _image_documents(world: World) -> Iterator[Document]:
    links = Counter(i for d in world.datasets.values() for i in d.image_ids)
    studied = (
        image
        for _, image in sorted(world.images.items())
        if image.id in world.places  # an orphan is in no study and not indexed
    )
    for block in _in_blocks(
        _image_document(world, one, links[one.id] or 1) for one in studied
    ):
        yield from _as_one_table(block)


def _in_blocks(documents: Iterator[Document]) -> Iterator[list[Document]]:
    while block := list(islice(documents, BLOCK)):
        yield block


def _image_document(world: World, image: Image, times: int) -> Document:
    place = world.places[image.id]
    maps = {one.id: one for one in world.maps_of("image", image.id)}
    if place.well is not None:
        maps |= {one.id: one for one in world.maps_of("well", place.well.id)}
    attributes: dict[str, Any] = {
        "owner_id": OWNER_ID,
        "group_id": GROUP_ID,
        "experiment": None,
        "image_size": None,
        "wellsample_id": place.sample and place.sample.id,
        "well_id": place.well and place.well.id,
    }
    for kind in ("project", "dataset", "screen", "plate"):
        parent = getattr(place, kind)
        attributes[f"{kind}_id"] = parent and parent.id
        attributes[f"{kind}_name"] = parent and parent.name
    return Document(
        resource="image",
        id=image.id,
        name=image.name,
        description=image.description or None,
        attributes=attributes,
        pairs=tuple(_pairs(maps.values())) * times or UNANNOTATED,
    )


def _pairs(maps: Iterable[MapAnnotation]) -> Iterator[Pair]:
    for one in maps:
        for index, (name, value) in enumerate(one.pairs):
            yield Pair(name, value, index)


def _as_one_table(block: list[Document]) -> Iterator[Document]:
    """Yield the documents of a block; a column with a null holds floats."""
    mixed = [
        name for name in PLACE_IDS if any(one.attributes[name] is None for one in block)
    ]
    bare = any(one.pairs == UNANNOTATED for one in block)
    for one in block:
        floats = {
            name: None if one.attributes[name] is None else float(one.attributes[name])
            for name in mixed
        }
        pairs = one.pairs
        if bare:
            pairs = tuple(
                replace(pair, index=None if pair.index is None else float(pair.index))
                for pair in pairs
            )
        yield replace(one, attributes=one.attributes | floats, pairs=pairs)
