"""Images are written as OME-TIFF and OME-Zarr, and what is read back is the same."""

from __future__ import annotations

import shutil
from itertools import pairwise
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import tifffile
import yaozarrs
import zarr
from napari.layers import Image

from napari_idr import IDRClient
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo import pixels
from napari_idr.errors import Cancelled, DownloadError, PixelDataError
from napari_idr.model import ImageId
from napari_idr.services.export import image_of_layers, image_of_reader, save_image
from napari_idr.services.image.metadata import idr_metadata

RNG = np.random.default_rng(7)


def nothing(done, total):
    pass


def save(image, path, *, overwrite=False, progress=nothing, cancel=NEVER):
    return save_image(
        image, path, overwrite=overwrite, progress=progress, cancel=cancel
    )


def layers(*made):
    return image_of_layers([one.as_layer_data_tuple() for one in made])


def stack(dtype="uint16", shape=(2, 3, 40, 50)):
    return RNG.integers(0, 200, shape).astype(dtype)


def read_zarr(path, level="0"):
    return np.asarray(zarr.open_group(str(path), mode="r")[level])


@pytest.fixture
def stored(idr_archive):
    """The stack of the demo with raw pixels: its reader, and the truth."""
    image = next(
        one
        for one in idr_archive.world.images.values()
        if one.name == "stack c3 z5 t7.ome.tiff"
    )
    with IDRClient(idr_archive.url, cache=False) as client:
        yield _read(client, ImageId(image.id)), _truth(image)


def _read(client, image_id):
    known = client.image(image_id)
    reader, _ = client.open_reader(known)
    origin = idr_metadata(server=client.url, image=known, web_url=client.web_url(known))
    return image_of_reader(reader, origin)


def _truth(image):
    return np.array(
        [
            [[pixels.plane(image, c, z, t) for z in range(5)] for c in range(3)]
            for t in range(7)
        ]
    )


def test_an_image_of_the_archive_is_written_as_it_is_stored(stored, tmp_path):
    image, true = stored
    told = []

    path = save(image, tmp_path / "a.ome.tif", progress=lambda *both: told.append(both))

    with tifffile.TiffFile(path) as file:
        [series] = file.series
        assert (series.axes, series.shape) == ("TCZYX", true.shape)
        np.testing.assert_array_equal(series.asarray(), true)
        text = file.ome_metadata
    told_of = tifffile.xml2dict(text)["OME"]["Image"]["Pixels"]
    assert [one["Name"] for one in told_of["Channel"]] == [
        one.name for one in image.channels
    ]
    assert told_of["PhysicalSizeX"] == pytest.approx(image.pixel_um[2])
    assert f"stack c3 z5 t7.ome.tiff ({image.origin['image']['id']})" in text
    assert "webclient/?show=image-" in text
    assert told[-1] == (image.nbytes, image.nbytes)
    assert [one.name for one in tmp_path.iterdir()] == ["a.ome.tif"]


def test_the_same_as_ome_zarr_with_levels(stored, tmp_path):
    image, true = stored

    path = save(image, tmp_path / "a.ome.zarr")

    np.testing.assert_array_equal(read_zarr(path), true)
    yaozarrs.validate_zarr_store(str(path))
    attributes = zarr.open_group(str(path), mode="r").attrs
    assert attributes["multiscales"][0]["version"] == "0.4"
    labels = [one["label"] for one in attributes["omero"]["channels"]]
    assert labels == [one.name for one in image.channels]
    assert attributes["napari-idr/provenance"]["server"] == image.origin["server"]


def test_levels_of_an_ome_zarr_are_means(tmp_path):
    plane = stack(shape=(700, 301))
    image = layers(Image(plane))

    path = save(image, tmp_path / "a.ome.zarr")

    group = zarr.open_group(str(path), mode="r")
    assert [group[str(n)].shape[-2:] for n in range(3)] == [
        (700, 301),
        (350, 151),
        (175, 76),
    ]
    assert group["1"][0, 0, 0, 3, 4] == np.rint(plane[6:8, 8:10].mean())


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]
)
def test_somebody_s_own_layer_keeps_its_numbers(dtype, tmp_path):
    data = stack(dtype)

    path = save(layers(Image(data)), tmp_path / "own.ome.tif")

    with tifffile.TiffFile(path) as file:
        found = file.series[0].asarray()
    assert found.dtype == data.dtype
    np.testing.assert_array_equal(np.squeeze(found), data)


def test_layers_become_channels_with_names_and_colours(tmp_path):
    one, two = stack(shape=(4, 30, 40)), stack(shape=(4, 30, 40))
    made = [
        Image(
            data,
            name=name,
            colormap=color,
            scale=(2.0, 500, 500),
            units=("um", "nm", "nm"),
        )
        for data, name, color in ((one, "DNA", "#0000FF"), (two, "actin", "red"))
    ]

    path = save(layers(*made), tmp_path / "a.ome.tiff")

    with tifffile.TiffFile(path) as file:
        found, text = file.series[0].asarray(), file.ome_metadata
    np.testing.assert_array_equal(np.squeeze(found), np.stack([one, two]))
    told = tifffile.xml2dict(text)["OME"]["Image"]["Pixels"]
    assert [c["Name"] for c in told["Channel"]] == ["DNA", "actin"]
    assert [c["Color"] for c in told["Channel"]] == [65535, -16776961]
    sizes = [told[f"PhysicalSize{axis}"] for axis in "XYZ"]
    assert sizes == pytest.approx([0.5, 0.5, 2.0])


@pytest.mark.parametrize("colors", [3, 4])
def test_a_colour_picture_stays_one(colors, tmp_path):
    data = stack("uint8", (33, 47, colors))

    path = save(layers(Image(data, rgb=True)), tmp_path / "a.ome.tif")

    with tifffile.TiffFile(path) as file:
        np.testing.assert_array_equal(np.squeeze(file.series[0].asarray()), data)
    zarr_path = save(layers(Image(data, rgb=True)), tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(
        np.moveaxis(read_zarr(zarr_path)[0, :, 0], 0, -1), data
    )


def test_of_several_levels_the_largest_is_written(tmp_path):
    data = stack(shape=(64, 64))

    path = save(layers(Image([data, data[::2, ::2]])), tmp_path / "a.ome.tif")

    np.testing.assert_array_equal(np.squeeze(tifffile.imread(path)), data)


def test_a_lazy_array_is_read_strip_by_strip(tmp_path):
    most = 0

    def block(block_info=None):
        nonlocal most
        place = block_info[None]["array-location"]
        rows = place[-2][1] - place[-2][0]
        most = max(most, rows)
        return np.full([b - a for a, b in place], place[-2][0] % 251, "uint8")

    data = da.map_blocks(
        block, chunks=((1000,) * 3, (20_000,)), dtype="uint8", meta=np.empty((0, 0))
    )

    path = save(layers(Image(data, contrast_limits=(0, 255))), tmp_path / "a.ome.tif")

    found = tifffile.imread(path)
    assert found.shape == (3000, 20_000)
    assert set(np.unique(found[1000:2000])) == {1000 % 251}


def test_axes_go_by_their_labels(tmp_path):
    data = stack(shape=(5, 20, 30))

    path = save(
        layers(Image(data, axis_labels=("t", "y", "x"))), tmp_path / "a.ome.tif"
    )

    with tifffile.TiffFile(path) as file:
        assert file.series[0].axes.startswith("T")
        assert (
            tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]["SizeT"] == 5
        )


def test_layers_of_different_sizes_are_no_image():
    with pytest.raises(PixelDataError, match="differ in size"):
        layers(Image(stack(shape=(4, 5))), Image(stack(shape=(4, 6))))


def test_what_ome_has_no_pixels_for_is_refused():
    with pytest.raises(PixelDataError, match="64 bits"):
        layers(Image(stack("int64")))
    with pytest.raises(PixelDataError, match="axes"):
        layers(Image(stack(shape=(2,) * 6)))


@pytest.mark.parametrize("name", ["a.ome.tif", "a.ome.zarr"])
def test_what_is_cancelled_or_fails_leaves_nothing(name, tmp_path):
    cancel = CancelToken()
    image = layers(Image(stack()))

    with pytest.raises(Cancelled):
        save(
            image,
            tmp_path / name,
            progress=lambda *_: cancel.cancel(),
            cancel=cancel,
        )

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.ome.tif", "a.ome.zarr"])
def test_what_is_there_stays(name, tmp_path):
    image = layers(Image(stack()))
    path = save(image, tmp_path / name)

    with pytest.raises(DownloadError, match="there already"):
        save(image, path)
    if name.endswith("tif"):
        assert save(image, path, overwrite=True) == path


@pytest.mark.parametrize("colors", [(), (3,)])
@pytest.mark.parametrize("planes", [(), (2, 3)])
def test_a_large_image_has_smaller_levels(colors, planes, tmp_path):
    data = stack("uint8", (*planes, 2051, 1030, *colors))

    path = save(layers(Image(data, rgb=bool(colors))), tmp_path / "large.ome.tif")

    with tifffile.TiffFile(path) as file:
        [series] = file.series
        found = [np.squeeze(level.asarray()) for level in series.levels]
        assert len(file.pages) == np.prod(planes, dtype=int)
    np.testing.assert_array_equal(found[0], data)
    end = len(planes)
    sizes = [one.shape[end : end + 2] for one in found]
    assert sizes == [(2051, 1030), (1026, 515), (513, 258)]
    for before, after in pairwise(found):
        channels = (slice(None),) if colors else ()
        block = before[..., 200:202, 300:302, *channels]
        wanted = np.rint(block.mean(axis=(end, end + 1)))
        np.testing.assert_array_equal(after[..., 100, 150, *channels], wanted)
    assert [one.name for one in tmp_path.iterdir()] == ["large.ome.tif"]


def test_levels_of_what_is_cancelled_leave_nothing(tmp_path):
    cancel = CancelToken()

    with pytest.raises(Cancelled):
        save(
            layers(Image(stack("uint8", (2, 3000, 3000)))),
            tmp_path / "large.ome.tif",
            progress=lambda done, total: cancel.cancel() if done > total / 2 else None,
            cancel=cancel,
        )

    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_told_in_units_that_can_be_read(monkeypatch, tmp_path):
    free = SimpleNamespace(free=3_200_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)

    with pytest.raises(DownloadError, match=r"12.0 MB don't fit: 3.2 MB are free"):
        save(layers(Image(stack("uint16", (2, 3, 1000, 1000)))), tmp_path / "a.ome.tif")


@pytest.mark.parametrize("shape", [(0, 40), (40, 0), (0, 40, 40)])
def test_a_layer_without_pixels_is_refused_in_words(shape):
    with pytest.raises(PixelDataError, match="without pixels"):
        image_of_layers([(np.zeros(shape, "uint8"), {"name": "none"}, "image")])
