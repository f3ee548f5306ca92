"""Names of the pixel sources for people: badges, texts, suffixes of layer names."""

from __future__ import annotations

from typing import Final

from napari_idr.model import PixelSource

__all__ = ["MOSAIC_TEXT", "name_suffix", "source_badge", "source_text"]

_BADGES: Final = {
    PixelSource.RAW: "RAW",
    PixelSource.RENDERED_LOSSLESS: "RENDERED",
    PixelSource.RENDERED_JPEG: "RENDERED JPEG",
    PixelSource.THUMBNAIL: "THUMBNAIL",
}

_WORDS: Final = {
    PixelSource.RAW: "Raw: the stored intensities, from an OME-Zarr.",
    PixelSource.RENDERED_LOSSLESS: (
        "Rendered: drawn by the server in 8 bits within its contrast window and sent "
        "without loss. Not the stored intensities."
    ),
    PixelSource.RENDERED_JPEG: (
        "Rendered: drawn by the server in 8 bits within its contrast window and sent "
        "as JPEG. Good to look at, not to measure."
    ),
    PixelSource.THUMBNAIL: (
        "Thumbnail only: a small preview, because the server offers no other pixels "
        "of this image."
    ),
}

MOSAIC_TEXT = (
    "Thumbnails: small previews of the wells; zooming in draws their images in 8 bits. "
    "Good to look at, not to measure."
)

_EXACT_8_BIT = "Rendered without loss over the full 8 bits: equal to the stored values."


def source_badge(source: PixelSource) -> str:
    """Return the source in capitals, for the panel.

    >>> source_badge(PixelSource.RAW), source_badge(PixelSource.RENDERED_JPEG)
    ('RAW', 'RENDERED JPEG')
    """
    return _BADGES[source]


def name_suffix(source: PixelSource, *, projected: bool = False) -> str:
    """Return the source as it ends the name of a layer.

    >>> name_suffix(PixelSource.THUMBNAIL), name_suffix(PixelSource.RAW, projected=True)
    ('[thumbnail]', '[raw, max z]')
    """
    return f"[{_BADGES[source].lower()}{', max z' if projected else ''}]"


def source_text(source: PixelSource, *, exact: bool = False) -> str:
    """Return in a sentence what the numbers are.

    Parameters
    ----------
    source
        Where the pixels come from.
    exact
        Whether the stored pixels are `uint8`, to which a lossless rendering is equal.

    Examples
    --------
    >>> source_text(PixelSource.RAW)
    'Raw: the stored intensities, from an OME-Zarr.'
    """
    if exact and source is PixelSource.RENDERED_LOSSLESS:
        return _EXACT_8_BIT
    return _WORDS[source]
