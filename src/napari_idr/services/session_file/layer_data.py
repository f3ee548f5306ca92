"""Layers of what a session shows, read without a window."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from napari_idr.cancel import NEVER
from napari_idr.services.links.layer_data import image_layers, mosaic_layer
from napari_idr.services.session import ConnectionSettings
from napari_idr.services.session_file.load import (
    Missing,
    MosaicCame,
    OpenedCame,
    RegionsCame,
    SessionLoader,
    StripReady,
)
from napari_idr.tiles import TileViewing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.services.links.layer_data import LayerData
    from napari_idr.services.session_file.load import Step
    from napari_idr.services.session_file.record import (
        LayerPart,
        SavedLayer,
        SavedSession,
    )

__all__ = ["load_session_layers"]

ONLY_IN_A_WINDOW: Final = "it is shown in a window alone"

BLENDINGS: Final = frozenset(
    (
        *("additive", "minimum", "multiplicative", "opaque"),
        *("translucent", "translucent_no_depth"),
    )
)
"""What napari knows; a file may say anything."""

COLORMAPS: Final = frozenset(
    (
        *("gray", "red", "green", "blue", "cyan", "magenta", "yellow", "viridis"),
        *(
            "magma",
            "inferno",
            "plasma",
            "turbo",
            "bop blue",
            "bop orange",
            "bop purple",
        ),
    )
)
"""Those that napari's versions have in common; others stay as the archive has them."""

COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def load_session_layers(
    saved: SavedSession, *, folder: Path | None = None, cancel: CancelToken = NEVER
) -> tuple[tuple[LayerData, ...], tuple[Missing, ...]]:
    """Return the layers of what a session shows, and what of it is missing; it waits.

    Images are as in the browser, one layer for each channel, whose arrays are of dask:
    they ask for what is computed. Plates and galleries are pictures of thumbnails,
    regions are shapes and points. They look as they were saved, in the order in which
    they stood. Images side by side, label images, colours of wells and the camera are
    left out: images side by side and label images are told to be missing.

    `folder` is that of the session's file, where its own tables may be.
    """
    loader = SessionLoader(saved, folder)
    found = _Found()
    steps = loader.load(
        {}, {}, ConnectionSettings(), TileViewing(), _nothing, cancel=cancel
    )
    for step in steps:
        found.take(step)
    return found.layers, tuple(found.missing)


def _nothing(_: object) -> None:
    """Hear of the images of a strip, which isn't shown."""


@dataclass(slots=True)
class _Found:
    """What came so far, each thing with the place where its layers stood."""

    placed: dict[object, list[tuple[float, LayerData]]] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    @property
    def layers(self) -> tuple[LayerData, ...]:
        """All layers, the lowest first; those that were told no place come last."""
        every = [one for several in self.placed.values() for one in several]
        return tuple(data for _, data in sorted(every, key=lambda one: one[0]))

    def take(self, step: Step) -> None:
        match step:
            case MosaicCame(saved, shown):
                # A gallery comes in parts: the last has them all.
                data = [mosaic_layer(shown)]
                self._put((saved.server, saved.key), "mosaic", data, saved.layers)
            case StripReady():
                step.close()
                self.missing.append(Missing("images side by side", ONLY_IN_A_WINDOW))
            case OpenedCame(saved, opened, is_projection):
                part: LayerPart = "projection" if is_projection else "channel"
                if is_projection:
                    step.close()
                    self.missing.append(Missing("a maximum over z", ONLY_IN_A_WINDOW))
                    return
                data = list(image_layers(opened))
                self._put((saved.server, opened.image.id), part, data, saved.layers)
            case RegionsCame(saved, regions):
                data = [spec.as_layer_data() for spec in regions.specs]
                key = saved.server, saved.image.id, "regions"
                self._put(key, "regions", data, saved.layers)
                if regions.labels:
                    self.missing.append(Missing("label images", ONLY_IN_A_WINDOW))
                step.close()
            case Missing():
                self.missing.append(step)

    def _put(
        self,
        key: object,
        part: LayerPart,
        layers: Iterable[LayerData],
        saved: Sequence[SavedLayer],
    ) -> None:
        """Keep layers as they were saved, without those that weren't there."""
        known = {one.index: one for one in saved if one.part == part}
        put: list[tuple[float, LayerData]] = []
        for index, (data, kwargs, kind) in enumerate(layers):
            look = known.get(index)
            if look is not None:
                told = {**kwargs, **_look(look, kind, rgb=bool(kwargs.get("rgb")))}
                put.append((look.place, (data, told, kind)))
            elif not saved:
                put.append((float("inf"), (data, kwargs, kind)))
        self.placed[key] = put


def _look(saved: SavedLayer, kind: str, *, rgb: bool) -> dict[str, Any]:
    """Return what is told of how a layer looks, as far as napari can know it."""
    told: dict[str, Any] = {"visible": saved.visible}
    if saved.name:
        told["name"] = saved.name
    if 0 <= saved.opacity <= 1:
        told["opacity"] = saved.opacity
    if saved.blending in BLENDINGS:
        told["blending"] = saved.blending
    if kind != "image" or rgb:
        return told
    low, high = saved.contrast or (0.0, 0.0)
    if low < high and isfinite(low) and isfinite(high):
        told["contrast_limits"] = low, high
    if saved.gamma is not None and saved.gamma > 0:
        told["gamma"] = saved.gamma
    colormap = saved.colormap or ""
    if colormap in COLORMAPS or COLOR.fullmatch(colormap):
        told["colormap"] = colormap
    return told
