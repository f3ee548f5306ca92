"""Regions of interest of the demo's images."""

from collections.abc import Iterator

import numpy as np

from napari_idr.demo.pixels import cells
from napari_idr.demo.world import Image, Roi, Shape

FIRST_ROI_ID = 70_000
SHAPES_A_ROI = 10
MASK_SIDE = 24


def kinds_of_shape(image: Image) -> tuple[Roi, ...]:
    """Return ROIs with every kind of shape, on some planes and on all."""
    base = FIRST_ROI_ID + image.id * SHAPES_A_ROI
    shapes = (
        Shape(id=base, kind="Rectangle", text="cell é", z=0, t=0, fill=0xFF000040,
              geometry={"X": 10.0, "Y": 12.0, "Width": 50.5, "Height": 40.0}),
        Shape(id=base + 1, kind="Ellipse", stroke=0x00FF00FF,
              geometry={"X": 60.0, "Y": 60.0, "RadiusX": 10.0, "RadiusY": 20.0},
              transform=(1.0, 0.0, 0.0, 1.0, 5.0, -3.0)),
        Shape(id=base + 2, kind="Polygon",
              geometry={"Points": "81,72 110,74 95.5,130"}),
        Shape(id=base + 3, kind="PolyLine", c=1,
              geometry={"Points": "120,20 150,40 170,25 200,60"}),
        Shape(id=base + 4, kind="Line",
              geometry={"X1": 5.0, "Y1": 150.0, "X2": 90.0, "Y2": 180.0}),
        Shape(id=base + 5, kind="Point", z=min(2, image.size_z - 1),
              geometry={"X": 130.0, "Y": 90.0}),
        Shape(id=base + 6, kind="Label", text="a label", stroke=0xFFFFFFFF,
              geometry={"X": 140.0, "Y": 150.0}),
        Shape(id=base + 7, kind="Mask", t=0, fill=0x0080FF80, mask=_disc(),
              geometry={"X": 180.0, "Y": 100.0, "Width": float(MASK_SIDE),
                        "Height": float(MASK_SIDE)}),
    )  # fmt: skip
    first = FIRST_ROI_ID + image.id
    return (
        Roi(id=first * 10, image_id=image.id, shapes=shapes[:6]),
        Roi(id=first * 10 + 1, image_id=image.id, shapes=shapes[6:7]),
        Roi(id=first * 10 + 2, image_id=image.id, shapes=shapes[7:]),
    )


def one_ellipse_a_cell(image: Image) -> tuple[Roi, ...]:
    """Return a ROI around each nucleus; the image is crowded, so thousands."""
    return tuple(_ellipses(image))


def _ellipses(image: Image) -> Iterator[Roi]:
    found = cells.in_region(image, 0, 0, image.size_x, image.size_y)
    first = 1_000_000 + image.id * 10_000
    centres = zip(found.x, found.y, found.radius, strict=True)
    for number, (x, y, radius) in enumerate(centres):
        if not (0 <= x < image.size_x and 0 <= y < image.size_y):
            continue
        shape = Shape(
            id=first + number,
            kind="Ellipse",
            geometry={
                "X": round(float(x), 2),
                "Y": round(float(y), 2),
                "RadiusX": round(float(radius), 2),
                "RadiusY": round(float(radius), 2),
            },
            text=f"cell {number}",
        )
        yield Roi(id=first + number, image_id=image.id, shapes=(shape,))


def _disc() -> bytes:
    y, x = np.mgrid[:MASK_SIDE, :MASK_SIDE] - (MASK_SIDE - 1) / 2
    return np.packbits((x**2 + y**2 < (MASK_SIDE / 2) ** 2).ravel()).tobytes()
