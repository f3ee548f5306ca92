"""What is asked of the archive in the matrix, and on which requests a fault falls."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.api.pixels.reader import PixelRegion, read_notes
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError, PixelDataError, ResponseFormatError
from napari_idr.model import (
    DatasetId,
    ImageId,
    PlateId,
    ProjectId,
    ScreenId,
    WellId,
)

if TYPE_CHECKING:
    from napari_idr import IDRClient
    from napari_idr.demo import Face

SCREEN, PROJECT = ScreenId(3101), ProjectId(3101)
PLATE, TWO_RUNS = PlateId(7101), PlateId(7102)
DATASET = DatasetId(8101)
WELL = WellId(600001)
RAW, STACK, KINDS = ImageId(9615), ImageId(9101), ImageId(9203)
LABELLED = ImageId(9614)
"""OME-Zarr 0.4 with the axes t, c, z, y, x; a stack; every kind of region."""


def _nothing_told(value: Any) -> bool:
    del value
    return False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A question of the client.

    Attributes
    ----------
    ask
        Puts it; the folder is for what is written.
    match
        A regular expression of the requests that a fault befalls.
    errors
        Further errors in which it may end, whatever the fault: what it makes of them.
    untold
        Faults that mean something here: an absent chunk of an OME-Zarr is empty, and
        not even an error.
    told
        Whether an answer says of itself that a part of it is missing; then it may
        differ from what a server without the fault gives.
    """

    name: str
    face: Face
    match: str
    ask: Callable[[IDRClient, Path], Any]
    errors: tuple[type[IDRError], ...] = ()
    untold: frozenset[str] = frozenset()
    told: Callable[[Any], bool] = _nothing_told


def plain(value: Any) -> Any:
    """Return a value as something that can be compared, arrays by their bytes."""
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return (value.shape, str(value.dtype), digest[:16])
    if isinstance(value, IDRError):
        return type(value).__name__
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return (type(value).__name__, *(plain(getattr(value, f.name)) for f in fields))
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, str | bytes | int | float | None):
        return value
    if isinstance(value, Path):
        return value.read_bytes() if value.is_file() else str(value)
    if isinstance(value, Iterable):
        return tuple(plain(one) for one in value)
    return repr(value)


def _thumbnails(client: IDRClient, folder: Path) -> Any:
    del folder
    ids = [ImageId(1900001 + 4 * n) for n in range(8)]
    return sorted((int(n), plain(given)) for n, given in _pairs(client.thumbnails(ids)))


def _pairs(thumbnails: Iterable[Any]) -> Iterable[tuple[ImageId, Any]]:
    return ((image_id, given) for image_id, given in thumbnails)


def _download(client: IDRClient, folder: Path) -> Any:
    files = client.file_annotations(screen=SCREEN)
    smallest = min(files, key=lambda file: file.size or 0)
    path = client.download(smallest, folder, overwrite=True)
    left = sorted(p.name for p in folder.iterdir() if p != path)
    return path.read_bytes(), left


def _read(client: IDRClient, image_id: ImageId) -> Any:
    reader, notes = client.open_reader(client.image(image_id))
    height, width = reader.levels[0].shape
    region = PixelRegion(y0=0, y1=min(height, 64), x0=0, x1=min(width, 64))
    pixels = plain(reader.read(region, cancel=NEVER))
    return str(reader.source), (*notes, *read_notes(reader)), pixels


def _labels(client: IDRClient, folder: Path) -> Any:
    del folder
    reader, notes = client.open_reader(client.image(LABELLED))
    labels = client.open_labels(reader)
    return (
        str(reader.source),
        notes,
        [
            (name, plain(one) if isinstance(one, IDRError) else plain(one.levels))
            for name, one in labels
        ],
    )


def _masks(client: IDRClient, folder: Path) -> Any:
    del folder
    shapes = [s for r in client.rois(KINDS) for s in r.shapes if s.kind == "mask"]
    return [(n, plain(mask)) for n, mask in client.masks(s.id for s in shapes)]


def _labels_told(value: Any) -> bool:
    return bool(value[1]) or any(isinstance(one, str) for _, one in value[2])


def _has_notes(value: Any) -> bool:
    """Whether what was opened says why it isn't the best there could be."""
    return bool(value[1])


def _part_failed(value: Any) -> bool:
    return any(isinstance(one, str) for _, one in value)


def _of(ask: Callable[[IDRClient], Any]) -> Callable[[IDRClient, Path], Any]:
    """Return a question that writes nothing."""
    return lambda client, folder: ask(client)


GENE = "gene"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="what the server can do",
        face="idr",
        match="",
        ask=_of(lambda c: dataclasses.replace(c.capabilities(), evidence=())),
        errors=(ResponseFormatError,),
        told=lambda able: bool(able.failures or able.unknown),
    ),
    Operation(name="keys", face="idr", match="/keys/", ask=_of(lambda c: c.keys())),
    Operation(
        name="suggestions",
        face="idr",
        match="/searchvalues",
        ask=_of(lambda c: c.autocomplete(GENE, "CDC")),
    ),
    Operation(
        name="search",
        face="idr",
        match="/searchengine/api/v1/resources/(submitquery|image/search)",
        ask=_of(lambda c: c.search(GENE, "CDC20")),
    ),
    Operation(
        name="plates found",
        face="idr",
        match="/searchengine/api/v1/resources/(submitquery|image/search)",
        ask=_of(lambda c: c.search_plates(GENE, "CDC20", SCREEN)),
    ),
    Operation(
        name="images found",
        face="idr",
        match="/searchengine/api/v1/resources/(submitquery|image/search)",
        ask=_of(lambda c: list(c.search_images(GENE, "CDC20", plate_id=PLATE))),
    ),
    Operation(
        name="studies", face="idr", match="/m/screens/", ask=_of(lambda c: c.studies())
    ),
    Operation(
        name="plates",
        face="idr",
        match="/webclient/api/plates/",
        ask=_of(lambda c: c.plates(SCREEN)),
    ),
    Operation(
        name="datasets",
        face="idr",
        match="/webclient/api/datasets/",
        ask=_of(lambda c: c.datasets(PROJECT)),
    ),
    Operation(
        name="images of a dataset",
        face="idr",
        match="/webclient/api/images/",
        ask=_of(lambda c: c.images(DATASET)),
    ),
    Operation(
        name="a plate",
        face="idr",
        match="/m/plates/|/plateacquisitions/",
        ask=_of(lambda c: c.plate(TWO_RUNS)),
    ),
    Operation(
        name="runs",
        face="idr",
        match="/plateacquisitions/",
        ask=_of(lambda c: c.runs(TWO_RUNS)),
        told=lambda runs: all(run.fields is None for run in runs),
    ),
    Operation(
        name="wells of a plate",
        face="idr",
        match="/webgateway/plate/",
        ask=_of(lambda c: c.plate_grid(PLATE)),
    ),
    Operation(
        name="an image",
        face="idr",
        match="/m/images/|/imgData/",
        ask=_of(lambda c: c.image(STACK)),
        told=lambda image: bool(image.notes),
    ),
    Operation(
        name="thumbnails",
        face="idr",
        match="/get_thumbnails/",
        ask=_thumbnails,
        told=_part_failed,
    ),
    Operation(
        name="regions",
        face="idr",
        match="/m/rois/|/rois/",
        ask=_of(lambda c: c.rois(KINDS)),
    ),
    Operation(
        name="masks", face="classic", match="mask", ask=_masks, told=_part_failed
    ),
    Operation(
        name="annotations",
        face="idr",
        match="/webclient/api/annotations/",
        ask=_of(lambda c: c.annotations(well=WELL, screen=SCREEN)),
    ),
    Operation(
        name="key-value pairs",
        face="idr",
        match="/webclient/api/annotations/",
        ask=_of(lambda c: c.map_annotations(well=WELL)),
    ),
    Operation(
        name="download", face="idr", match="/download|/annotation/", ask=_download
    ),
    Operation(
        name="table of a plate",
        face="idr",
        match="/webgateway/table/",
        ask=_of(lambda c: c.table(plate=PLATE)),
    ),
    Operation(
        name="raw pixels",
        face="idr",
        match=r"\.zarr",
        ask=_of(lambda c: _read(c, RAW)),
        told=_has_notes,
    ),
    Operation(
        name="a chunk of raw pixels",
        face="idr",
        match=r"\.zarr/0/[0-9]",
        ask=_of(lambda c: _read(c, RAW)),
        untold=frozenset({"status 404"}),
        told=_has_notes,
    ),
    Operation(
        name="labels",
        face="idr",
        match="/labels",
        ask=_labels,
        told=_labels_told,
        # A group of labels that lists none (OME-Zarr 0.4, "labels").
        untold=frozenset({"JSON of another shape", "status 404", "status 403"}),
    ),
    Operation(
        name="mapr: keys",
        face="classic",
        match="/mapr/api/config/",
        ask=_of(lambda c: c.keys()),
    ),
    Operation(
        name="mapr: suggestions",
        face="classic",
        match=r"/autocomplete/gene/\?value=CDC",
        ask=_of(lambda c: c.autocomplete(GENE, "CDC")),
    ),
    Operation(
        name="mapr: search",
        face="classic",
        match="/mapr/api/gene/",
        ask=_of(lambda c: c.search(GENE, "CDC20")),
    ),
    Operation(
        name="drawn plane",
        face="classic",
        errors=(PixelDataError,),
        match="/webgateway/render_image",
        ask=_of(lambda c: c.plane(STACK, c=0)),
        told=lambda plane: bool(plane.notes),
    ),
    Operation(
        name="drawn tile",
        face="classic",
        match="/webgateway/render_image_region",
        ask=_of(lambda c: _read(c, ImageId(9302))),
        told=_has_notes,
    ),
    Operation(
        name="drawn projection",
        face="classic",
        errors=(PixelDataError,),
        match="/webgateway/render_image",
        ask=_of(lambda c: c.projection(STACK, c=0)),
        told=lambda plane: bool(plane.notes),
    ),
)
"""Questions that ask every endpoint of both kinds of server."""
