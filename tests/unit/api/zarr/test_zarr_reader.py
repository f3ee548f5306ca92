from __future__ import annotations

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.reader import load_group, open_zarr
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    PixelDataError,
    StatusError,
)
from napari_idr.model import Channel, PixelSource, RenderingWindow
from support.storage import object_storage
from support.zarr_files import SIZES, image, metadata, opened, plane, values, write

SUBSETS = ["tczyx", "czyx", "tzyx", "tcyx", "zyx", "cyx", "tyx", "yx"]


@pytest.mark.parametrize("letters", SUBSETS)
@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5"])
def test_a_plane_equals_the_array_written_for_every_set_of_axes(
    objects, version, letters
):
    array = values(letters)
    write(objects.root, array, letters, version=version)

    reader = opened(objects)

    index = {"t": 1, "c": 2, "z": 4}
    expected = array[tuple(index.get(a, slice(None)) for a in letters)]
    there = {a: i for a, i in index.items() if a in letters}
    assert (reader.image.size_t, reader.image.size_c, reader.image.size_z) == tuple(
        SIZES[a] if a in letters else 1 for a in "tcz"
    )
    np.testing.assert_array_equal(plane(reader, **there), expected)


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_before_axes_existed_arrays_are_tczyx(objects, version):
    array = values("tczyx")
    write(objects.root, array, "tczyx", version=version)

    reader = opened(objects)

    np.testing.assert_array_equal(plane(reader, t=1, c=2, z=3), array[1, 2, 3])
    assert reader.image.pixel_size_x_um is None


@pytest.mark.parametrize(
    "dtype", ["u1", "u2", "i2", "f4", "<u2", ">u2", ">f4", "i4", "f8"]
)
@pytest.mark.parametrize(
    "compressor",
    [None, "blosc", "zstd", "gzip"],
    ids=["plain", "blosc", "zstd", "gzip"],
)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_numbers_survive_types_byte_orders_and_compressors(
    objects, version, compressor, dtype
):
    import numcodecs

    old = {
        "blosc": numcodecs.Blosc(),
        "zstd": numcodecs.Zstd(),
        "gzip": numcodecs.GZip(),
    }
    new = {"blosc": BloscCodec(), "zstd": ZstdCodec(), "gzip": GzipCodec()}
    codecs = (old if version == "0.4" else new).get(compressor)
    array = values("yx", dtype)
    write(objects.root, array, "yx", version=version, compressors=codecs)

    found = plane(opened(objects))

    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(found, array)


def test_a_sharded_array_is_read_in_its_inner_chunks(objects):
    array = values("czyx")
    write(objects.root, array, "czyx", version="0.5", shards=(1, 5, 64, 96))

    reader = opened(objects)

    assert reader.levels[0].chunk == (32, 32)
    np.testing.assert_array_equal(plane(reader, c=1, z=2), array[1, 2])


def test_the_index_of_a_shard_is_asked_for_once(objects):
    array = values("yx")
    write(objects.root, array, "yx", version="0.5", shards=(96, 96))
    reader = opened(objects)
    objects.asked.clear()
    corners = [(y, x) for y in (0, 32, 64) for x in (0, 32, 64)]

    def read(corner):
        y, x = corner
        region = PixelRegion(y0=y, y1=min(y + 32, 70), x0=x, x1=min(x + 32, 90))
        return reader.read(region, cancel=NEVER)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, corners))

    for (y, x), part in zip(corners, found, strict=True):
        np.testing.assert_array_equal(part, array[y : y + 32, x : x + 32])
    assert len(objects.asked) == len(corners) + 1


def test_the_index_of_a_shard_is_asked_for_again_after_it_failed(objects):
    write(objects.root, values("yx"), "yx", version="0.5", shards=(96, 96))
    reader = opened(objects)
    objects.answers["0/c/0/0"] = 403
    with pytest.raises(StatusError):
        plane(reader)
    objects.answers.clear()

    np.testing.assert_array_equal(plane(reader), values("yx"))


def test_one_who_cancels_leaves_the_index_to_others_who_wait_for_it(objects):
    write(objects.root, values("yx"), "yx", version="0.5", shards=(96, 96))
    reader = opened(objects)
    while objects.arrived.acquire(blocking=False):
        pass
    objects.held = re.compile("c/0/0")
    token = CancelToken()
    region = PixelRegion(y0=0, y1=20, x0=0, x1=20)

    with ThreadPoolExecutor(2) as pool:
        leaving = pool.submit(reader.read, region, cancel=token)
        assert objects.arrived.acquire(timeout=10)
        staying = pool.submit(reader.read, region, cancel=NEVER)
        token.cancel()
        assert isinstance(leaving.exception(timeout=5), Cancelled)
        objects.release.set()

        np.testing.assert_array_equal(
            staying.result(timeout=10), values("yx")[:20, :20]
        )


def test_a_server_that_sends_no_parts_is_named_as_what_is_wrong(objects):
    write(objects.root, values("yx"), "yx", version="0.5", shards=(64, 96))
    objects.ranges = False

    with pytest.raises(PixelDataError, match="doesn't send parts of files"):
        plane(opened(objects))


def test_levels_are_read_each_with_its_own_size(objects):
    array = values("cyx")
    write(objects.root, array, "cyx", levels=3)

    reader = opened(objects)

    assert [level.shape for level in reader.levels] == [(70, 90), (35, 45), (18, 23)]
    assert [level.chunk for level in reader.levels] == [(32, 32), (32, 32), (18, 23)]
    assert reader.image.levels == ((70, 90), (35, 45), (18, 23))
    for k in range(3):
        np.testing.assert_array_equal(
            plane(reader, level=k, c=1), array[1, :: 2**k, :: 2**k]
        )


def test_a_rectangle_asks_only_for_the_chunks_it_touches(objects):
    array = values("yx")
    write(objects.root, array, "yx")
    reader = opened(objects)
    objects.asked.clear()

    found = reader.read(PixelRegion(y0=32, y1=64, x0=40, x1=70), cancel=NEVER)

    np.testing.assert_array_equal(found, array[32:64, 40:70])
    assert sorted(objects.asked) == ["0/1/1", "0/1/2"]


def test_an_image_is_opened_in_two_rounds_of_questions(objects):
    write(objects.root, values("yx"), "yx", levels=3)

    opened(objects)

    assert sorted(objects.asked[:2]) == [".zattrs", "zarr.json"]
    assert sorted(objects.asked[2:]) == ["0/.zarray", "1/.zarray", "2/.zarray"]


def test_z_counts_at_the_full_resolution_where_a_level_has_fewer_planes(objects):
    group = write(objects.root, values("zyx"), "zyx", levels=1)
    group.attrs.update(metadata("zyx", "0.4", ["0", "1"]))
    small = np.stack([np.full((35, 45), k, "u2") for k in (10, 20)])
    group.create_array("1", data=small, chunks=(1, 35, 45))

    reader = opened(objects)

    assert [int(plane(reader, level=1, z=z)[0, 0]) for z in range(5)] == [
        10,
        10,
        20,
        20,
        20,
    ]


def test_levels_listed_from_small_to_large_have_the_pixel_size_of_the_largest(objects):
    group = write(objects.root, values("yx"), "yx", levels=3)
    [described] = group.attrs["multiscales"]
    group.attrs["multiscales"] = [
        {**described, "datasets": described["datasets"][::-1]}
    ]

    reader = opened(objects)

    assert [level.shape for level in reader.levels] == [(70, 90), (35, 45), (18, 23)]
    assert reader.image.pixel_size_x_um == 0.5
    assert reader.image.notes == ("the resolutions aren't listed from large to small",)


def test_a_level_of_fewer_channels_is_left_out_with_a_note(objects):
    array = values("cyx")
    group = write(objects.root, array, "cyx", levels=3)
    del group["1"]
    group.create_array("1", data=np.full((1, 35, 45), 7, "u2"), chunks=(1, 35, 45))

    reader = opened(objects)

    assert [level.shape for level in reader.levels] == [(70, 90), (18, 23)]
    assert any("'1' has 1 channels for 3" in note for note in reader.image.notes)
    np.testing.assert_array_equal(plane(reader, level=1, c=2), array[2, ::4, ::4])


def test_a_first_plane_that_the_store_counts_below_zero_is_the_first(objects):
    group = write(objects.root, values("zyx"), "zyx")
    group.attrs["omero"] = {"rdefs": {"defaultZ": -1, "defaultT": -1}}

    shown = opened(objects).image

    assert (shown.default_z, shown.default_t) == (0, 0)


def test_a_missing_chunk_is_filled(objects):
    write(objects.root, values("yx"), "yx", fill_value=9)
    (objects.root / "0/0/1").unlink()

    found = plane(opened(objects))

    assert (found[:32, 32:64] == 9).all()
    np.testing.assert_array_equal(found[32:], values("yx")[32:])


def test_an_array_without_a_fill_value_is_filled_with_zero(objects):
    write(objects.root, values("yx"), "yx")
    described = json.loads((objects.root / "0/.zarray").read_text())
    (objects.root / "0/.zarray").write_text(
        json.dumps({**described, "fill_value": None})
    )
    (objects.root / "0/0/1").unlink()

    assert (plane(opened(objects))[:32, 32:64] == 0).all()


def test_cancelling_a_read_stops_it_and_what_it_had_not_asked_for(objects):
    write(objects.root, values("yx"), "yx", chunk=8)
    reader = open_zarr(image(), objects.url, object_storage(at_once=2), cancel=NEVER)
    objects.asked.clear()
    while objects.arrived.acquire(blocking=False):
        pass
    objects.held = re.compile("^/0/")
    token = CancelToken()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            reader.read, PixelRegion(y0=0, y1=70, x0=0, x1=90), cancel=token
        )
        for _ in range(2):
            assert objects.arrived.acquire(timeout=10)
        token.cancel()

        assert isinstance(waiting.exception(timeout=5), Cancelled)
    assert len(objects.asked) == 2


def test_a_reader_pickles_and_reads_on_where_it_is_unpickled(objects):
    array = values("cyx")
    write(objects.root, array, "cyx", version="0.5")
    reader = opened(objects)

    again = pickle.loads(pickle.dumps(reader))

    np.testing.assert_array_equal(plane(again, c=2), array[2])
    assert again.image == reader.image


def test_many_threads_read_from_one_reader(objects):
    array = values("tczyx")
    write(objects.root, array, "tczyx")
    reader = opened(objects)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda z: plane(reader, t=1, c=1, z=z), range(5)))

    np.testing.assert_array_equal(np.stack(found), array[1, 1])


def test_the_image_has_the_sizes_of_the_array_and_says_where_the_archive_differs(
    objects,
):
    write(objects.root, values("tczyx"), "tczyx")

    found = opened(objects, size_x=100, channels=(Channel(name="one"),)).image

    assert (found.size_t, found.size_c, found.size_z) == (2, 3, 5)
    assert (found.size_y, found.size_x) == (70, 90)
    assert found.pixel_source is PixelSource.RAW
    assert any("1 x 1 x 1 x 70 x 100" in note for note in found.notes)
    assert found.channels == (Channel(), Channel(), Channel())


def test_pixel_sizes_come_from_the_store_where_the_archive_has_none(objects):
    write(objects.root, values("zyx"), "zyx")

    found = opened(objects, pixel_size_x_um=0.4).image

    assert (found.pixel_size_x_um, found.pixel_size_y_um) == (0.4, 0.5)
    assert found.pixel_size_z_um == pytest.approx(0.2)


def test_a_colour_picture_is_read_as_one(objects):
    array = values("cyx", "u1")
    write(objects.root, array, "cyx")
    colors = tuple(Channel(color=c) for c in ("FF0000", "00FF00", "0000FF"))

    reader = opened(objects, pixel_type="uint8", channels=colors, size_c=3)

    assert reader.rgb
    np.testing.assert_array_equal(plane(reader), np.moveaxis(array, 0, -1))


def test_labels_are_readers_of_their_own(objects):
    write(objects.root, values("czyx"), "czyx")
    labels = values("zyx", "i4")
    write(objects.root / "labels/cells", labels, "zyx", levels=2)
    zarr.open_group(objects.root / "labels", zarr_format=2).attrs["labels"] = ["cells"]
    colors = [{"label-value": 1, "rgba": [255, 0, 0, 128]}]
    group = zarr.open_group(objects.root / "labels/cells", zarr_format=2)
    group.attrs["image-label"] = {"colors": colors, "source": {"image": "../../"}}
    reader = opened(objects)

    names = reader.label_names(cancel=NEVER)
    cells = reader.open_label(names[0], cancel=NEVER)

    assert names == ("cells",)
    assert cells.image.name == "cells"
    assert cells.label.colors == ((1.0, "FF000080"),)
    assert cells.dtype == np.int32
    np.testing.assert_array_equal(plane(cells, z=3), labels[3])


def test_an_image_without_labels_has_none(objects):
    write(objects.root, values("yx"), "yx")

    assert opened(objects).label_names(cancel=NEVER) == ()


def test_the_first_image_of_a_collection_is_opened(objects):
    collection = zarr.open_group(objects.root, mode="w", zarr_format=2)
    collection.attrs["bioformats2raw.layout"] = 3
    array = values("yx")
    write(objects.root / "0", array, "yx")

    reader = opened(objects)

    assert reader.image.zarr_url == f"{objects.url}/0"
    np.testing.assert_array_equal(plane(reader), array)


@pytest.mark.parametrize("kind", ["collection", "two images"])
def test_of_several_images_one_of_another_size_is_not_taken(objects, kind):
    group = zarr.open_group(objects.root, mode="w", zarr_format=2)
    group.attrs["bioformats2raw.layout"] = 3
    if kind == "two images":
        group = write(objects.root, values("yx"), "yx")
        group.attrs["multiscales"] = [*group.attrs["multiscales"]] * 2
    else:
        write(objects.root / "0", values("yx"), "yx")
        write(objects.root / "1", values("yx"), "yx")

    with pytest.raises(PixelDataError, match="which of several images"):
        opened(objects, size_x=91)


def test_the_address_of_a_plate_is_refused_as_that(objects):
    group = zarr.open_group(objects.root, mode="w", zarr_format=2)
    group.attrs["plate"] = {"rows": [{"name": "A"}], "columns": [], "wells": []}

    with pytest.raises(PixelDataError, match="it is a plate"):
        opened(objects)


def test_a_region_outside_the_image_is_a_mistake_of_the_caller(objects):
    write(objects.root, values("yx"), "yx")
    reader = opened(objects)

    for region in (
        PixelRegion(y0=0, y1=71, x0=0, x1=90),
        PixelRegion(y0=5, y1=5, x0=0, x1=90),
        PixelRegion(c=1, y0=0, y1=1, x0=0, x1=1),
        PixelRegion(level=1, y0=0, y1=1, x0=0, x1=1),
    ):
        with pytest.raises(ValueError, match=r"level|within"):
            reader.read(region, cancel=NEVER)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_ome_zarr_py_writes_is_read_plates_and_labels_included(objects, version):
    from ome_zarr import format as formats
    from ome_zarr import writer

    fmt = formats.FormatV04() if version == "0.4" else formats.FormatV05()
    array = values("czyx")
    labels = (array[0] > 100).astype("i4")
    root = zarr.open_group(
        objects.root, mode="w", zarr_format=2 if version == "0.4" else 3
    )
    writer.write_plate_metadata(root, ["A", "B"], ["1", "2"], ["B/2"], fmt=fmt)
    well = root.create_group("B").create_group("2")
    writer.write_well_metadata(well, ["0"], fmt=fmt)
    field = well.create_group("0")
    writer.write_image(array, field, axes="czyx", fmt=fmt)
    writer.write_labels(labels, field, name="cells", axes="zyx", fmt=fmt)

    storage = object_storage()
    group = load_group(objects.url, storage, cancel=NEVER)
    url = f"{objects.url}/B/2/0"
    reader = open_zarr(image(), url, storage, cancel=NEVER)
    cells = reader.open_label("cells", cancel=NEVER)

    assert group.container == "plate"
    np.testing.assert_array_equal(plane(reader, c=2, z=4), array[2, 4])
    assert reader.label_names(cancel=NEVER) == ("cells",)
    np.testing.assert_array_equal(plane(cells, z=4), labels[4])


OMERO = {
    "channels": [
        {"label": "DNA", "color": "0000FF", "window": {"start": 120, "end": 3000}},
        {"label": "Actin", "color": "FF8000", "active": False},
        {},
    ],
    "rdefs": {"model": "greyscale"},
}


def described(root, dtype="u2", omero=OMERO, version="0.4"):
    group = write(root, values("cyx", dtype), "cyx", version=version)
    if version == "0.5":
        group.attrs["ome"] = {**group.attrs["ome"], "omero": omero}
    else:
        group.attrs["omero"] = omero


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("archived", [(), (Channel(),) * 3])
def test_what_the_archive_does_not_tell_of_channels_the_store_tells(
    objects, archived, version
):
    described(objects.root, version=version)

    found = opened(objects, size_c=3, channels=archived).image

    assert [one.name for one in found.channels] == ["DNA", "Actin", ""]
    assert [one.color for one in found.channels] == ["0000FF", "FF8000", None]
    assert [one.active for one in found.channels] == [None, False, None]
    assert found.channels[0].window == RenderingWindow(start=120, end=3000)
    assert found.greyscale


def test_what_the_archive_tells_of_a_channel_goes_first_field_by_field(objects):
    described(objects.root)
    archived = (
        Channel(name="Hoechst"),
        Channel(color="00FF00", active=True),
        Channel(window=RenderingWindow(start=1, end=2)),
    )

    found = opened(objects, size_c=3, channels=archived, greyscale=False).image

    assert [one.name for one in found.channels] == ["Hoechst", "Actin", ""]
    assert [one.color for one in found.channels] == ["0000FF", "00FF00", None]
    assert [one.active for one in found.channels] == [None, True, None]
    assert [one.window and one.window.end for one in found.channels] == [3000, None, 2]
    assert found.greyscale is False


def test_a_window_over_the_whole_range_is_none_that_anybody_chose(objects):
    described(objects.root)
    whole = RenderingWindow(start=0, end=65535)
    archived = tuple(Channel(window=whole) for _ in range(3))

    found = opened(objects, size_c=3, channels=archived).image

    assert [one.window.end for one in found.channels] == [3000, 65535, 65535]


def test_fewer_channels_than_there_are_may_be_described(objects):
    described(objects.root, omero={"channels": [{"label": "DNA"}]})

    found = opened(objects, size_c=3, channels=(Channel(),) * 3).image

    assert [one.name for one in found.channels] == ["DNA", "", ""]


@pytest.mark.parametrize(
    "odd",
    [
        {"color": "red"},
        {"color": [255, 0, 0]},
        {"color": "#0000"},
        {"label": 3},
        {"window": None},
        {"window": {"start": "a", "end": "b"}},
        {"window": {"start": 9}},
        {"active": "yes"},
        None,
    ],
)
def test_what_is_odd_of_a_channel_costs_no_other_field_and_no_other_channel(
    objects, odd
):
    first, second, third = OMERO["channels"]
    told = None if odd is None else {**first, **odd}
    described(objects.root, omero={"channels": [told, second, third]})

    found = opened(objects, size_c=3, channels=(Channel(),) * 3).image.channels

    assert (found[1].name, found[1].color) == ("Actin", "FF8000")
    for key, field, due in (
        ("label", "name", "DNA"),
        ("color", "color", "0000FF"),
        ("window", "window", RenderingWindow(start=120, end=3000)),
    ):
        if odd is not None and key not in odd:
            assert getattr(found[0], field) == due


@pytest.mark.parametrize("colors", ["BGR", "RGG", "RRR"])
def test_other_colours_than_red_green_and_blue_in_order_are_three_channels(
    objects, colors
):
    shades = {"R": "FF0000", "G": "00FF00", "B": "0000FF"}
    told = [{"color": shades[one]} for one in colors]
    described(objects.root, "u1", {"channels": told})

    assert not opened(objects, size_c=3, channels=(Channel(),) * 3).rgb


@pytest.mark.parametrize("told", ["names", "windows", "nothing"])
def test_red_green_and_blue_that_the_store_tells_more_of_are_three_channels(
    objects, told
):
    more = {
        "names": {"label": "GFP"},
        "windows": {"window": {"start": 0, "end": 30}},
        "nothing": {},
    }[told]
    colors = ("FF0000", "00FF00", "0000FF")
    described(objects.root, "u1", {"channels": [{"color": c, **more} for c in colors]})

    reader = opened(objects, size_c=3, channels=(Channel(),) * 3)

    assert reader.rgb is (told == "nothing")
