"""The records of the archive: frozen, and without a word of HTTP or pixels."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Pairs = tuple[tuple[str, str], ...]
"""Key-value pairs in their order; a key may repeat."""

Kind = Literal["screen", "plate", "run", "well", "image", "project", "dataset"]
ObjectKey = tuple[Kind, int]
"""Ids are unique per kind only, so an object is named by both."""

STUDY_NS = "idr.openmicroscopy.org/study/info"
MAPR_NS = "openmicroscopy.org/mapr/"
BULK_NS = "openmicroscopy.org/omero/bulk_annotations"

OWNER_ID = 2
"""The experimenter that owns everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel; ``color`` is RRGGBB, the window four intensities."""

    name: str | None
    color: str
    stain: str = "dna"
    emission_nm: float | None = None
    minimum: float = 0.0
    maximum: float = 65535.0
    start: float = 0.0
    end: float = 65535.0
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Parameters of an image's synthetic cells.

    ``mitotic`` is the share of cells in mitosis, ``density`` the share of the
    places on the cell grid that hold a cell, ``spacing_px`` the grid's pitch;
    ``packing`` makes cells larger than the grid's usual ones. ``tissue`` thins
    the cells by the outline of a tissue section.
    """

    mitotic: float = 0.04
    density: float = 0.85
    spacing_px: float = 62.0
    packing: float = 1.0
    tissue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image; ``parent`` is its well or dataset, ``levels`` of a pyramid halve.

    ``zarr`` is the path of its OME-Zarr group below the site's root, without a
    slash before or after, or None. ``pixel_size_um`` is (x, y, z), None where
    unknown. Without ``has_pixels`` it is a name and nothing more; without
    ``has_thumbnail`` its thumbnail fails.
    """

    id: int
    name: str
    description: str = ""
    size_x: int = 672
    size_y: int = 512
    size_z: int = 1
    size_t: int = 1
    pixel_type: str = "uint16"
    channels: tuple[Channel, ...] = ()
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    look: Look = Look()
    levels: int = 1
    parent: ObjectKey | None = None
    acquired_s: int | None = None
    imported_s: int = 1463515200
    magnification: float | None = None
    zarr: str | None = None
    has_pixels: bool = True
    has_thumbnail: bool = True

    @property
    def size_c(self) -> int:
        """How many channels there are."""
        return len(self.channels)

    def level_size(self, level: int) -> tuple[int, int]:
        """Return (width, height) of a level; 0 is the full size."""
        return max(self.size_x >> level, 1), max(self.size_y >> level, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WellSample:
    """An image taken in a well; the position on the stage is in micrometres."""

    id: int
    image_id: int
    run_id: int | None
    x_um: float
    y_um: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Well:
    """A well; row and column count from 0, samples are in order of field."""

    id: int
    plate_id: int
    row: int
    column: int
    samples: tuple[WellSample, ...]
    gene: str = ""
    control: str = ""

    @property
    def label(self) -> str:
        """What is printed on the plate.

        >>> Well(id=1, plate_id=1, row=31, column=47, samples=()).label
        'AF48'
        """
        return f"{row_letters(self.row)}{self.column + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A plate acquisition; times in seconds since 1970."""

    id: int
    plate_id: int
    name: str | None
    started_s: int
    ended_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A plate with its wells, row by row."""

    id: int
    screen_id: int
    name: str
    description: str = ""
    rows: int
    columns: int
    wells: tuple[Well, ...] = ()
    runs: tuple[Run, ...] = ()
    zarr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A study made of plates."""

    id: int
    name: str
    description: str
    plate_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A folder of a project."""

    id: int
    project_id: int
    name: str
    description: str = ""
    image_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A study made of datasets."""

    id: int
    name: str
    description: str
    dataset_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MapAnnotation:
    """Key-value pairs; the same annotation may be attached to many objects."""

    id: int
    ns: str | None
    pairs: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnnotation:
    """A file to download; ``content`` makes its bytes in pieces when asked."""

    id: int
    file_id: int
    name: str
    size: int
    mimetype: str
    content: Callable[[], Iterable[bytes]]
    ns: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnnotation:
    """A tag or a comment."""

    id: int
    ns: str | None
    text: str
    kind: Literal["tag", "comment"] = "tag"


Annotation = MapAnnotation | FileAnnotation | TextAnnotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A bulk table; rows are made when first asked for."""

    annotation_id: int
    parent: ObjectKey
    columns: tuple[tuple[str, str], ...]
    """Name and type, such as ``("Well", "WellColumn")``."""
    make_rows: Callable[[], tuple[tuple[object, ...], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape of a ROI; geometry by the server's own words, such as ``X``."""

    id: int
    kind: str
    geometry: Mapping[str, float | str]
    z: int | None = None
    t: int | None = None
    c: int | None = None
    text: str | None = None
    stroke: int = 0xFF0000FF
    fill: int | None = None
    transform: tuple[float, float, float, float, float, float] | None = None
    mask: bytes = b""
    """Packed bits of a mask, row-major, most significant bit first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """A region of interest."""

    id: int
    image_id: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The parents of an image; None where a level doesn't exist."""

    screen: Screen | None = None
    plate: Plate | None = None
    run: Run | None = None
    well: Well | None = None
    sample: WellSample | None = None
    field: int | None = None
    project: Project | None = None
    dataset: Dataset | None = None


def row_letters(row: int) -> str:
    """Return the letters of a row.

    >>> row_letters(0), row_letters(25), row_letters(26), row_letters(31)
    ('A', 'Z', 'AA', 'AF')
    """
    letters = ""
    row += 1
    while row:
        row, rest = divmod(row - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
