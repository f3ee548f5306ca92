"""A whole plate as one layer: from all wells down to a single cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.services.viewing._mosaic_plan import plan_pyramid
from napari_idr.services.viewing._mosaic_reader import MosaicReader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.services.mosaic import MosaicPlan
    from napari_idr.services.viewing._array import ViewedArray
    from napari_idr.services.viewing._demand import LayerKey
    from napari_idr.services.viewing._mosaic_reader import OpenReader
    from napari_idr.services.viewing._viewing import Viewing


class MosaicPyramid:
    """A mosaic whose fine levels are the images of its wells.

    The coarsest level is the canvas of thumbnails, which somebody else fills; the
    layer's coordinates are those of the largest level, so its `scale` is
    `1 / enlargement` where it should lie on the canvas.

    Parameters
    ----------
    viewing
        The memory and the workers.
    plan
        Where the wells lie on the canvas.
    canvas
        The thumbnails, (y, x, 3) of `uint8`, of the shape of the plan.
    open_reader
        Opens the pixels of a well, in a worker, when they are first looked at.
    """

    def __init__(
        self,
        viewing: Viewing,
        plan: MosaicPlan,
        canvas: NDArray[np.uint8],
        open_reader: OpenReader,
    ) -> None:
        if canvas.shape != (*plan.shape, 3):
            raise ValueError(f"a canvas of {canvas.shape} for a plan of {plan.shape}")
        self.plan = plan_pyramid(plan)
        self._canvas = canvas
        self._reader = MosaicReader(self.plan, canvas, open_reader, viewing.store)
        self.image = viewing.open(self._reader, overview=canvas)

    @property
    def enlargement(self) -> int:
        """How many px of the largest level lie on one px of the canvas."""
        return self.plan.scales[0]

    @property
    def key(self) -> LayerKey:
        """What names the layer in the callbacks."""
        return self.image.key(0)

    def levels(self) -> list[ViewedArray | NDArray[np.uint8]]:
        """Return the arrays, (y, x, 3), the largest first; the last is the canvas."""
        return [*self.image.levels()[:-1], self._canvas]

    def close(self) -> None:
        """Stop everything; the canvas stays."""
        self.image.close()
        self._reader.close()
