"""Reader of the maximum-intensity projection over z."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.api.pixels.reader import (
    Level,
    PixelRegion,
    ask_again,
    read_notes,
    require_region,
)
from napari_idr.api.pixels.rendered_reader import RenderedReader, is_drawn_whole
from napari_idr.errors import PixelDataError, RateLimitedError, StatusError
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_idr.api.pixels.reader import PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Image, PixelSource

AT_ONCE = 4
"""Planes of one rectangle that are asked for together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectedReader:
    """The maximum over z of what another reader reads, as an image of one plane.

    `planes` are those that count. A server that draws whole planes also projects
    them, before it draws; all other pixels are read plane by plane. Holes (NaN)
    count only where there is nothing else. Thread-safe; pickles as its reader does.
    """

    reader: PixelReader
    planes: range

    @property
    def image(self) -> Image:
        """The image, one plane deep."""
        return replace(self.reader.image, size_z=1, default_z=0, pixel_size_z_um=None)

    @property
    def source(self) -> PixelSource:
        """Where the pixels come from."""
        return self.reader.source

    @property
    def read_notes(self) -> tuple[str, ...]:
        """What was odd in what has been read."""
        return read_notes(self.reader)

    def ask_again(self) -> Callable[[PixelRegion], bool] | None:
        """Let the planes be asked for again; see `reader.ask_again`."""
        lacks = ask_again(self.reader)
        if lacks is None:
            return None
        return lambda region: any(lacks(replace(region, z=z)) for z in self.planes)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers that are read."""
        return self.reader.dtype

    @property
    def rgb(self) -> bool:
        """Whether a read gives three colours, each with a maximum of its own."""
        return self.reader.rgb

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions, the largest first."""
        return self.reader.levels

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the maximum of a rectangle over all planes."""
        require_region(region, self.levels, self.image)
        if isinstance(self.reader, RenderedReader) and is_drawn_whole(self.image):
            try:
                return self.reader.read_maximum(region, self.planes, cancel=cancel)
            except RateLimitedError:
                raise
            except (StatusError, PixelDataError):
                pass  # servers project only so many bytes; they still draw each plane

        def load(z: int, stop: CancelToken) -> NDArray[np.generic]:
            return self.reader.read(replace(region, z=z), cancel=stop)

        planes = in_parallel(load, self.planes, at_once=AT_ONCE, cancel=cancel)
        return reduce(np.fmax, planes)


def projected_reader(reader: PixelReader, *, z: range | None = None) -> ProjectedReader:
    """Return a reader of the maximum over z.

    Parameters
    ----------
    reader
        Of the planes.
    z
        Which planes, one after the other; None for all.

    Raises
    ------
    ValueError
        There are no such planes.
    """
    planes = range(reader.image.size_z) if z is None else z
    if not 0 <= planes.start < planes.stop <= reader.image.size_z or planes.step != 1:
        raise ValueError(f"{planes} isn't a stretch of {reader.image.size_z} planes")
    return ProjectedReader(reader=reader, planes=planes)
