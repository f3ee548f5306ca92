"""Of several images in one OME-Zarr, the one that is meant is opened, or none."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from napari_idr.errors import PixelDataError
from support.zarr_files import opened, plane, values, write

FORMATS = ["0.4", "0.5"]


def collection(root, version, paths, *, listed=True, sizes=None, names=()):
    """Write images whose pixels are 1, 2, ... in the order of the paths."""
    third = version == "0.5"
    told = {"bioformats2raw.layout": 3}
    group = zarr.open_group(root, mode="w", zarr_format=3 if third else 2)
    group.attrs.update({"ome": {"version": "0.5", **told}} if third else told)
    if listed:
        index = zarr.open_group(root / "OME", mode="w", zarr_format=3 if third else 2)
        series = {"series": list(paths)}
        index.attrs.update({"ome": {"version": "0.5", **series}} if third else series)
    for k, path in enumerate(paths):
        size = (sizes or {}).get(path, (70, 90))
        made = write(root / path, np.full(size, k + 1, "u2"), "yx", version=version)
        if names:
            whole = dict(made.attrs)
            holder = whole["ome"] if third else whole
            holder["multiscales"][0]["name"] = names[k]
            made.attrs.update(whole)


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize("listed", [True, False])
def test_the_number_that_the_archive_tells_says_which_it_is(objects, version, listed):
    paths = ["scan_b", "scan_a"] if listed else ["0", "1"]
    collection(objects.root, version, paths, listed=listed)

    for number in (0, 1):
        reader = opened(objects, series=number)

        assert plane(reader).max() == number + 1
        assert reader.image.zarr_url == f"{objects.url}/{paths[number]}"


@pytest.mark.parametrize("odd", ["../a", "", None, 7, ["a"]])
@pytest.mark.parametrize("version", FORMATS)
def test_an_odd_place_in_the_list_moves_no_other(objects, version, odd):
    collection(objects.root, version, ["a", "b"])
    index = zarr.open_group(objects.root / "OME", mode="r+")
    series = {"series": [odd, "b"]}
    third = version == "0.5"
    index.attrs.update({"ome": {"version": "0.5", **series}} if third else series)

    assert plane(opened(objects, series=1)).max() == 2
    for number in (0, None):
        with pytest.raises(PixelDataError, match="leads nowhere"):
            opened(objects, series=number)


@pytest.mark.parametrize("version", FORMATS)
def test_a_number_past_the_list_is_refused(objects, version):
    collection(objects.root, version, ["a", "b"])

    with pytest.raises(PixelDataError, match="holds 2 images, none of number 2"):
        opened(objects, series=2)


@pytest.mark.parametrize("version", FORMATS)
def test_a_number_that_leads_to_other_sizes_is_refused(objects, version):
    collection(objects.root, version, ["a", "b"], sizes={"b": (20, 30)})

    with pytest.raises(PixelDataError, match="the archive says"):
        opened(objects, series=1)


@pytest.mark.parametrize("version", FORMATS)
def test_without_a_number_the_only_one_of_these_sizes_is_meant(objects, version):
    collection(objects.root, version, ["a", "b"], sizes={"a": (20, 30)})

    assert plane(opened(objects)).max() == 2


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize("name", ["well B", "plate.lif [well B]", "b", "x.zarr [b]"])
def test_without_a_number_the_only_one_of_this_name_is_meant(objects, version, name):
    collection(objects.root, version, ["a", "b"], names=["well A", "well B"])

    assert plane(opened(objects, name=name)).max() == 2


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize("listed", [True, False])
def test_where_nothing_tells_them_apart_none_is_opened(objects, version, listed):
    collection(objects.root, version, ["0", "1"], listed=listed)

    with pytest.raises(PixelDataError, match="which of several images"):
        opened(objects, name="position")


@pytest.mark.parametrize("listed", [True, False])
def test_the_only_image_of_a_collection_is_meant(objects, listed):
    collection(objects.root, "0.4", ["0"], listed=listed)

    assert plane(opened(objects, name="position")).max() == 1


def test_the_only_image_of_a_collection_may_have_a_number_in_another_file(objects):
    collection(objects.root, "0.4", ["0"])

    assert plane(opened(objects, series=12)).max() == 1
    with pytest.raises(PixelDataError, match="the archive says"):
        opened(objects, series=12, size_x=91)


def test_the_names_of_series_are_escaped_on_the_wire(objects):
    collection(objects.root, "0.4", ["scan 1+2 %41", "b"])

    reader = opened(objects, series=0)

    assert plane(reader).max() == 1
    assert reader.image.zarr_url.endswith("/scan%201%2B2%20%2541")


def test_hundreds_of_series_are_not_all_looked_at(objects):
    paths = [str(k) for k in range(300)]
    collection(objects.root, "0.4", paths[:1])
    index = zarr.open_group(objects.root / "OME", zarr_format=2)
    index.attrs["series"] = paths

    with pytest.raises(PixelDataError, match="which of several images it is: 300"):
        opened(objects)

    assert len(objects.asked) < 10
    assert plane(opened(objects, series=0)).max() == 1


def test_of_two_images_in_one_group_the_one_of_that_name_is_meant(objects):
    group = write(objects.root, values("yx"), "yx")
    [first] = group.attrs["multiscales"]
    other = group.create_array("m0", shape=(70, 90), dtype="u2", chunks=(70, 90))
    other[...] = 7
    second = {**first, "name": "mask", "datasets": [{"path": "m0"}]}
    group.attrs["multiscales"] = [{**first, "name": "raw"}, second]

    assert plane(opened(objects, name="mask")).max() == 7
    assert plane(opened(objects, name="raw")).max() > 7
    reader = opened(objects, name="another")  # the first, as the format says
    assert plane(reader).max() > 7
    assert any("2 images in one place" in note for note in reader.image.notes)
