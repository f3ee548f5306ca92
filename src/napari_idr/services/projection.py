"""The brightest of all planes of an open image, as layers of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.api import projected_reader
from napari_idr.services.layers import LayerSpec, pixel_scale
from napari_idr.services.open_image import OpenedImage, plan_layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.api import PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.services.viewing import ViewedImage

__all__ = ["plan_projected_image", "projected_reader"]


def plan_projected_image(
    opened: OpenedImage,
    view: Callable[[PixelReader], ViewedImage],
    *,
    cancel: CancelToken,
) -> OpenedImage:
    """Read the maximum over z of an open image coarsely and plan its layers.

    The layers are one plane that is as thick as the stack, so that it is seen
    wherever the z slider stands; their names end with "max z".

    Parameters
    ----------
    opened
        An image of several planes.
    view
        Makes the arrays that napari is given; what it returns must be closed.

    Raises
    ------
    ValueError
        The image has one plane.
    IDRError
        The planes didn't come.
    """
    count = opened.image.size_z
    if count < 2:
        raise ValueError("the maximum over one plane is that plane")
    projected = plan_layers(
        opened.details,
        projected_reader(opened.reader),
        view,
        {
            **opened.metadata,
            "projection": {"kind": "maximum", "axis": "z", "planes": count},
        },
        projected=True,
        notes=(*opened.notes, f"The maximum over {count} planes."),
        cancel=cancel,
    )
    specs = tuple(_thick(spec, opened) for spec in projected.specs)
    return replace(projected, specs=specs)


def _thick(spec: LayerSpec, opened: OpenedImage) -> LayerSpec:
    """Return a layer whose one plane reaches from the first to the last of a stack."""
    axes = list(spec.kwargs["axis_labels"])
    if "z" not in axes:  # napari shows it at any z anyway
        return spec
    z = axes.index("z")
    [step], _ = pixel_scale(opened.image, ["z"])
    scale, translate = list(spec.kwargs["scale"]), list(spec.kwargs["translate"])
    scale[z] = step * opened.image.size_z
    translate[z] = step * (opened.image.size_z - 1) / 2
    return replace(spec, kwargs={**spec.kwargs, "scale": scale, "translate": translate})
