"""Writer of folders: what napari's own lacks to save a plate, or images as named here.

napari's writes no lines, so no marks of a plate, and no layer with a dot or a slash in
its name, as images of the archive have it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import npe2
import numpy as np

from napari_idr._qt.layers.whole_levels import let_levels_be_saved
from napari_idr.errors import DownloadError
from napari_idr.services.saving import file_names, vectors_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

LayerData = tuple[Any, dict[str, Any], str]
"""What napari knows of a layer: its data, its attributes and its type."""

NAPARI_S_WRITER = "napari.write_directory"


def save_folder(path: str, layers: Sequence[LayerData]) -> list[str]:
    """Save layers into a folder, each as a file of its name; return their paths.

    Images and labels are saved as TIFF, points, shapes and lines as CSV; all but lines
    by napari's own writers. Nothing is there until all is.

    Parameters
    ----------
    path
        The folder; it is made if it isn't there.
    layers
        What to save. If nothing of it is ours or lines, napari's own writer does it.

    Raises
    ------
    DownloadError
        A file of that name is in the folder.
    IDRError
        Pixels didn't come, or are too many to be saved at once.
    """
    if not any(map(_needs_us, layers)):
        commands = npe2.PluginManager.instance().commands
        written: list[str] = commands.execute(NAPARI_S_WRITER, (path, list(layers)))
        return written
    let_levels_be_saved()
    folder = Path(path)
    names = file_names([(meta["name"], kind) for _, meta, kind in layers])
    for name in names:
        if (folder / name).exists():
            raise DownloadError(
                f"{folder} has a file {name} already; name a new folder"
            )
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=folder) as temporary:
            for layer, name in zip(layers, names, strict=True):
                _save(Path(temporary) / name, layer)
            for file in Path(temporary).iterdir():
                file.rename(folder / file.name)
    except BaseException:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise
    return [str(folder / name) for name in names if (folder / name).exists()]


def _needs_us(layer: LayerData) -> bool:
    """Whether a layer is one of the archive's, or holds lines."""
    _, meta, kind = layer
    return kind == "vectors" or "idr" in meta.get("metadata", {})


def _save(file: Path, layer: LayerData) -> None:
    """Write the file of one layer; none for a layer that holds nothing."""
    data, _, kind = layer
    if kind == "vectors":
        file.write_text(vectors_csv(np.asarray(data)), encoding="utf-8")
    else:
        npe2.write(str(file), [layer], plugin_name="napari")
