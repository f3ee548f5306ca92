"""The memory and the workers that all open images share."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from napari_idr.tiles.cache import TileCache
from napari_idr.tiles.image import TiledImage
from napari_idr.tiles.scheduler import TileScheduler
from napari_idr.tiles.settings import ViewingSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.errors import IDRError
    from napari_idr.tiles.image import TileReader
    from napari_idr.tiles.wants import LayerKey


class TileViewing:
    """Opens images for a viewer; one for each session.

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
        self.store = TileCache(self.settings.memory_bytes)
        self.queue = TileScheduler(self.settings.workers)
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
            store=self.store,
            queue=self.queue,
            settings=self.settings,
            on_arrival=self._on_arrival,
            on_failure=self._on_failure,
            overview=overview,
            thumbnail=thumbnail,
        )
        with self._lock:
            self._images.add(image)
        return image

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
        return self.queue.close(timeout_s)
