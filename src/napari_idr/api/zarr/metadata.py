"""OME-Zarr metadata, versions 0.1 to 0.5, as records.

Published stores differ from the specification in harmless ways, and are read. What
would give wrong pixels is refused.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_idr.api.json_text import read_json_text
from napari_idr.errors import PixelDataError
from napari_idr.model import Channel, RenderingWindow, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


UM_PER_UNIT = {
    "angstrom": 1e-4,
    "picometer": 1e-6,
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "micron": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "decimeter": 1e5,
    "meter": 1e6,
    "kilometer": 1e9,
    "inch": 25_400.0,
    "foot": 304_800.0,
    "yard": 914_400.0,
    "mile": 1_609_344_000.0,
    "Å": 1e-4,
    "pm": 1e-6,
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
"""Lengths as the format names them (UDUNITS-2), and the symbols that occur."""


def um_per_unit(unit: str | None) -> float | None:
    """Return how many micrometres a unit of length has, None if it isn't one.

    >>> um_per_unit("nanometer"), um_per_unit("pixel"), um_per_unit(None)
    (0.001, None, None)
    """
    if unit is None:
        return None
    return UM_PER_UNIT.get(unit.strip(), UM_PER_UNIT.get(unit.strip().lower()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of the arrays; `letter` is t, c, z, y or x, "" for any other."""

    name: str
    letter: str
    type: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrLevel:
    """Where one resolution is, and how its indices become positions.

    One number for each axis, in its unit; None where the metadata tell none.
    """

    path: str
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """That an image holds labels: their colours, what is told of each, and their image.

    `colors` are (label, "RRGGBBAA"); `properties` are (label, key-value pairs).
    """

    colors: tuple[tuple[int, str], ...] = ()
    properties: tuple[tuple[int, tuple[tuple[str, Value], ...]], ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrImage:
    """One multiscale image; `version` is None where the metadata tell none."""

    version: str | None
    name: str = ""
    axes: tuple[Axis, ...]
    levels: tuple[ZarrLevel, ...]
    channels: tuple[Channel, ...] = ()
    default_z: int | None = None
    default_t: int | None = None
    greyscale: bool | None = None
    label: Label | None = None
    notes: tuple[str, ...] = ()

    @property
    def letters(self) -> str:
        """The axes in order, such as "tczyx"; "?" for one that has no letter."""
        return "".join(axis.letter or "?" for axis in self.axes)

    @property
    def finest(self) -> ZarrLevel:
        """The level of the largest resolution: the first, unless scales say another."""
        at = [i for i, axis in enumerate(self.axes) if axis.letter in ("y", "x")]
        scales = [level.scale for level in self.levels]
        known = [math.prod(scale[i] for i in at) for scale in scales if scale]
        if len(known) < len(scales) or not all(size > 0 for size in known):
            return self.levels[0]
        return self.levels[known.index(min(known))]

    def pixel_size_um(self, letter: str) -> float | None:
        """Return the size of a pixel along z, y or x; None where it isn't told."""
        for index, axis in enumerate(self.axes):
            if axis.letter != letter or (scale := self.levels[0].scale) is None:
                continue
            factor = um_per_unit(axis.unit)
            size = None if factor is None else scale[index] * factor
            return size if size and math.isfinite(size) and size > 0 else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrGroup:
    """All that a group says of itself; a group may be several things.

    `container` tells that images lie below it, as those of a plate or a well do;
    `collection` that they do in `0`, `1`, ..., as
    bioformats2raw writes them; `series` lists them where the group is their index.
    """

    version: str | None = None
    images: tuple[ZarrImage, ...] = ()
    label_names: tuple[str, ...] = ()
    container: Literal["plate", "well"] | None = None
    collection: bool = False
    series: tuple[str, ...] = ()


KNOWN_VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5")

OLD_AXES = tuple(Axis(name=letter, letter=letter) for letter in "tczyx")
"""0.1 and 0.2 have no axes: arrays are always these five."""

Json = dict[str, Any]


def parse_json(body: bytes, *, url: str | None = None) -> Json:
    """Return a metadata file as a dictionary; raise `PixelDataError` if it is none."""
    try:
        document = read_json_text(body)
    except (ValueError, RecursionError) as error:  # the latter: endlessly nested
        raise PixelDataError("the metadata aren't JSON", url=url) from error
    if not isinstance(document, dict):
        raise PixelDataError("the metadata aren't a JSON object", url=url)
    return document


def read_group(document: Mapping[str, Any], *, url: str | None = None) -> ZarrGroup:
    """Read `.zattrs` or `zarr.json` of a group.

    Raises
    ------
    PixelDataError
        The version is a draft that isn't read, or the metadata contradict
        themselves; the message says which.

    Examples
    --------
    >>> levels = [{"path": "0"}, {"path": "1"}]
    >>> group = read_group({"multiscales": [{"version": "0.2", "datasets": levels}]})
    >>> group.images[0].letters, [level.path for level in group.images[0].levels]
    ('tczyx', ['0', '1'])
    """
    attributes = _object(document.get("attributes"), document)
    ome = _object(attributes.get("ome"), attributes)
    try:
        version = _version(ome)
        _refuse_drafts(version, ome)
        return ZarrGroup(
            version=version,
            images=tuple(_images(ome, version)),
            label_names=_strings(ome.get("labels")),
            container=_container(ome),
            collection="bioformats2raw.layout" in ome,
            series=_series(ome.get("series")),
        )
    except PixelDataError as error:
        raise PixelDataError(error.message, url=url) from None


def _container(ome: Mapping[str, Any]) -> Literal["plate", "well"] | None:
    if isinstance(ome.get("plate"), dict):
        return "plate"
    return "well" if isinstance(ome.get("well"), dict) else None


def _version(ome: Mapping[str, Any]) -> str | None:
    """Find the version: of the group since 0.5, of each part of it before."""
    parts = [ome, *_objects(ome.get("multiscales"))]
    parts += [_object(ome.get(key), {}) for key in ("plate", "well", "omero")]
    named = (part.get("version") for part in parts)
    return next((str(version) for version in named if version is not None), None)


def _refuse_drafts(version: str | None, ome: Mapping[str, Any]) -> None:
    found = re.match(r"([0-9]{1,6})\.([0-9]{1,6})", version or "")
    newer = found is not None and (int(found[1]), int(found[2])) > (0, 5)
    if newer:
        raise PixelDataError(f"OME-Zarr {version} is newer than 0.5, the last one read")
    if "scene" in ome or any(
        "coordinateSystems" in image for image in _objects(ome.get("multiscales"))
    ):
        raise PixelDataError("coordinate systems belong to OME-Zarr 0.6, a draft")


def _images(ome: Mapping[str, Any], version: str | None) -> Iterator[ZarrImage]:
    if "multiscales" not in ome:
        return
    if not (images := _objects(ome["multiscales"])):
        raise PixelDataError("the list of images (multiscales) is empty")
    label = ome.get("image-label")
    for index, image in enumerate(images):
        # One omero block describes the first image.
        omero = _object(ome.get("omero"), {}) if index == 0 else {}
        own = image.get("version", version)
        yield _image(image, omero, None if own is None else str(own), label)


def _image(
    image: Mapping[str, Any],
    omero: Mapping[str, Any],
    version: str | None,
    label: object,
) -> ZarrImage:
    notes: list[str] = []
    if version is None:
        notes.append("the OME-Zarr doesn't tell its version")
    elif version not in KNOWN_VERSIONS:
        notes.append(f"the OME-Zarr is of an unknown version, {version!r}")
    axes = _axes(image.get("axes"), notes)
    datasets = _objects(image.get("datasets"))
    if not datasets:
        raise PixelDataError("the image lists no resolutions (datasets)")
    for path in (dataset.get("path") for dataset in datasets):
        if not _path(path):  # to leave one out may be to leave out the largest
            raise PixelDataError(f"{path!r} is no path of a resolution")
    outer = _objects(image.get("coordinateTransformations"))
    levels = tuple(_level(dataset, outer, len(axes), notes) for dataset in datasets)
    settings = _object(omero.get("rdefs"), {})
    model = settings.get("model")
    return ZarrImage(
        version=version,
        name=_text(image.get("name")),
        axes=axes,
        levels=levels,
        channels=tuple(map(_channel, _list(omero.get("channels")))),
        default_z=_index(settings.get("defaultZ")),
        default_t=_index(settings.get("defaultT")),
        greyscale=None if model is None else model == "greyscale",
        label=_label(label) if isinstance(label, dict) else None,
        notes=tuple(dict.fromkeys(notes)),
    )


def _axes(value: object, notes: list[str]) -> tuple[Axis, ...]:
    """Read axes: none up to 0.2, names in 0.3, objects since 0.4."""
    if value is None:
        return OLD_AXES
    if not isinstance(value, list):
        raise PixelDataError("the axes aren't a list")
    axes = []
    for item in value:
        entry: Json = {"name": item} if isinstance(item, str) else _object(item, {})
        name = _text(entry.get("name"))
        unit = entry.get("unit")
        if unit is None and isinstance(unit := entry.get("units"), str):
            notes.append("a unit is written as 'units'")
        kind = entry.get("type")
        axes.append(
            Axis(
                name=name,
                letter=name.lower() if name.lower() in set("tczyx") else "",
                type=kind if isinstance(kind, str) else None,
                unit=unit if isinstance(unit, str) else None,
            )
        )
    axes = _with_letters(axes)
    letters = [axis.letter for axis in axes if axis.letter]
    if len(set(letters)) < len(letters):
        raise PixelDataError(f"an axis is named twice: {', '.join(letters)}")
    if not {"y", "x"} <= set(letters):
        names = ", ".join(axis.name for axis in axes)
        raise PixelDataError(f"there is no y or no x among the axes: {names}")
    return tuple(axes)


def _with_letters(axes: list[Axis]) -> list[Axis]:
    """Give axes of other names their letters by type; space is z, y, x from the end."""
    free = [letter for letter in "xyz" if letter not in {a.letter for a in axes}]
    by_type = {"time": ["t"], "channel": ["c"], "space": free}
    named = []
    for axis in reversed(axes):
        letters = by_type.get(axis.type or "", []) if not axis.letter else []
        letter = letters.pop(0) if letters else axis.letter
        named.append(
            Axis(name=axis.name, letter=letter, type=axis.type, unit=axis.unit)
        )
    return named[::-1]


def _level(
    dataset: Json, outer: list[Json], dimensions: int, notes: list[str]
) -> ZarrLevel:
    """Combine the transformations of a resolution with those of the whole image."""
    scale: list[float] | None = None
    shift: list[float] | None = None
    for step in [*_objects(dataset.get("coordinateTransformations")), *outer]:
        kind = step.get("type")
        if kind == "identity":
            continue
        numbers = _numbers(step.get(str(kind)), dimensions)
        if kind not in ("scale", "translation") or numbers is None:
            notes.append(f"a transformation of type {kind!r} isn't understood")
        elif kind == "scale":
            scale = _times(scale or [1.0] * dimensions, numbers)
            shift = None if shift is None else _times(shift, numbers)
        else:
            before = shift or [0.0] * dimensions
            shift = [a + b for a, b in zip(before, numbers, strict=True)]
    return ZarrLevel(
        path=_path(dataset["path"]),
        scale=None if scale is None else tuple(scale),
        translation=None if shift is None else tuple(shift),
    )


def _channel(value: object) -> Channel:
    """Read a channel; each of its fields is optional, and counts by itself."""
    entry = _object(value, {})
    limits = _object(entry.get("window"), {})
    start, end = _number(limits.get("start")), _number(limits.get("end"))
    active = entry.get("active")
    window = None
    if start is not None and end is not None:
        window = RenderingWindow(start=start, end=end)
    return Channel(
        name=_text(entry.get("label")).strip(),
        color=_color(entry.get("color")),
        window=window,
        active=active if isinstance(active, bool) else None,
    )


def _color(value: object) -> str | None:
    """Return "RRGGBB", None where there is none.

    >>> _color("73ff00"), _color("#0000FF"), _color(None)
    ('73FF00', '0000FF', None)
    """
    found = re.fullmatch(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?", _text(value).strip())
    return None if found is None else found[1].upper()


def _label(block: Json) -> Label:
    colors: dict[int, str] = {}
    for entry in _objects(block.get("colors")):
        number = _label_value(entry.get("label-value"))
        rgba = _numbers(entry.get("rgba"), 4)
        if number is not None and rgba is not None:
            parts = (int(min(max(part, 0), 255)) for part in rgba)
            colors[number] = "".join(f"{part:02X}" for part in parts)
    properties: dict[int, tuple[tuple[str, Value], ...]] = {}
    for entry in _objects(block.get("properties")):
        number = _label_value(entry.get("label-value"))
        if number is not None:
            properties[number] = tuple(
                (key, _value(value))
                for key, value in entry.items()
                if key != "label-value"
            )
    source = _object(block.get("source"), {}).get("image")
    return Label(
        colors=tuple(colors.items()),
        properties=tuple(properties.items()),
        source=source if isinstance(source, str) else None,
    )


def _label_value(value: object) -> int | None:
    """Return the number of a label, which writers also write as 1.0.

    >>> _label_value(3), _label_value(3.0), _label_value(True), _label_value(0.5)
    (3, 3, None, None)
    """
    number = _number(value)
    if number is None or not number.is_integer() or abs(number) >= 2**64:
        return None
    return value if isinstance(value, int) else int(number)


def _value(value: object) -> Value:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value)


def _path(value: object) -> str:
    """Return a path below the group without outer slashes, "" if it is none.

    >>> _path("A/1/"), _path("./0"), _path("../other"), _path(0)
    ('A/1', '0', '', '')
    """
    text = value.strip("/").removeprefix("./") if isinstance(value, str) else ""
    parts = text.split("/")
    has_surrogates = any("\ud800" <= one <= "\udfff" for one in text)
    return "" if {"", ".", ".."} & set(parts) or has_surrogates else text


def _object(value: object, default: Mapping[str, Any]) -> Json:
    return value if isinstance(value, dict) else dict(default)


def _objects(value: object) -> list[Json]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _strings(value: object) -> tuple[str, ...]:
    found = map(_path, value) if isinstance(value, list) else ()
    return tuple(path for path in found if path)


def _series(value: object) -> tuple[str, ...]:
    """Return the paths of images by their number, "" where one is none.

    >>> _series(["1", "../0", None]), _series("0")
    (('1', '', ''), ())
    """
    return tuple(map(_path, value)) if isinstance(value, list) else ()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """Return a finite number, None for anything else.

    >>> _number(1), _number("1"), _number(True), _number(float("nan")), _number(10**400)
    (1.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _numbers(value: object, length: int) -> list[float] | None:
    """Return a list of so many numbers; None if it is anything else."""
    if not isinstance(value, list) or len(value) != length:
        return None
    numbers = [_number(item) for item in value]
    known = [number for number in numbers if number is not None]
    return known if len(known) == length else None


def _index(value: object) -> int | None:
    """Return what counts from 0, None if it is anything else."""
    number = _number(value)
    is_index = number is not None and number >= 0 and number == number // 1
    return int(number) if number is not None and is_index else None


def _times(a: list[float], b: list[float]) -> list[float]:
    return [x * y for x, y in zip(a, b, strict=True)]
