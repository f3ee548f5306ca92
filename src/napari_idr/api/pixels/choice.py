"""Choice of the source of an image's pixels: OME-Zarr, rendering or thumbnail."""

from __future__ import annotations

from dataclasses import dataclass

from napari_idr.model import PixelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A source of pixels, and in words why it is the one to try."""

    source: PixelSource
    reason: str


def choose_source(
    *,
    has_zarr: bool,
    rendering: bool | None,
    lossless: bool | None,
    sizes_known: bool,
) -> Choice:
    """Return which source of pixels to try, the best that there may be.

    Parameters
    ----------
    has_zarr
        Whether the archive names an OME-Zarr that can be reached from here.
    rendering
        Whether the server draws images; None where it hasn't been asked.
    lossless
        Whether it sends them without loss; None where it hasn't been seen.
    sizes_known
        Whether the server tells how large the image is; else it can't draw it.

    Examples
    --------
    >>> choose_source(
    ...     has_zarr=False, rendering=None, lossless=None, sizes_known=True
    ... ).source
    <PixelSource.RENDERED_JPEG: 'rendered-jpeg'>
    """
    if has_zarr:
        return Choice(source=PixelSource.RAW, reason="there is an OME-Zarr")
    if rendering is False:
        reason = "the server doesn't draw the image"
        return Choice(source=PixelSource.THUMBNAIL, reason=reason)
    if not sizes_known:
        reason = "the server can't read the pixels"
        return Choice(source=PixelSource.THUMBNAIL, reason=reason)
    if lossless:
        reason = "the server draws, and sends without loss"
        return Choice(source=PixelSource.RENDERED_LOSSLESS, reason=reason)
    reason = "the server draws" if rendering else "the server may draw the image"
    return Choice(source=PixelSource.RENDERED_JPEG, reason=reason)
