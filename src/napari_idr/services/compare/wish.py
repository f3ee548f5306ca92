"""Wishes to compare: which images, and what is said of each."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.model import ImageId
    from napari_idr.services.details import ImageRequest
    from napari_idr.services.mosaic import MosaicShown

__all__ = [
    "MAX_CELLS",
    "CellWish",
    "CompareWish",
    "in_channels",
    "in_groups",
    "new_number",
    "of_first_server",
    "title_apart",
]

MAX_CELLS = 96
"""Images side by side; more is a plate or a gallery."""

MAX_ASKED = 8
"""Images of a whole plate or gallery that are asked about beforehand: enough to know
its channels and to find a contrast."""

MAX_NAMED = 3
"""Wells that a title names."""

_numbers = itertools.count(1)


def new_number() -> int:
    """Return a number that no comparison has had."""
    return next(_numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWish:
    """An image to be compared.

    `role` is what it is beside the others ("negative control"), "" for nothing said.
    `place` is its (row, column), None where it goes in order. `stage_um` is where the
    stage was, (y, x) in µm, None where that isn't known; `run` counts the runs of a
    well from 0.
    """

    request: ImageRequest
    role: str = ""
    place: tuple[int, int] | None = None
    stage_um: tuple[float, float] | None = None
    run: int = 0

    @property
    def label(self) -> str:
        """The well and the field, or the name of the image."""
        request = self.request
        name = request.ref.name or f"Image {request.ref.image_id}"
        return plain_text(request.label or name)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said of the image: what is in it, its place, its plate, its study."""
        request = self.request
        above = request.plate or request.dataset
        lines = (
            request.told or "",
            "" if self.role == request.told else self.role,
            self.label,
            "" if above is None else above.name,
            "" if request.study is None else request.study.name,
        )
        return tuple(map(plain_text, lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareWish:
    """Images to be shown side by side, in order.

    `groups` has a number for each image: those of one number stand in rows of their
    own. `about` says in a sentence what else there is to say of the choice. No two
    wishes have the same `number`. `name` is what they are together, "" for a choice.
    `order` says what rows and columns mean of fields of a well, "" elsewhere.

    `pictures` are thumbnails of a mosaic that is shown already. They tell that the
    images are many: only some are asked about beforehand, and the others are taken to
    be like them until one looks closer.
    """

    cells: tuple[CellWish, ...]
    groups: tuple[int, ...] = ()
    about: str = ""
    name: str = ""
    order: Literal["", "stage", "number"] = ""
    pictures: Mapping[ImageId, NDArray[np.uint8]] | None = field(
        default=None, repr=False, compare=False
    )
    number: int = field(default_factory=new_number)

    @property
    def server(self) -> str:
        """The address of the server that has the images."""
        return self.cells[0].request.server

    @property
    def asked(self) -> tuple[int, ...]:
        """The places of the images that are asked about beforehand."""
        count = len(self.cells)
        if self.pictures is None:
            return tuple(range(count))
        return tuple(range(0, count, max(1, -(-count // MAX_ASKED))))

    @property
    def title(self) -> str:
        """What is compared, in a few words: the first image, and how many others.

        >>> from napari_idr.model import ImageRef
        >>> from napari_idr.services.details import ImageRequest
        >>> found = ImageRequest(ref=ImageRef(image_id=7), told="CDC20")
        >>> cell = CellWish(request=found)
        >>> CompareWish(cells=(cell, cell, cell)).title
        'compare CDC20 + 2'
        """
        if self.name:
            return self.name
        first = self.cells[0]
        more = f" + {len(self.cells) - 1}" if len(self.cells) > 1 else ""
        return f"compare {plain_text(first.request.told or '') or first.label}{more}"


def title_apart(title: str, wish: CompareWish, taken: Collection[str]) -> str:
    """Return a title; where others have it, what is compared is named before it.

    >>> from napari_idr.model import ImageRef
    >>> from napari_idr.services.details import ImageRequest
    >>> cells = [
    ...     CellWish(request=ImageRequest(ref=ImageRef(image_id=7, name=name)))
    ...     for name in ("C4", "C5")
    ... ]
    >>> wish = CompareWish(cells=tuple(cells))
    >>> title_apart("compare CDC20", wish, [])
    'compare CDC20'
    >>> title_apart("compare CDC20", wish, ["compare CDC20"])
    'C4, C5 · compare CDC20'
    >>> title_apart("a", wish, ["a", "C4, C5 · a"])
    'C4, C5 · a (2)'
    """
    if title not in taken:
        return title
    named = list(
        dict.fromkeys(one.request.well_label or one.label for one in wish.cells)
    )
    more = f" + {len(named) - MAX_NAMED}" if len(named) > MAX_NAMED else ""
    apart = f"{', '.join(named[:MAX_NAMED])}{more} · {title}"
    numbered = (f"{apart} ({count})" for count in itertools.count(2))
    return next(one for one in itertools.chain([apart], numbered) if one not in taken)


def in_groups(requests: Iterable[ImageRequest]) -> CompareWish:
    """Return a wish to compare images; those of several genes in rows of their own.

    They are where there are two genes or compounds at least, and two images of each.
    Repeated images are shown once; those of other servers than the first's, and those
    beyond `MAX_CELLS`, are left out, with a sentence.

    Raises
    ------
    ValueError
        There are no images.
    """
    asked = tuple(requests)
    unique = {one.ref.image_id: one for one in of_first_server(asked)}
    wanted = tuple(unique.values())
    if not wanted:
        raise ValueError("no images to compare")
    cells = [CellWish(request=one) for one in wanted[:MAX_CELLS]]
    left_out = len(wanted) - len(cells)
    notes = [f"{left_out} more images are left out."] if left_out else []
    about = " ".join([*notes, *_others(asked)])
    told = Counter(cell.request.told for cell in cells)
    if len(told) > 1 and None not in told and min(told.values()) > 1:
        rows = {word: row for row, word in enumerate(told)}
        cells.sort(key=lambda cell: rows[cell.request.told])
        groups = tuple(rows[cell.request.told] for cell in cells)
        return CompareWish(cells=tuple(cells), groups=groups, about=about)
    return CompareWish(cells=tuple(cells), about=about)


def of_first_server(requests: Sequence[ImageRequest]) -> tuple[ImageRequest, ...]:
    """Return the images that one comparison can show: each is asked of one server."""
    return tuple(one for one in requests if one.server == requests[0].server)


def _others(requests: Sequence[ImageRequest]) -> Iterator[str]:
    """Say which images are left out as other servers have them."""
    others = {
        (one.server, one.ref.image_id)
        for one in requests
        if one.server != requests[0].server
    }
    if others:
        images = "1 image is" if len(others) == 1 else f"{len(others)} images are"
        servers = " and ".join(sorted({server for server, _ in others}))
        yield f"{images} left out: of {servers}, and a comparison is of one server."


def in_channels(shown: MosaicShown) -> CompareWish:
    """Return a wish to see all images of a plate or a gallery in channels."""
    cells = tuple(shown.plan.grid)
    height, width = shown.plan.cell_shape
    pictures = {
        one.image_id: shown.canvas[one.y : one.y + height, one.x : one.x + width]
        for one in shown.plan.cells
    }
    return CompareWish(
        cells=tuple(
            CellWish(request=shown.image_request(cell), place=(cell.row, cell.column))
            for cell in cells
        ),
        about="Far out thumbnails are shown; zooming in opens the images.",
        name=f"{shown.name} in channels",
        pictures=pictures,
    )
