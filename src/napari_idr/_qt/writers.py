"""Writers that napari offers for layers: OME-TIFF, OME-Zarr and tables of wells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info

from napari_idr._qt.waiting import is_yes, wait_for_work
from napari_idr.errors import Cancelled, DownloadError
from napari_idr.services.export import (
    ASKED_BYTES,
    ZARR_ENDING,
    complete_name,
    image_of_layers,
    save_image,
)
from napari_idr.services.export.wells_csv import features_csv
from napari_idr.services.files import bytes_text
from napari_idr.services.wells.table import write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr._qt.saving import LayerData

__all__ = ["write_image", "write_wells", "write_zarr"]

WELLS_ENDING = ".wells.csv"


def write_image(path: str, layers: Sequence[LayerData]) -> list[str]:
    """Write layers of images, a channel each, into one file; return its path.

    Those of the archive are read whole, at their largest level. Anybody's layers may be
    written. What exists is replaced, as napari has asked about that; but not where the
    name had no ending, and got one here: nobody was asked about that file.

    Raises
    ------
    PixelDataError
        The layers make no image, or have pixels that OME hasn't.
    DownloadError
        The file can't be written.
    IDRError
        The pixels didn't come.
    """
    image = image_of_layers(layers)
    file, size = Path(path), bytes_text(image.nbytes)
    if image.nbytes > ASKED_BYTES and not is_yes(
        f"{file.name} takes {size}, and a while. Write it?"
    ):
        return []
    try:
        written = wait_for_work(
            f"Writing {file.name}, {size} …",
            lambda progress, cancel: save_image(
                image,
                file,
                overwrite=complete_name(file.name) == file.name,
                progress=progress,
                cancel=cancel,
            ),
        )
    except Cancelled:
        show_info(f"{file.name} wasn't written.")
        return []
    return [str(written)]


def write_zarr(path: str, layers: Sequence[LayerData]) -> list[str]:
    """Write layers of images, a channel each, into one OME-Zarr; see `write_image`.

    A name without its ending gets that: napari tells which type was chosen by the
    writer alone.
    """
    return write_image(_with_ending(path, ZARR_ENDING), layers)


def write_wells(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write the table of a plate's wells, the features of their layer, as CSV.

    A name without an ending of CSV gets one.

    Raises
    ------
    PixelDataError
        The layer has no table of wells.
    DownloadError
        The name got an ending, and a file of that name is there.
    IDRError
        The file can't be written.
    """
    del data
    features = meta.get("features")
    text = features_csv({} if features is None else features)
    file = Path(path)
    if file.suffix.lower() != ".csv":
        file = Path(_with_ending(path, WELLS_ENDING))
    if str(file) != path and file.exists():  # napari hasn't asked about it
        raise DownloadError(f"{file} exists already")
    try:
        written = wait_for_work(
            f"Writing {file.name} …",
            lambda progress, cancel: write_csv(file, text, cancel=cancel),
        )
    except Cancelled:
        return []
    return [str(written)]


def _with_ending(path: str, ending: str) -> str:
    return path if path.lower().endswith(ending) else f"{path}{ending}"
