"""OME-Zarr as other people's programs write it, arrays and metadata both."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.reader import load_group, open_zarr
from napari_idr.cancel import NEVER
from napari_idr.model import Image, ImageId
from support.storage import object_storage

STACK = (np.arange(2 * 3 * 70 * 90) % 251).reshape(2, 3, 70, 90).astype("u2")
"""Channels, planes, y, x."""
HALVED = STACK[..., ::2, ::2]
CELLS = (STACK[0] > 100).astype("i4")
STORAGE = object_storage()


def opened(url):
    known = Image(id=ImageId(1), name="", size_x=0, size_y=0, pixel_type="")
    return open_zarr(known, url, STORAGE, cancel=NEVER)


def plane(reader, level=0, c=0, z=0):
    height, width = reader.levels[level].shape
    region = PixelRegion(level=level, c=c, z=z, y0=0, y1=height, x0=0, x1=width)
    return reader.read(region, cancel=NEVER)


def described(models, letters: str, levels: int = 1) -> dict:
    """Return the fields of an image in the models of yaozarrs."""
    axes = [
        models.ChannelAxis(name=letter)
        if letter == "c"
        else models.SpaceAxis(name=letter, unit="micrometer")
        for letter in letters
    ]
    datasets = [
        models.Dataset(
            path=str(k),
            coordinateTransformations=[
                models.ScaleTransformation(
                    scale=[0.5 * 2**k if a in "yx" else 1.0 for a in letters]
                )
            ],
        )
        for k in range(levels)
    ]
    return {"multiscales": [models.Multiscale(axes=axes, datasets=datasets)]}


def assert_is_the_stack(reader):
    """Values, channels, planes, levels and sizes are those that were written."""
    assert [level.shape for level in reader.levels] == [(70, 90), (35, 45)]
    assert (reader.image.size_c, reader.image.size_z) == (2, 3)
    assert reader.image.pixel_size_x_um == 0.5
    assert reader.image.notes == ()
    np.testing.assert_array_equal(plane(reader, c=1, z=2), STACK[1, 2])
    np.testing.assert_array_equal(plane(reader, level=1, z=1), HALVED[0, 1])


@pytest.mark.parametrize("writer", ["tensorstore", "zarr"])
@pytest.mark.parametrize("shards", [None, (2, 3, 64, 64)], ids=["plain", "sharded"])
def test_images_and_labels_of_0_5_by_yaozarrs_are_read(objects, writer, shards):
    from yaozarrs import v05
    from yaozarrs.write.v05 import write_image

    labels = v05.LabelImage(**described(v05, "zyx"), image_label={})
    write_image(
        objects.root / "a.zarr",
        v05.Image(**described(v05, "czyx", 2)),
        [STACK, HALVED],
        chunks=(1, 1, 32, 32),
        shards=shards,
        writer=writer,
    )
    write_image(
        objects.root / "labelled.zarr",
        v05.Image(**described(v05, "czyx", 2)),
        [STACK, HALVED],
        labels={"cells": (labels, CELLS)},
        writer=writer,
    )

    reader = opened(f"{objects.url}/a.zarr")
    labelled = opened(f"{objects.url}/labelled.zarr")
    cells = labelled.open_label("cells", cancel=NEVER)

    assert_is_the_stack(reader)
    assert_is_the_stack(labelled)
    assert labelled.label_names(cancel=NEVER) == ("cells",)
    assert (cells.dtype, cells.label is not None) == (np.int32, True)
    np.testing.assert_array_equal(plane(cells, z=2), CELLS[2])


def test_a_plate_of_0_5_by_yaozarrs_is_read(objects):
    from yaozarrs import v05
    from yaozarrs.write.v05 import write_plate

    image = v05.Image(**described(v05, "czyx", 2))
    wells = {
        (row, column, field): (image, [STACK + k, HALVED + k])
        for k, (row, column, field) in enumerate(
            [("A", "1", "0"), ("B", "2", "0"), ("B", "2", "1")]
        )
    }
    write_plate(objects.root / "plate.zarr", wells, writer="tensorstore")
    url = f"{objects.url}/plate.zarr"

    assert load_group(url, STORAGE, cancel=NEVER).container == "plate"
    assert load_group(f"{url}/B/2", STORAGE, cancel=NEVER).container == "well"
    for k, field in enumerate("01", 1):
        reader = opened(f"{url}/B/2/{field}")
        np.testing.assert_array_equal(plane(reader, c=1, z=2), STACK[1, 2] + k)


def store_v04(folder, model, arrays=()) -> None:
    """Write a group of Zarr's second format; its arrays by tensorstore."""
    import tensorstore

    folder.mkdir(parents=True)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    attributes = model.model_dump(mode="json", exclude_none=True, by_alias=True)
    (folder / ".zattrs").write_text(json.dumps(attributes))
    for k, array in enumerate(arrays):
        tensorstore.open(
            {
                "driver": "zarr",
                "kvstore": {"driver": "file", "path": f"{folder / str(k)}/"},
                "metadata": {
                    "chunks": [1] * (array.ndim - 2) + [32, 32],
                    "compressor": {"id": "blosc", "cname": "zstd"},
                    "dimension_separator": "/",
                },
            },
            create=True,
            dtype=array.dtype,
            shape=array.shape,
        ).result().write(array).result()


def test_plates_images_and_labels_of_0_4_as_yaozarrs_and_tensorstore_are_read(objects):
    from yaozarrs import v04

    plate = v04.PlateDef(
        rows=[{"name": "A"}, {"name": "B"}],
        columns=[{"name": "1"}, {"name": "2"}],
        wells=[{"path": "B/2", "rowIndex": 1, "columnIndex": 1}],
    )
    root, field = objects.root / "plate.zarr", objects.root / "plate.zarr/B/2/0"
    store_v04(root, v04.Plate(plate=plate))
    store_v04(root / "B/2", v04.Well(well=v04.WellDef(images=[{"path": "0"}])))
    image = v04.Image(**described(v04, "czyx", 2))
    store_v04(field, image, [STACK, HALVED])
    store_v04(field / "labels", v04.LabelsGroup(labels=["cells"]))
    cells_image = v04.LabelImage(**described(v04, "zyx"), image_label={})
    store_v04(field / "labels/cells", cells_image, [CELLS])
    url = f"{objects.url}/plate.zarr"

    reader = opened(f"{url}/B/2/0")
    cells = reader.open_label("cells", cancel=NEVER)

    assert_is_the_stack(reader)
    assert reader.label_names(cancel=NEVER) == ("cells",)
    np.testing.assert_array_equal(plane(cells, z=1), CELLS[1])
