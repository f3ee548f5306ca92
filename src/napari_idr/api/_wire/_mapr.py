"""mapr's JSON to our models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import (
    ContainerHit,
    Dataset,
    DatasetHit,
    DatasetId,
    ImageId,
    ImageRef,
    Plate,
    PlateHit,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    SearchKey,
    Suggestion,
)

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node


def search_keys(config: Node) -> tuple[SearchKey, ...]:
    """Read what a server is set up to search by; keys without attributes fall away.

    The attributes that mapr asks first unless told otherwise come first.
    """
    keys = []
    for name, node in config.items():
        default = [one.read(str) for one in node.find_children("default")]
        every = [one.read(str) for one in node.find_children("all")]
        attributes = tuple(dict.fromkeys([*default, *every]))
        if attributes:
            label = node.find("label", str) or name
            keys.append(SearchKey(name=name, label=label, attributes=attributes))
    return tuple(keys)


def suggestions(answer: Node) -> tuple[Suggestion, ...]:
    """Read the values that complete a text; mapr tells no counts."""
    return tuple(Suggestion(value=node.get("value", str)) for node in answer.elements())


def spellings(answer: Node) -> tuple[Suggestion, ...]:
    """Read values and the number of images that carry each."""
    return tuple(
        Suggestion(value=node.get("id", str), image_count=_counter(node))
        for node in answer.children("maps")
    )


def screens(answer: Node) -> tuple[ContainerHit, ...]:
    """Read the screens that match."""
    return tuple(
        ContainerHit(
            container=Screen(id=ScreenId(node.get("id", int)), name=_name(node)),
            image_count=_counter(node),
        )
        for node in answer.children("screens")
    )


def projects(answer: Node) -> tuple[ContainerHit, ...]:
    """Read the projects that match."""
    return tuple(
        ContainerHit(
            container=Project(id=ProjectId(node.get("id", int)), name=_name(node)),
            image_count=_counter(node),
        )
        for node in answer.children("projects")
    )


def plates(answer: Node) -> tuple[PlateHit, ...]:
    """Read the plates that match; their names have no suffix."""
    return tuple(
        PlateHit(
            plate=Plate(id=PlateId(node.get("id", int)), name=node.get("name", str)),
            image_count=node.get("childCount", int),
        )
        for node in answer.children("plates")
    )


def datasets(answer: Node) -> tuple[DatasetHit, ...]:
    """Read the datasets that match; their names have no suffix."""
    return tuple(
        DatasetHit(
            dataset=Dataset(
                id=DatasetId(node.get("id", int)), name=node.get("name", str)
            ),
            image_count=node.get("childCount", int),
        )
        for node in answer.children("datasets")
    )


def images(
    answer: Node,
    *,
    plate_id: PlateId | None = None,
    dataset_id: DatasetId | None = None,
) -> tuple[ImageRef, ...]:
    """Read the images that match in the plate or dataset that was asked for."""
    return tuple(
        ImageRef(
            image_id=ImageId(node.get("id", int)),
            name=node.find("name", str) or "",
            plate_id=plate_id,
            dataset_id=dataset_id,
        )
        for node in answer.children("images")
    )


def without_counter(name: str, counter: int | None) -> str:
    """Return the name of a study without the count that mapr puts behind it.

    >>> without_counter("idr0002-heriche-condensation/screenA (24)", 24)
    'idr0002-heriche-condensation/screenA'
    >>> without_counter("control (2)", 24), without_counter("control (2)", None)
    ('control (2)', 'control (2)')
    """
    return name if counter is None else name.removesuffix(f" ({counter})")


def _name(node: Node) -> str:
    return without_counter(node.get("name", str), _counter(node))


def _counter(node: Node) -> int | None:
    extra = node.find_child("extra")
    return None if extra is None else extra.find("counter", int)
