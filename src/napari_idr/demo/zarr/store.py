"""One image as OME-Zarr: its metadata at once, its chunks when they are asked for.

The bytes are zarr-python's: a chunk (or shard) is drawn, written to an array in
memory and taken out again, so an image of any size costs what is read of it.
"""

import asyncio
import json
import math
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from zarr.api.asynchronous import create_array
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.storage import MemoryStore

from napari_idr.demo import pixels
from napari_idr.demo.world import Image
from napari_idr.demo.zarr.labels import LABEL_NAMES, draw_labels, label_node
from napari_idr.demo.zarr.recipes import (
    Recipe,
    axes_node,
    omero_node,
    plane_axes,
    recipe_of,
    transformations,
)


@dataclass(frozen=True)
class _Level:
    """An array of the store: a level of the image or of one of its label images."""

    path: str
    level: int
    axes: str
    array: Any
    label: str | None = None

    @property
    def block(self) -> tuple[int, ...]:
        """Shape of what one key holds: a shard, else a chunk."""
        shape: tuple[int, ...] = self.array.shards or self.array.chunks
        return shape


@dataclass(frozen=True)
class ImageStore:
    """The keys below an image's group."""

    image: Image
    recipe: Recipe
    _texts: dict[str, bytes] = field(default_factory=dict)
    """Metadata by key."""
    _memory: dict[str, Any] = field(default_factory=dict)
    """What zarr writes to; empty but for a moment."""
    _levels: dict[str, _Level] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, image: Image) -> "ImageStore":
        """Write the metadata of an image."""
        store = cls(image, recipe_of(image))
        if store.recipe.fault != "gone":
            _wait_for(store._write_metadata())
        return store

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, None where there is none."""
        if (text := self._texts.get(key)) is not None:
            return text
        for path, level in self._levels.items():
            if key.startswith(f"{path}/"):
                return self._chunk(level, key)
        return None

    def values(self, level: int) -> NDArray[Any]:
        """Return a whole level of the image, as it is written."""
        found = self._levels[f"{self._home}{level}"]
        everything = tuple(slice(0, size) for size in found.array.shape)
        return self._draw(found, everything)

    def label_values(self, name: str, level: int) -> NDArray[Any]:
        """Return a whole level of a label image."""
        found = self._levels[f"{self._home}labels/{name}/{level}"]
        everything = tuple(slice(0, size) for size in found.array.shape)
        return self._draw(found, everything)

    @property
    def _home(self) -> str:
        return "0/" if self.recipe.root else ""

    def _chunk(self, level: _Level, key: str) -> bytes | None:
        place = self._place(level, key.removeprefix(f"{level.path}/"))
        if place is None or (self.recipe.fault == "chunk" and _is_lost(level, place)):
            return None
        slices = tuple(
            slice(index * step, min((index + 1) * step, size))
            for index, step, size in zip(
                place, level.block, level.array.shape, strict=True
            )
        )
        drawn = self._draw(level, slices)
        with self._lock:
            _wait_for(level.array.setitem(slices, drawn))
            written = self._memory.pop(key, None)
        return None if written is None else bytes(written.to_bytes())

    def _place(self, level: _Level, name: str) -> tuple[int, ...] | None:
        if self.recipe.format == 3:
            if not name.startswith("c/"):
                return None
            name = name.removeprefix("c/")
        parts = name.split(self.recipe.separator)
        if len(parts) != len(level.axes) or not all(part.isdigit() for part in parts):
            return None
        place = tuple(int(part) for part in parts)
        grid = (
            math.ceil(size / step)
            for size, step in zip(level.array.shape, level.block, strict=True)
        )
        inside = all(index < count for index, count in zip(place, grid, strict=True))
        return place if inside else None

    def _draw(self, level: _Level, slices: tuple[slice, ...]) -> NDArray[Any]:
        spans = dict(zip(level.axes, slices, strict=True))
        y, x = spans["y"], spans["x"]
        outer = [range(s.start, s.stop) for s in slices[:-2]]
        shape = tuple(s.stop - s.start for s in slices)
        drawn = np.empty(shape, level.array.dtype)
        for place in np.ndindex(*shape[:-2]):
            index = {
                axis: span[i]
                for axis, span, i in zip(level.axes, outer, place, strict=False)
            }
            region = (x.start, y.start, x.stop - x.start, y.stop - y.start)
            if level.label is None:
                drawn[place] = pixels.plane(
                    self.image, **index, level=level.level, region=region
                )
            else:
                drawn[place] = draw_labels(
                    self.image, level.label, index.get("t", 0), level.level, region
                )
        return drawn

    async def _write_metadata(self) -> None:
        recipe, home = self.recipe, self._home
        if recipe.root:
            self._group("", {"bioformats2raw.layout": 3})
            self._group("OME/", {"series": ["0"]})
        node: dict[str, Any] = {
            "name": self.image.name,
            "datasets": [self._dataset(level) for level in range(self.image.levels)],
        }
        if recipe.version in ("0.3", "0.4", "0.5"):
            node["axes"] = axes_node(recipe)
        attributes: dict[str, Any] = {"multiscales": [node]}
        if recipe.omero != "none":
            attributes["omero"] = omero_node(self.image, recipe)
        self._group(home, attributes)
        for level in range(self.image.levels):
            await self._array(f"{home}{level}", level, recipe.axes)
        if recipe.labels:
            await self._write_labels()
        if recipe.fault == "level":
            self._lose(f"{home}1")
        if recipe.fault == "attributes":
            self._put(f"{home}.zattrs", '{"multiscales": [{"axes": [')

    def _dataset(self, level: int) -> dict[str, Any]:
        found = transformations(self.image, self.recipe, level)
        told = self.recipe.version in ("0.4", "0.5") and found
        return {"path": str(level)} | (
            {"coordinateTransformations": found} if told else {}
        )

    async def _write_labels(self) -> None:
        home, recipe = self._home, self.recipe
        self._group(f"{home}labels/", {"labels": list(LABEL_NAMES)})
        axes = plane_axes(recipe)
        flat = Recipe(version=recipe.version, axes=axes, translated=recipe.translated)
        for name in LABEL_NAMES:
            datasets = [
                {
                    "path": str(level),
                    "coordinateTransformations": transformations(
                        self.image, flat, level
                    ),
                }
                for level in range(self.image.levels)
            ]
            node = {"name": name, "axes": axes_node(flat), "datasets": datasets}
            about = label_node(self.image, name)
            group = f"{home}labels/{name}/"
            self._group(group, {"multiscales": [node], "image-label": about})
            for level in range(self.image.levels):
                await self._array(f"{group}{level}", level, axes, name)

    def _group(self, path: str, attributes: dict[str, Any]) -> None:
        version = self.recipe.version
        if self.recipe.format == 3:
            node = {
                "zarr_format": 3,
                "node_type": "group",
                "attributes": {"ome": {"version": version} | attributes},
            }
            self._put(f"{path}zarr.json", json.dumps(node))
            return
        for inner in ("omero", "image-label"):
            if inner in attributes:
                attributes[inner]["version"] = version
        for multiscale in attributes.get("multiscales", []):
            multiscale["version"] = version
        self._put(f"{path}.zgroup", json.dumps({"zarr_format": 2}))
        self._put(f"{path}.zattrs", json.dumps(attributes))

    async def _array(
        self, path: str, level: int, axes: str, label: str | None = None
    ) -> None:
        recipe = self.recipe
        width, height = self.image.level_size(level)
        sizes = {
            "t": self.image.size_t,
            "c": self.image.size_c,
            "z": self.image.size_z,
            "y": height,
            "x": width,
        }
        sides = {"y": recipe.chunk_px, "x": recipe.chunk_px}
        chunks = tuple(min(sides.get(axis, 1), sizes[axis]) for axis in axes)
        options: dict[str, Any] = {}
        if recipe.shard_chunks:
            chunks = tuple(sides.get(axis, 1) for axis in axes)
            whole = {"y": recipe.shard_chunks, "x": recipe.shard_chunks}
            options["shards"] = tuple(
                chunk * whole.get(axis, 1)
                for chunk, axis in zip(chunks, axes, strict=True)
            )
        if recipe.format == 3:
            options["dimension_names"] = list(axes)
        else:
            separator = {"name": "v2", "separator": recipe.separator}
            options["chunk_key_encoding"] = separator
        dtype = np.dtype(
            pixels.DTYPES[self.image.pixel_type] if label is None else "i4"
        )
        array = await create_array(
            MemoryStore(self._memory),
            name=path,
            shape=tuple(sizes[axis] for axis in axes),
            chunks=chunks,
            dtype=dtype.newbyteorder(">") if recipe.big_endian else dtype,
            compressors=_compressor(recipe),
            filters=None,
            fill_value=0,
            zarr_format=recipe.format,
            **options,
        )
        self._levels[path] = _Level(path, level, axes, array, label)
        while self._memory:
            key, written = self._memory.popitem()
            if key.startswith(f"{path}/"):  # the groups above it are ours
                self._texts[key] = bytes(written.to_bytes())
        if recipe.version == "0.1":  # written before the separator had a name
            array_node = json.loads(self._texts[f"{path}/.zarray"])
            del array_node["dimension_separator"]
            self._put(f"{path}/.zarray", json.dumps(array_node))

    def _lose(self, path: str) -> None:
        del self._levels[path]
        for key in [key for key in self._texts if key.startswith(f"{path}/")]:
            del self._texts[key]

    def _put(self, key: str, text: str) -> None:
        self._texts[key] = text.encode()


def _wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine of zarr in an event loop of its own, and wait for it.

    Its usual loop may be the one that waits for us: that of a reader in this
    process whose keys come from here.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _is_lost(level: _Level, place: tuple[int, ...]) -> bool:
    """Whether a key is the chunk that a broken store lacks: the second of level 0."""
    return level.level == 0 and place[-1] == 1 and not any(place[:-1])


def _compressor(recipe: Recipe) -> Any:
    """Return the codec of a recipe in the form its zarr format wants."""
    if recipe.compressor is None:
        return None
    if recipe.format == 3:
        return {
            "blosc": BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
            "zstd": ZstdCodec(level=3),
            "gzip": GzipCodec(level=1),
        }[recipe.compressor]
    return {
        "blosc": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
        "zstd": {"id": "zstd", "level": 3},
        "gzip": {"id": "gzip", "level": 1},
    }[recipe.compressor]
