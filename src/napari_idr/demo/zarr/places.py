"""The OME-Zarr of a world: which images have one, and the bytes at a path."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from napari_idr.demo.world import Image, PerWorld, Plate, World
from napari_idr.demo.zarr.plates import plate_texts
from napari_idr.demo.zarr.recipes import PREFIX, Recipe, recipe_of
from napari_idr.demo.zarr.store import ImageStore

KEPT_STORES = 128
"""Images whose metadata is kept: 96 wells, and some more."""

KEPT_BYTES = 64_000_000
"""Encoded chunks that are kept, in bytes."""


@dataclass(frozen=True, slots=True)
class ZarrCase:
    """One image that this site serves as OME-Zarr, and how it is written."""

    image: Image
    path: str
    """Of the group below the site's root, as in `externalInfo`."""
    recipe: Recipe


def zarr_cases(world: World) -> list[ZarrCase]:
    """Return every image of a world that is served as OME-Zarr, broken ones too."""
    return [
        ZarrCase(image, image.zarr, recipe_of(image))
        for image in world.images.values()
        if image.zarr is not None and image.zarr.startswith(PREFIX)
    ]


@dataclass
class ZarrShelf:
    """The OME-Zarr of a world by path, with a cache of what was made last."""

    images: dict[str, Image]
    plates: dict[str, Plate]
    _stores: "OrderedDict[str, ImageStore]" = field(default_factory=OrderedDict)
    _texts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _chunks: "OrderedDict[str, bytes]" = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, path: str) -> bytes | None:
        """Return the bytes at a path below the site's root, None where none are."""
        with self._lock:
            if path in self._chunks:
                self._chunks.move_to_end(path)
                return self._chunks[path]
        for group, key in _ways_to_split(path):
            if group in self.images:
                found = self._store(group).get(key)
                if found is not None:
                    self._keep(path, found)
                return found
            if group in self.plates:
                return self._plate_texts(group).get(key)
        return None

    def _store(self, group: str) -> ImageStore:
        with self._lock:
            if group not in self._stores:
                self._stores[group] = ImageStore.of(self.images[group])
            self._stores.move_to_end(group)
            if len(self._stores) > KEPT_STORES:
                self._stores.popitem(last=False)
            return self._stores[group]

    def _plate_texts(self, group: str) -> dict[str, bytes]:
        with self._lock:
            if group not in self._texts:
                self._texts[group] = plate_texts(self.plates[group])
            return self._texts[group]

    def _keep(self, path: str, found: bytes) -> None:
        with self._lock:
            self._size += len(found) - len(self._chunks.pop(path, b""))
            self._chunks[path] = found
            while self._size > KEPT_BYTES:
                _, dropped = self._chunks.popitem(last=False)
                self._size -= len(dropped)


def _ways_to_split(path: str) -> Iterator[tuple[str, str]]:
    """Yield (group, key) of a path, long groups first."""
    parts = path.split("/")
    for cut in range(len(parts) - 1, 0, -1):
        yield "/".join(parts[:cut]), "/".join(parts[cut:])


def _fill(world: World) -> ZarrShelf:
    return ZarrShelf(
        {case.path: case.image for case in zarr_cases(world)},
        {plate.zarr: plate for plate in world.plates.values() if plate.zarr},
    )


shelf_of = PerWorld(_fill)
