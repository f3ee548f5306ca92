"""What an image is known to have: raw pixels, regions, label images."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from napari_idr.model import PixelSource
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from napari_idr.services.details import ImageDetails
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.regions.load import ImageRois

__all__ = [
    "Holdings",
    "holdings_of_details",
    "holdings_of_opened",
    "holdings_of_regions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What answers have told of an image; None is what none has told yet.

    `raw` is whether its stored intensities can be read, `regions` and `labels` are how
    many regions and label images it has.
    """

    raw: bool | None = None
    regions: int | None = None
    labels: int | None = None

    def updated(self, newer: Holdings) -> Holdings:
        """Return what is known once a newer answer has come.

        >>> Holdings(raw=True, regions=2).updated(Holdings(raw=False, labels=1))
        Holdings(raw=False, regions=2, labels=1)
        """
        told = {one.name: getattr(newer, one.name) for one in fields(newer)}
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        return Holdings(**known | {k: v for k, v in told.items() if v is not None})

    @property
    def label(self) -> str:
        """What it has, in as few words as a line has room for.

        >>> Holdings(raw=True, regions=3, labels=0).label, Holdings().label
        ('raw, 3 regions', '')
        """
        return ", ".join(
            [
                *(["raw"] if self.raw else []),
                *([counted(self.regions, "region", "regions")] if self.regions else []),
                *([counted(self.labels, "label", "labels")] if self.labels else []),
            ]
        )

    @property
    def told(self) -> str:
        """What it has and what it hasn't, as far as anybody told; "" if nobody did.

        >>> Holdings(raw=True, regions=0).told
        'raw pixels, no regions'
        >>> Holdings(raw=False, labels=2).told
        'no raw pixels, 2 label images'
        """
        found: list[str] = []
        if self.raw is not None:
            found.append("raw pixels" if self.raw else "no raw pixels")
        if self.regions is not None:
            found.append(_some(self.regions, "region", "regions"))
        if self.labels is not None:
            found.append(_some(self.labels, "label image", "label images"))
        return ", ".join(found)


def holdings_of_details(details: ImageDetails) -> Holdings:
    """Return what the archive's record of an image and its display tell.

    A record without the place of an OME-Zarr doesn't tell that there is none: older
    servers leave it out.
    """
    image = details.image
    return Holdings(raw=image.zarr_url is not None or None, regions=image.roi_count)


def holdings_of_opened(opened: OpenedImage) -> Holdings:
    """Return what opening an image has shown; another source may come later."""
    raw = opened.reader.source is PixelSource.RAW
    return Holdings(raw=None if opened.may_improve and not raw else raw)


def holdings_of_regions(found: ImageRois) -> Holdings:
    """Return what asking for regions and label images has shown."""
    return Holdings(regions=found.region_count, labels=found.label_count)


def _some(count: int, one: str, many: str) -> str:
    return counted(count, one, many) if count else f"no {many}"
