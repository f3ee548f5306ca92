"""The memory and the workers that all open images share."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.tiles.cache import TileCache
from napari_idr.tiles.image import TiledImage
from napari_idr.tiles.scheduler import TileScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.errors import IDRError
    from napari_idr.tiles.grid import LayerKey
    from napari_idr.tiles.image import TileReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewingSettings:
    """How much is kept, and how eagerly it is asked for.

    Parameters
    ----------
    memory_bytes
        What the decoded tiles of all open images may take together.
    workers
        Requests at once, for all open images together.
    settle_s
        How long a plane has to stay before it is asked for, and a view that is zoomed
        or moved quickly: what lies in between is never sent. A window without a
        graphics card takes up to 0.1 s from one to the next.
    planes_ahead
        Planes asked for in the direction of travel once the shown one is complete. One
        comes while a person looks at the shown one, and each is for nothing where they
        stop.
    read_bytes
        The largest array that is put together at one asking; a whole pyramid would
        be a terabyte, and a sentence is better than a full memory.
    """

    memory_bytes: int = 512 * 2**20
    workers: int = 4
    settle_s: float = 0.15
    planes_ahead: int = 1
    read_bytes: int = 2 * 2**30


class TileViewing:
    """Opens images for a viewer, which share a memory and workers.

    Parameters
    ----------
    settings
        See `ViewingSettings`; None for the defaults.
    on_arrival
        Called in a worker when a layer can show more than it does. It must not
        raise, and should do no more than emit a signal.
    on_failure
        Called likewise, with the reason, when a tile of a layer didn't come.
    """

    def __init__(
        self,
        settings: ViewingSettings | None = None,
        *,
        on_arrival: Callable[[LayerKey], None] | None = None,
        on_failure: Callable[[LayerKey, IDRError], None] | None = None,
    ) -> None:
        self.settings = settings or ViewingSettings()
        self.cache = TileCache(self.settings.memory_bytes)
        self.scheduler = TileScheduler(self.settings.workers)
        self._on_arrival = on_arrival
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._images: weakref.WeakSet[TiledImage] = weakref.WeakSet()

    def open(
        self,
        reader: TileReader,
        *,
        overview: NDArray[np.generic] | None = None,
        thumbnail: NDArray[np.generic] | None = None,
    ) -> TiledImage:
        """Open an image; it asks for nothing until it is looked at.

        Parameters
        ----------
        reader
            Its pixels.
        overview, thumbnail
            See `TiledImage`.
        """
        image = TiledImage(
            reader,
            cache=self.cache,
            scheduler=self.scheduler,
            settings=self.settings,
            on_arrival=self._on_arrival,
            on_failure=self._on_failure,
            overview=overview,
            thumbnail=thumbnail,
        )
        with self._lock:
            self._images.add(image)
        return image

    def twin(self, image: TiledImage) -> TiledImage:
        """Open the pixels of an image once more, for layers that show them otherwise.

        The layers of one `TiledImage` show one plane; a twin has a plane of its own.
        Closing it leaves the image open.
        """
        return self.open(image.reader, **image.stand_ins)

    def close(self, timeout_s: float = 1.0) -> bool:
        """Close all images and end the workers; return whether all have ended.

        Parameters
        ----------
        timeout_s
            Longest wait, in seconds, for readers that don't heed their token.
        """
        with self._lock:
            images = list(self._images)
        for image in images:
            image.close()
        return self.scheduler.close(timeout_s)
