"""Reader of the raw pixels of an image from its OME-Zarr."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from napari_idr.api.pixels.reader import Level, PixelRegion, require_region
from napari_idr.api.zarr.arrays import LevelArray, as_type, level_array
from napari_idr.api.zarr.hidden import DeniedChunks, HiddenChunks
from napari_idr.api.zarr.metadata import parse_json, read_group
from napari_idr.errors import NotFoundError, PixelDataError, StatusError
from napari_idr.model import Channel, Image, PixelSource, complete_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_idr.api.zarr.metadata import Label, ZarrGroup, ZarrImage
    from napari_idr.api.zarr.store import ObjectStorage
    from napari_idr.cancel import CancelToken


PIXEL_TYPES = {"float32": "float", "float64": "double", "bool": "bit"}
"""The archive's words for types, where they aren't numpy's."""

DENIED = 403

MAX_SERIES = 32
"""Images of a collection that are looked at to find the one of the archive; each takes
a few requests. One whose number is told may be of any collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrReader:
    """Raw pixels, as stored. Thread-safe; pickles without connections.

    Where `rgb` is true the three channels are read as one picture.
    """

    image: Image
    rgb: bool
    url: str
    metadata: ZarrImage
    arrays: tuple[LevelArray, ...]
    storage: ObjectStorage
    hidden: HiddenChunks = field(repr=False, compare=False)

    @property
    def source(self) -> PixelSource:
        """Raw: nothing has been done to the numbers."""
        return PixelSource.RAW

    @property
    def label(self) -> Label | None:
        """What is known of the labels, None unless the image holds labels."""
        return self.metadata.label

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the largest resolution; the others are read as it."""
        return self.arrays[0].dtype

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions, the largest first."""
        return tuple(
            Level(shape=(a.size("y"), a.size("x")), chunk=(a.chunk("y"), a.chunk("x")))
            for a in self.arrays
        )

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the pixels of a rectangle; a chunk that isn't there is fill value."""
        require_region(region, self.levels, self.image)
        cancel.check()
        array, index = self.arrays[region.level], self._index(region)
        denied = DeniedChunks(self.hidden)
        # A chunk of several planes is asked for once, not again with each plane.
        try:
            pixels = as_type(
                self.storage.read(
                    self.url,
                    lambda root: array.read(root, index),
                    expected=array.names(index),
                    keep=array.is_deep,
                    denied=denied,
                    max_bytes=array.most_stored_bytes,
                    cancel=cancel,
                ),
                self.dtype,
            )
            self._require_public(denied, cancel)
            denied.hide()
        except PixelDataError as error:
            raise PixelDataError(error.message, url=error.url or self.url) from error
        return np.ascontiguousarray(np.moveaxis(pixels, 0, -1)) if self.rgb else pixels

    def _index(self, region: PixelRegion) -> dict[str, int | slice]:
        """Return where a region is in the array of its level."""
        array = self.arrays[region.level]
        return {
            "t": _at(region.t, self.arrays[0].size("t"), array.size("t")),
            "c": slice(0, 3) if self.rgb else region.c,
            "z": _at(region.z, self.arrays[0].size("z"), array.size("z")),
            "y": slice(region.y0, region.y1),
            "x": slice(region.x0, region.x1),
        }

    def ask_again(self) -> Callable[[PixelRegion], bool] | None:
        """Let hidden chunks be asked for again; see `pixels.reader.ask_again`."""
        hidden = self.hidden.forget()
        if not hidden:
            return None

        def lacks(region: PixelRegion) -> bool:
            names = self.arrays[region.level].objects(self._index(region))
            return not hidden.isdisjoint(names)

        return lacks

    def _require_public(self, denied: DeniedChunks, cancel: CancelToken) -> None:
        """Raise if the store gives not one chunk of the image.

        Before that, it is asked for some others: a part of an image may be empty.
        """
        if denied.denial is None:
            return
        names = [n for array in (self.arrays[-1], self.arrays[0]) for n in array.some()]
        self.storage.probe(self.url, names, denied=denied, cancel=cancel)
        if denied.denial is not None:
            raise denied.denial

    @property
    def read_notes(self) -> tuple[str, ...]:
        """How many of the chunks that were read are hidden."""
        return self.hidden.notes

    def label_names(self, *, cancel: CancelToken) -> tuple[str, ...]:
        """Return the names of the label images, often none.

        GET {zarr}/labels/{.zattrs,zarr.json}
        """
        try:
            group = load_group(f"{self.url}/labels", self.storage, cancel=cancel)
        except NotFoundError:
            return ()
        except StatusError as error:
            if error.status != DENIED:
                raise
            return ()  # see `_described`: the image beside them wasn't denied
        return group.label_names

    def open_label(self, name: str, *, cancel: CancelToken) -> ZarrReader:
        """Return a reader of the labels of this name; sizes and levels are its own."""
        if name.split("/")[0] in ("", "..", "."):
            raise ValueError(f"not the name of labels: {name!r}")
        mine = replace(self.image, name=name, channels=(), notes=(), zarr_url=None)
        url = f"{self.url}/labels/{quote(name)}"
        return open_zarr(mine, url, self.storage, rgb=False, cancel=cancel)


def open_zarr(
    image: Image,
    url: str,
    storage: ObjectStorage,
    *,
    rgb: bool | None = None,
    cancel: CancelToken,
) -> ZarrReader:
    """Return a reader of the image at an address.

    The reader's image has the sizes that the arrays have, and what the archive left
    out: channels, pixel sizes. `rgb` None leaves it to the image.

    GET {zarr}/{.zattrs,zarr.json}, then {zarr}/{level}/{.zarray,zarr.json} of each

    Raises
    ------
    NotFoundError
        Nothing is there.
    PixelDataError
        What is there can't be read; the message says why.
    ConnectionFailedError
        The store can't be reached.
    """
    group, third_format = _load(url, storage, cancel=cancel)
    if not group.images and group.collection and group.container != "plate":
        return _open_of_collection(image, url, storage, rgb=rgb, cancel=cancel)
    if not group.images:
        kind = group.container
        fact = f"it is a {kind}, not an image" if kind else "it holds no image"
        raise PixelDataError(fact, url=url)
    if len(group.images) == 1:
        return _open_image(
            image, url, group.images[0], third_format, storage, rgb=rgb, cancel=cancel
        )
    return _open_of_several(
        image, url, group.images, third_format, storage, rgb=rgb, cancel=cancel
    )


def _open_of_several(
    image: Image,
    url: str,
    images: Sequence[ZarrImage],
    third_format: bool,
    storage: ObjectStorage,
    *,
    rgb: bool | None,
    cancel: CancelToken,
) -> ZarrReader:
    """Return the one of several multiscale images in a group that is meant.

    It is the one of that name, else the first of these sizes: "the user can choose by
    name, using the first multiscale as a fallback" (NGFF 0.4 and 0.5).

    Raises
    ------
    PixelDataError
        None of them has these sizes.
    """
    meant = _names(image)
    named = [one for one in images if one.name in meant]
    failures: list[PixelDataError] = []
    for metadata in named if len(named) == 1 else images:
        try:
            reader = _open_image(
                image, url, metadata, third_format, storage, rgb=rgb, cancel=cancel
            )
        except PixelDataError as error:
            failures.append(error)
            continue
        if (mismatch := _mismatch(image, reader.arrays[0])) is None:
            note = f"the OME-Zarr holds {len(images)} images in one place"
            shown = replace(reader.image, notes=(*reader.image.notes, note))
            return replace(reader, image=shown)
        failures.append(PixelDataError(mismatch, url=url))
    reason = f"nothing tells which of several images it is: {failures[0].message}"
    raise PixelDataError(reason, url=url)


def _open_of_collection(
    image: Image,
    url: str,
    storage: ObjectStorage,
    *,
    rgb: bool | None,
    cancel: CancelToken,
) -> ZarrReader:
    """Return the image of a collection that is meant (NGFF, `bioformats2raw.layout`).

    It is the one of the number that the archive tells, else the only one, else the
    only one of that name or of these sizes.

    Raises
    ------
    PixelDataError
        Nothing tells which it is.
    """
    paths = _series(url, storage, cancel)
    is_alone = len(paths) == 1
    if image.series is not None and not is_alone:
        if paths and image.series >= len(paths):
            reason = f"it holds {len(paths)} images, none of number {image.series}"
            raise PixelDataError(reason, url=url)
        paths = (paths[image.series] if paths else str(image.series),)
    elif len(paths) > MAX_SERIES:
        reason = f"nothing tells which of several images it is: {len(paths)}"
        raise PixelDataError(reason, url=url)
    if "" in paths:
        raise PixelDataError("its list of images leads nowhere", url=url)
    found: list[tuple[tuple[str, ...], ZarrReader]] = []
    for path in paths or map(str, range(MAX_SERIES)):
        place = f"{url}/{quote(path)}"
        try:
            group, third_format = _load(place, storage, cancel=cancel)
        except StatusError as error:
            # Without a list they are numbered, up to the first that isn't there.
            is_absent = isinstance(error, NotFoundError) or error.status == DENIED
            if not paths and found and is_absent:
                break
            raise
        if len(group.images) != 1:
            reason = f"{len(group.images)} images are where one is due"
            raise PixelDataError(reason, url=place)
        [metadata] = group.images
        reader = _open_image(
            image, place, metadata, third_format, storage, rgb=rgb, cancel=cancel
        )
        found.append(((path, metadata.name), reader))
    if len(found) == 1 and (not paths or (is_alone and not image.series)):
        return found[0][1]
    return _chosen(image, found, url)


def _series(url: str, storage: ObjectStorage, cancel: CancelToken) -> tuple[str, ...]:
    """Return the paths of the images of a collection, none where it lists none.

    GET {url}/OME/{.zattrs,zarr.json}
    """
    try:
        return load_group(f"{url}/OME", storage, cancel=cancel).series
    except NotFoundError:
        return ()
    except StatusError as error:
        if error.status != DENIED:
            raise
        return ()  # see `_described`: the collection beside it wasn't denied


def _chosen(
    image: Image, found: Sequence[tuple[tuple[str, ...], ZarrReader]], url: str
) -> ZarrReader:
    """Return the one of several images that is meant, each given with its names."""
    fitting = [
        (names, reader)
        for names, reader in found
        if _mismatch(image, reader.arrays[0]) is None
    ]
    if len(fitting) > 1:
        meant = _names(image)
        named = [one for one in fitting if meant & set(filter(None, one[0]))]
        fitting = named or fitting
    if len(fitting) == 1:
        return fitting[0][1]
    if not fitting and len(found) == 1:
        raise PixelDataError(_mismatch(image, found[0][1].arrays[0]) or "", url=url)
    reason = "nothing tells which of several images it is"
    if not fitting:
        reason = f"{reason}: {_mismatch(image, found[0][1].arrays[0])}"
    raise PixelDataError(reason, url=url)


def _names(image: Image) -> set[str]:
    """Return what the image may be called in its file: "a.lif [Scan]" is Scan."""
    bracketed = re.search(r"\[([^\[\]]*)\]\s*$", image.name)
    return {image.name, *([bracketed[1].strip()] if bracketed else [])} - {""}


def _open_image(
    image: Image,
    url: str,
    metadata: ZarrImage,
    third_format: bool,
    storage: ObjectStorage,
    *,
    rgb: bool | None,
    cancel: CancelToken,
) -> ZarrReader:
    """Return a reader of the one image that these metadata describe."""
    notes: list[str] = []
    name = "zarr.json" if third_format else ".zarray"
    paths = [level.path for level in metadata.levels]
    bodies = storage.fetch(url, [f"{path}/{name}" for path in paths], cancel=cancel)
    arrays: list[LevelArray] = []
    for path, body in zip(paths, bodies, strict=True):
        try:
            arrays.append(level_array(path, metadata.letters, body))
        except PixelDataError as error:
            if path == metadata.finest.path:  # without it, it isn't the image
                raise PixelDataError(error.message, url=url) from error
            notes.append(f"a resolution is left out: {error.message}")
    arrays, odd = _in_order(arrays)
    by_path = {level.path: level for level in metadata.levels}
    metadata = replace(metadata, levels=tuple(by_path[a.path] for a in arrays))
    notes += [*odd, *placing_notes(metadata, arrays)]
    if (mismatch := _mismatch(image, arrays[0])) is not None:
        notes.append(mismatch)
    shown = _image(image, metadata, arrays[0], url, tuple(notes))
    shown = replace(shown, levels=tuple((a.size("y"), a.size("x")) for a in arrays))
    picture = shown.is_rgb if rgb is None else rgb
    return ZarrReader(
        image=shown,
        rgb=picture and arrays[0].size("c") == 3 and arrays[0].dtype == np.uint8,
        url=url,
        metadata=metadata,
        arrays=tuple(arrays),
        storage=storage,
        hidden=HiddenChunks(url),
    )


def load_group(url: str, storage: ObjectStorage, *, cancel: CancelToken) -> ZarrGroup:
    """Return what the group at an address says of itself.

    GET {url}/{.zattrs,zarr.json}

    Raises
    ------
    NotFoundError
        There is neither of the two.
    PixelDataError
        They can't be read; the message says why.
    """
    group, _ = _load(url, storage, cancel=cancel)
    return group


def _load(
    url: str, storage: ObjectStorage, *, cancel: CancelToken
) -> tuple[ZarrGroup, bool]:
    """Return a group, and whether it is of Zarr's third format."""
    new, old = _described(url, storage, cancel)
    if (body := old if new is None else new) is None:
        raise NotFoundError("there is no OME-Zarr", url=url)
    document = parse_json(body, url=url)
    if document.get("node_type") == "array":
        raise PixelDataError("it is an array, not an image", url=url)
    return read_group(document, url=url), new is not None


def _described(
    url: str, storage: ObjectStorage, cancel: CancelToken
) -> tuple[bytes | None, bytes | None]:
    """Return what describes a group, in the third format and in the second.

    S3 denies what isn't there to those who may not list a bucket, in place of saying
    so (GetObject without s3:ListBucket). One of the two never is there.
    """
    names = ("zarr.json", ".zattrs")
    try:
        new, old = storage.fetch(url, names, cancel=cancel)
    except StatusError as error:
        if error.status != DENIED:
            raise
        denial = error
    else:
        return new, old
    bodies: list[bytes | None] = []
    for name in names:
        try:
            bodies += storage.fetch(url, [name], cancel=cancel)
        except StatusError as error:
            if error.status != DENIED:
                raise
            bodies.append(None)
    new, old = bodies
    if new is None and old is None:
        raise denial
    return new, old


def _in_order(arrays: list[LevelArray]) -> tuple[list[LevelArray], list[str]]:
    """Put the largest first, leave out what isn't like it, and say what is odd."""
    notes = []
    ordered = sorted(arrays, key=_extent, reverse=True)
    if [a.path for a in ordered] != [a.path for a in arrays]:
        notes.append("the resolutions aren't listed from large to small")
    channels = ordered[0].size("c")
    notes += [
        f"a resolution is left out: the array {a.path!r} has {a.size('c')} channels "
        f"for {channels}"
        for a in ordered
        if a.size("c") != channels
    ]
    ordered = [a for a in ordered if a.size("c") == channels]
    if len({a.dtype for a in ordered}) > 1:
        notes.append(
            "the resolutions are of different types; all are read as the first"
        )
    return ordered, notes


def _extent(array: LevelArray) -> tuple[int, int]:
    """Return by what levels are ordered: px of a plane, then planes."""
    return array.size("y") * array.size("x"), array.size("z") * array.size("t")


def _mismatch(image: Image, array: LevelArray) -> str | None:
    """Say where the archive has other sizes than the array, None if it hasn't."""
    archived = [getattr(image, f"size_{letter}") for letter in "tczyx"]
    sizes = [array.size(letter) for letter in "tczyx"]
    if archived == sizes or 0 in archived:
        return None
    told, found = (" x ".join(map(str, numbers)) for numbers in (archived, sizes))
    return f"the archive says {told} (t c z y x), its OME-Zarr has {found}"


def _image(
    image: Image,
    metadata: ZarrImage,
    array: LevelArray,
    url: str,
    notes: tuple[str, ...],
) -> Image:
    """Return the image with the sizes of its array and what the archive left out."""
    sizes: dict[str, Any] = {f"size_{letter}": array.size(letter) for letter in "xyzct"}
    pixel_type = PIXEL_TYPES.get(array.dtype.name, array.dtype.name)
    size_z, size_t = sizes["size_z"], sizes["size_t"]
    return replace(
        image,
        **sizes,
        name=image.name or metadata.name,
        pixel_type=pixel_type,
        channels=_channels(image, metadata, array),
        pixel_size_x_um=image.pixel_size_x_um or metadata.pixel_size_um("x"),
        pixel_size_y_um=image.pixel_size_y_um or metadata.pixel_size_um("y"),
        pixel_size_z_um=image.pixel_size_z_um or metadata.pixel_size_um("z"),
        default_z=min(image.default_z or metadata.default_z or 0, size_z - 1),
        default_t=min(image.default_t or metadata.default_t or 0, size_t - 1),
        greyscale=(metadata.greyscale if image.greyscale is None else image.greyscale),
        tile_shape=None,
        pixel_source=PixelSource.RAW,
        zarr_url=url,
        notes=(*image.notes, *metadata.notes, *notes),
    )


def _channels(
    image: Image, metadata: ZarrImage, array: LevelArray
) -> tuple[Channel, ...]:
    """Return channels as the archive tells them, and the OME-Zarr what it leaves out.

    The archive's count where there are as many. A window over the whole range of the
    type is what an archive has that knows none, so one of the OME-Zarr goes before it.
    """
    count = array.size("c")
    archived = image.channels if len(image.channels) == count else ()
    sure = [
        replace(one, window=None) if _is_whole_range(one, array.dtype) else one
        for one in archived
    ]
    return complete_channels(count, sure, metadata.channels, archived)


def _is_whole_range(channel: Channel, dtype: np.dtype[np.generic]) -> bool:
    if channel.window is None or dtype.kind not in "iu":
        return False
    ends = np.iinfo(dtype.str)
    return channel.window.start <= ends.min and channel.window.end >= ends.max


def _at(index: int, full: int, here: int) -> int:
    """Return the entry of a level that lies where one of the full resolution does.

    >>> [_at(z, 5, 5) for z in range(5)], [_at(z, 5, 2) for z in range(5)]
    ([0, 1, 2, 3, 4], [0, 0, 1, 1, 1])
    """
    return min((2 * index + 1) * here // (2 * full), here - 1)


def placing_notes(metadata: ZarrImage, arrays: Sequence[LevelArray]) -> list[str]:
    """Say where the metadata want an image, or a level of it, elsewhere.

    Parameters
    ----------
    metadata
        Of the image.
    arrays
        Those of its levels that are read, the largest first.
    """
    notes = []
    if place := ", ".join(_placed_at(metadata, arrays[0])):
        notes.append(f"the OME-Zarr places the image at {place}; it is shown from 0")
    notes += [
        f"the resolution {array.path!r} isn't placed like the largest one; "
        "it is laid over the same field"
        for array in arrays[1:]
        if _is_elsewhere(metadata, arrays[0], array)
    ]
    return notes


def _placed_at(metadata: ZarrImage, array: LevelArray) -> Iterator[str]:
    first = {level.path: level for level in metadata.levels}[array.path]
    for axis, shift in zip(metadata.axes, first.translation or (), strict=False):
        if axis.letter and axis.letter in "zyx" and shift != 0:
            yield f"{axis.letter} = {shift:g} {axis.unit or ''}".rstrip()


def _is_elsewhere(metadata: ZarrImage, full: LevelArray, array: LevelArray) -> bool:
    """Whether a level covers another field, by more than one of its own pixels.

    Half a pixel and the rest of a division are how writers differ; what a level
    doesn't tell of itself is that of the largest.
    """
    levels = {level.path: level for level in metadata.levels}
    whole, part = levels[full.path], levels[array.path]
    for index, letter in enumerate(metadata.letters):
        if letter not in "zyx" or whole.scale is None or part.scale is None:
            continue
        step, pixel = whole.scale[index], part.scale[index]
        length, covered = step * full.shape[index], pixel * array.shape[index]
        shift = 0.0
        if whole.translation is not None and part.translation is not None:
            shift = part.translation[index] - whole.translation[index]
        if max(abs(covered - length), abs(shift)) > abs(pixel):
            return True
    return False
