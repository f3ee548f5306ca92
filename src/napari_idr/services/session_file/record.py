"""Records of a session: the servers, what is shown of each, and how it is looked at.

They hold numbers and names, no pixels: what they tell of is asked for again. A file of
a session is made of them (`file`), and so is a script (`script`). Names of objects are
for people; what is asked for is told by numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_idr.model import Operator

__all__ = [
    "LayerPart",
    "SavedCell",
    "SavedCondition",
    "SavedGallery",
    "SavedImage",
    "SavedKey",
    "SavedLayer",
    "SavedLine",
    "SavedLook",
    "SavedMosaic",
    "SavedObject",
    "SavedPlate",
    "SavedRef",
    "SavedSearch",
    "SavedSession",
    "SavedStrip",
    "SavedStudy",
    "SavedView",
]

LayerPart = Literal[
    "mosaic",
    "wells",
    "hits",
    "headings",
    "colors",
    "thumbnails",
    "channel",
    "captions",
    "projection",
    "regions",
]
"""What a layer is of the plate, the strip or the image that it belongs to."""

LineKind = Literal["screen", "project", "plate", "dataset", "image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedObject:
    """An object of the archive: its number, and its name for people."""

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStudy:
    """A study; others name it by `key`, "screen-51".

    The description is what its card is written from.
    """

    server: str
    kind: Literal["screen", "project"]
    id: int
    name: str = ""
    description: str = ""

    @property
    def key(self) -> str:
        """Tells it from other studies of its server."""
        return f"{self.kind}-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedKey:
    """A key to search by, and the attributes of images that it looks at."""

    name: str
    label: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCondition:
    """A condition of a search: an attribute, or a key of the search, and values."""

    attribute: str = ""
    key: SavedKey | None = None
    operator: Operator = "is"
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A search: a key and a value, conditions, or both.

    All `conditions` are to hold; of those in one row, one.
    """

    key: SavedKey
    value: str = ""
    conditions: tuple[tuple[SavedCondition, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLayer:
    """How a layer looks; `place` is where it stands in the list, from 0.

    What a type of layer hasn't is None.
    """

    part: LayerPart
    index: int = 0
    place: int = 0
    name: str = ""
    visible: bool = True
    opacity: float = 1.0
    blending: str = ""
    contrast: tuple[float, float] | None = None
    gamma: float | None = None
    colormap: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLook:
    """How the wells of a plate are coloured; `own` are files of a person's columns."""

    color_by: str | None = None
    style: Literal["frames", "fill", "fill only"] = "fill"
    hide_failed: bool = False
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlate:
    """A plate as a mosaic, at one field (from 0) of a run.

    `search` is what its hits are of, `selected` are the ids of wells.
    """

    kind: Literal["plate"] = "plate"
    server: str
    id: int
    name: str = ""
    study: str = ""
    run: int | None = None
    field: int = 0
    search: SavedSearch | None = None
    look: SavedLook | None = None
    selected: tuple[int, ...] = ()
    layers: tuple[SavedLayer, ...] = ()

    @property
    def key(self) -> str:
        """Tells it from other mosaics of its server."""
        return f"plate-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLine:
    """A line of the tree that a gallery is of, where it lies, how many images."""

    kind: LineKind
    id: int
    name: str = ""
    study: str = ""
    plate: SavedObject | None = None
    dataset: SavedObject | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedGallery:
    """A gallery: of lines, or without any of all that a search finds.

    `key` tells it from other mosaics of its server. It is laid out by `aspect`, its
    width over its height, and by `counts`, the images of each study. `read` tells that
    the annotations of its images were read, `selected` are the ids of images.
    """

    kind: Literal["gallery"] = "gallery"
    server: str
    key: str
    title: str = ""
    search: SavedSearch | None = None
    lines: tuple[SavedLine, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    counts: tuple[int, ...] = ()
    aspect: float = 1.5
    read: bool = False
    look: SavedLook | None = None
    selected: tuple[int, ...] = ()
    layers: tuple[SavedLayer, ...] = ()


SavedMosaic = SavedPlate | SavedGallery


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRef:
    """An image and where it was found.

    `well` is the id, `told` the gene or another word for the well. `gallery` is the key
    of the gallery of the session that it was found in.
    """

    server: str
    id: int
    name: str = ""
    study: str = ""
    dataset: SavedObject | None = None
    plate: SavedObject | None = None
    run: SavedObject | None = None
    field: int | None = None
    well: int | None = None
    well_label: str | None = None
    told: str | None = None
    search: SavedSearch | None = None
    gallery: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedImage:
    """An image that is open, with its regions or its maximum over z where shown."""

    image: SavedRef
    regions: bool = False
    projection: bool = False
    layers: tuple[SavedLayer, ...] = ()

    @property
    def server(self) -> str:
        """The address of the server that has it."""
        return self.image.server


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCell:
    """An image of a strip; `place` is (row, column), None where it goes in order."""

    image: SavedRef
    role: str = ""
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStrip:
    """Images side by side.

    `mosaic` is the key of the mosaic that is shown in channels; then there are no
    `cells`.
    """

    server: str
    cells: tuple[SavedCell, ...] = ()
    groups: tuple[int, ...] = ()
    about: str = ""
    name: str = ""
    mosaic: str = ""
    layers: tuple[SavedLayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """Where the camera and the sliders stand.

    `center` and `angles` are napari's (z, y, x); `zoom` is in px of the screen per unit
    of the world, on a canvas of (height, width) `canvas` px. `point` is the position of
    the sliders in the world.
    """

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    zoom: float = 1.0
    angles: tuple[float, float, float] = (0.0, 0.0, 90.0)
    ndisplay: Literal[2, 3] = 2
    point: tuple[float, ...] = ()
    canvas: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """All that is shown of archives in a viewer.

    `server` is the one that the browser is on, `search` what it has searched, `mosaics`
    stand from top to bottom, `images` are those opened, the newest last. `active` is
    the place of the active layer in the list of layers, `wells` whether their table is
    open. `plugin_version` and `saved_at` (ISO 8601, UTC) are for people.
    """

    server: str = ""
    search: SavedSearch | None = None
    studies: tuple[SavedStudy, ...] = ()
    mosaics: tuple[SavedMosaic, ...] = ()
    strips: tuple[SavedStrip, ...] = ()
    images: tuple[SavedImage, ...] = ()
    view: SavedView | None = None
    active: int | None = None
    wells: bool = False
    plugin_version: str = ""
    saved_at: str = ""

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of all servers, that of the browser first."""
        things = (*self.mosaics, *self.strips, *self.images)
        found = dict.fromkeys((self.server, *(one.server for one in things)))
        return tuple(one for one in found if one)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is shown."""
        return not (self.mosaics or self.strips or self.images)
