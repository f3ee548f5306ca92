"""Channels of images that are compared: which match, and what doesn't."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.model import Channel, Image, RenderingWindow, complete_channels
from napari_idr.services.image.layers import named_channels
from napari_idr.services.plain_text import plain_text
from napari_idr.tiles import match_channels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ComparedChannels", "compare_channels", "named", "to_draw"]

MAX_NAMED = 4
"""Images that a sentence names before it only counts them."""

MAX_NOTES = 2
"""Sentences of one kind before the others are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedChannels:
    """The layers of a comparison.

    `layers` are the channels, each with the colour of the first image that has it and
    the window that holds those of all; `indices` has for each image which of its
    channels each layer shows, None where it has none. `names` are those for people.
    `notes` say what doesn't match, as sentences.
    """

    layers: tuple[Channel, ...]
    indices: tuple[tuple[int | None, ...], ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


def compare_channels(
    images: Sequence[Image], labels: Sequence[str]
) -> ComparedChannels:
    """Match the channels of images: by name, then by place; others are layers too.

    >>> a = Image(id=1, name="", size_x=1, size_y=1, size_c=2, pixel_type="",
    ...           channels=(Channel(name="DAPI"), Channel(name="GFP")))
    >>> b = Image(id=2, name="", size_x=1, size_y=1, size_c=1, pixel_type="",
    ...           channels=(Channel(name="gfp"),))
    >>> found = compare_channels([a, b], ["A1", "B2"])
    >>> found.names, found.indices, found.notes
    (('DAPI', 'GFP'), ((0, 1), (None, 0)), ('DAPI: none in B2.',))
    """
    told = [complete_channels(one.size_c, one.channels) for one in images]
    layers: list[Channel] = []
    names: list[str] = []
    for image, channels in zip(images, told, strict=True):
        shown = named_channels(image, len(channels))
        taken = set(match_channels(layers, channels))
        for index, channel in enumerate(channels):
            if index not in taken:
                layers.append(channel)
                names.append(shown[index].name)
    indices = tuple(match_channels(layers, channels) for channels in told)
    # The names of the channels that the same images don't have.
    lacking: dict[tuple[str, ...], list[str]] = {}
    matched: list[str] = []
    for place, layer in enumerate(layers):
        pairs = [
            (channels[c], label)
            for channels, row, label in zip(told, indices, labels, strict=True)
            if (c := row[place]) is not None
        ]
        absent = [
            label
            for row, label in zip(indices, labels, strict=True)
            if row[place] is None
        ]
        if absent:
            lacking.setdefault(tuple(absent), []).append(names[place])
        others = {
            plain_text(one.name): label
            for one, label in reversed(pairs)
            if one.name.strip().casefold() != layer.name.strip().casefold()
        }
        matched += [
            f"{names[place]} is {other or 'a channel without a name'} in {label}: "
            "matched by its place."
            for other, label in others.items()
        ]
        colors = [one for one, _ in pairs if one.color or one.lut]
        painted = colors[0] if colors else layer
        layers[place] = replace(
            layer,
            color=painted.color,
            lut=painted.lut,
            window=_union([one.window for one, _ in pairs]),
            active=any(one.is_shown for one, _ in pairs),
        )
    by_place = f"{len(matched) - MAX_NOTES} others are matched by their place, too."
    return ComparedChannels(
        layers=tuple(layers),
        indices=indices,
        names=_unique(names),
        notes=(*_first(matched, by_place), *_lacking_notes(lacking)),
    )


def _lacking_notes(lacking: Mapping[tuple[str, ...], Sequence[str]]) -> list[str]:
    """Say which channels are in which images not, of many kinds only the first.

    >>> _lacking_notes({("A1", "B2"): ["DAPI", "GFP"], ("C3",): ["RFP"]})
    ['DAPI, GFP: none in A1, B2.', 'RFP: none in C3.']
    """
    notes = [f"{named(names)}: none in {named(one)}." for one, names in lacking.items()]
    more = sum(map(len, list(lacking.values())[MAX_NOTES:]))
    return _first(notes, f"{more} other channels are in some of the images only.")


def _first(notes: Sequence[str], rest: str) -> list[str]:
    """Return notes, of many the first and what is said in place of the rest."""
    if len(notes) <= MAX_NOTES + 1:
        return list(notes)
    return [*notes[:MAX_NOTES], rest]


def to_draw(image: Image, layers: Sequence[Channel]) -> Image:
    """Return an image whose channels have the windows of the layers that show them.

    A server that draws it then draws all images of a comparison within one window.
    """
    channels = list(complete_channels(image.size_c, image.channels))
    for layer, c in zip(layers, match_channels(layers, channels), strict=True):
        if c is not None and layer.window is not None:
            channels[c] = replace(channels[c], window=layer.window)
    return replace(image, channels=tuple(channels))


def named(labels: Sequence[str]) -> str:
    """Return labels in a line, of many only the first.

    >>> named(["A1", "B2"]), named([f"A{n}" for n in range(1, 8)])
    ('A1, B2', 'A1, A2, A3, A4 and 3 more')
    """
    more = len(labels) - MAX_NAMED
    first = ", ".join(labels[:MAX_NAMED])
    return f"{first} and {more} more" if more > 0 else first


def _union(windows: Sequence[RenderingWindow | None]) -> RenderingWindow | None:
    """Return the window that holds all, None where none makes sense."""
    sound = [one for one in windows if one is not None and one.start < one.end]
    if not sound:
        return None
    return RenderingWindow(
        start=min(one.start for one in sound), end=max(one.end for one in sound)
    )


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        unique, count = name, 1
        while unique in found:
            count += 1
            unique = f"{name} ({count})"
        found.append(unique)
    return tuple(found)
