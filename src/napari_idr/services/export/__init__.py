"""Images as files: OME-TIFF and OME-Zarr, of the archive and of any layers."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from napari_idr.services.export.image_file import (
    ASKED_BYTES,
    ImageToSave,
    image_of_layers,
    image_of_reader,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_idr.cancel import CancelToken

__all__ = [
    "ASKED_BYTES",
    "TIFF_ENDINGS",
    "ZARR_ENDING",
    "ImageToSave",
    "complete_name",
    "image_of_layers",
    "image_of_reader",
    "save_image",
]

TIFF_ENDINGS = (".ome.tif", ".ome.tiff")
ZARR_ENDING = ".ome.zarr"


def save_image(
    image: ImageToSave,
    path: Path,
    *,
    overwrite: bool,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
) -> Path:
    """Write an image as OME-TIFF, or as OME-Zarr where the name ends so.

    Nothing is there under the name until all is.

    Parameters
    ----------
    image
        What to write.
    path
        A name without one of the endings gets that of OME-TIFF.
    overwrite
        Whether a file of that name goes; a folder never does.
    progress
        Told how many bytes of the pixels are written, and how many there are.
    cancel
        Ends it between two strips; nothing is left.

    Raises
    ------
    DownloadError
        Something is there under the name, there is no room, or it can't be written.
    PixelDataError
        The format has no such pixels.
    IDRError
        The pixels didn't come.
    """
    path = path.with_name(complete_name(path.name))
    if path.name.lower().endswith(ZARR_ENDING):
        from napari_idr.services.export.ome_zarr import write_ome_zarr

        return write_ome_zarr(image, path, progress=progress, cancel=cancel)
    from napari_idr.services.export.ome_tiff import write_ome_tiff

    return write_ome_tiff(
        image, path, overwrite=overwrite, progress=progress, cancel=cancel
    )


def complete_name(name: str) -> str:
    """Return a name with an ending that tells the format.

    >>> complete_name("a.ome.zarr"), complete_name("a.tif"), complete_name("a.b")
    ('a.ome.zarr', 'a.ome.tif', 'a.b.ome.tif')
    """
    if name.lower().endswith((*TIFF_ENDINGS, ZARR_ENDING)):
        return name
    stem = PurePath(name)
    if stem.suffix.lower() in (".tif", ".tiff", ".zarr"):
        return f"{stem.stem}.ome{stem.suffix}"
    return f"{name}{TIFF_ENDINGS[0]}"
