"""What the demo archive serves as OME-Zarr is what it draws."""

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.abc.store import ByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from napari_idr.demo import Archive, Request, Site, answer, pixels, serve
from napari_idr.demo.studies import default_world
from napari_idr.demo.studies.stains import DAPI
from napari_idr.demo.world import Image, Plate, Run, Well, WellSample, World
from napari_idr.demo.zarr.labels import draw_labels
from napari_idr.demo.zarr.places import ZarrCase, zarr_cases
from napari_idr.demo.zarr.plates import plate_texts
from napari_idr.demo.zarr.recipes import lsid

WORLD = default_world()
SITE = Site(WORLD, "idr")
CASES = {case.image.id: case for case in zarr_cases(WORLD)}
SAMPLES = [case for case in CASES.values() if 9000 <= case.image.id < 9700]
WHOLE = [case for case in SAMPLES if case.recipe.fault in (None, "chunk", "attributes")]
SMALL = [case for case in WHOLE if case.image.size_x < 2000 and case.image.size_t <= 7]

SMALL_PX = 128
"""Levels up to this size are compared plane by plane, larger ones at both ends."""


class ArchiveStore(Store):
    """A zarr store whose keys are asked from the demo archive's routes."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, path: str) -> None:
        super().__init__(read_only=True)
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArchiveStore) and other.path == self.path

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        headers = {}
        if isinstance(byte_range, RangeByteRequest):
            headers["range"] = f"bytes={byte_range.start}-{byte_range.end - 1}"
        elif isinstance(byte_range, SuffixByteRequest):
            headers["range"] = f"bytes=-{byte_range.suffix}"
        got = self.fetch(key, headers)
        if got.status == 404:
            return None
        assert got.status == (206 if headers else 200)
        return prototype.buffer.from_bytes(got.body)

    def fetch(self, key: str, headers: dict[str, str]) -> Any:
        return fetch(f"{self.path}/{key}", headers=headers)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, span) for key, span in key_ranges]

    async def exists(self, key: str) -> bool:
        return fetch(f"{self.path}/{key}").status == 200

    async def set(self, key: str, value: Buffer) -> None:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError
        yield ""

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError
        yield ""

    def list(self) -> AsyncIterator[str]:
        raise NotImplementedError


class ServedStore(ArchiveStore):
    """The same, asked over HTTP."""

    def fetch(self, key: str, headers: dict[str, str]) -> Any:
        asked = urllib.request.Request(f"{self.path}/{key}", headers=headers)
        try:
            with urllib.request.urlopen(asked) as got:
                return SimpleNamespace(status=got.status, body=got.read())
        except urllib.error.HTTPError as error:
            return SimpleNamespace(status=error.code, body=b"")


def fetch(path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Any:
    return answer(SITE, Request(f"/{path}", method=method, headers=headers or {}))


def attributes(case: ZarrCase) -> dict[str, Any]:
    path = f"{case.path}/0" if case.recipe.root else case.path
    if case.recipe.format == 3:
        return dict(json.loads(fetch(f"{path}/zarr.json").body)["attributes"]["ome"])
    return dict(json.loads(fetch(f"{path}/.zattrs").body))


def opened(case: ZarrCase, path: str) -> Any:
    home = "0/" if case.recipe.root else ""
    store = ArchiveStore(case.path)
    return zarr.open_array(store, path=f"{home}{path}", mode="r")


def places(image: Image, level: int) -> list[tuple[int, int, int]]:
    """Return t, c, z of all planes of a small level, of two planes of a large one."""
    sizes = (image.size_t, image.size_c, image.size_z)
    every = list(np.ndindex(sizes))
    return every if max(image.level_size(level)) <= SMALL_PX else [every[0], every[-1]]


def named(case: ZarrCase) -> str:
    recipe = case.recipe
    shards = "-sharded" if recipe.shard_chunks else ""
    form = f"{recipe.axes}-{case.image.pixel_type}-{recipe.compressor}{shards}"
    return f"{case.image.id}-v{recipe.version}-{form}"


@pytest.mark.parametrize("case", SMALL, ids=named)
def test_what_is_read_back_is_what_is_drawn(case):
    for level in range(case.image.levels):
        read = opened(case, str(level))
        whole = read[:] if max(case.image.level_size(level)) <= SMALL_PX else read

        for place in places(case.image, level):
            t, c, z = place
            expected = pixels.plane(case.image, c, z, t, level)
            if case.recipe.fault == "chunk" and level == 0 and place == (0, 0, 0):
                side = case.recipe.chunk_px
                expected[:side, side : 2 * side] = 0
            axes = zip("tcz", place, strict=True)
            plane = whole[tuple(at for axis, at in axes if axis in case.recipe.axes)]
            assert plane.dtype == expected.dtype.newbyteorder(plane.dtype.byteorder)
            np.testing.assert_array_equal(plane, expected)


def test_every_version_type_and_compressor_is_among_the_samples():
    recipes = [case.recipe for case in SAMPLES]
    new = {recipe.compressor for recipe in recipes if recipe.version == "0.5"}
    old = {recipe.compressor for recipe in recipes if recipe.version == "0.4"}

    assert {one.version for one in recipes} == {"0.1", "0.2", "0.3", "0.4", "0.5"}
    assert {"yx", "cyx", "zyx", "tyx", "czyx", "tczyx"} <= {r.axes for r in recipes}
    assert new == old == {None, "blosc", "zstd", "gzip"}
    assert {case.image.pixel_type for case in SAMPLES} == set(pixels.DTYPES)
    assert {one.shard_chunks for one in recipes} == {0, 2, 4}
    assert any(
        one.big_endian and case.image.pixel_type == "uint16"
        for case in SAMPLES
        for one in [case.recipe]
    )


def test_a_view_of_the_largest_pyramid_costs_its_chunks_alone():
    case = CASES[9301]

    corner = opened(case, "0")[1, 70_000:70_100, 90_000:90_100]

    region = (90_000, 70_000, 100, 100)
    assert opened(case, "0").shape == (3, 80_000, 100_000)
    np.testing.assert_array_equal(corner, pixels.plane(case.image, 1, region=region))


def test_one_plane_of_a_deep_stack_is_read_alone():
    case = CASES[9102]

    read = opened(case, "0")[99, 6, 39]

    np.testing.assert_array_equal(read, pixels.plane(case.image, 6, 39, 99))


@pytest.mark.parametrize("image_id", [9614, 9624])
@pytest.mark.parametrize("name", ["nuclei", "mitotic"])
def test_labels_number_the_cells_that_the_image_shows(image_id, name):
    case = CASES[image_id]

    read = opened(case, f"labels/{name}/1")[:]

    width, height = case.image.level_size(1)
    expected = draw_labels(case.image, name, 0, 1, (0, 0, width, height))
    assert read.shape == (3, height, width)
    assert read.max() > 1
    np.testing.assert_array_equal(read, np.stack([expected] * 3))


def test_labels_have_colours_and_properties():
    text = json.loads(fetch("zarr/v0.4/9614.zarr/labels/mitotic/.zattrs").body)
    listed = json.loads(fetch("zarr/v0.4/9614.zarr/labels/.zattrs").body)

    about = text["image-label"]
    values = {one["label-value"] for one in about["properties"]}
    assert listed["labels"] == ["nuclei", "mitotic"]
    assert about["version"] == "0.4"
    assert values == {one["label-value"] for one in about["colors"]}
    assert all(one["mitotic"] for one in about["properties"])
    assert [axis["name"] for axis in text["multiscales"][0]["axes"]] == ["z", "y", "x"]


def test_axes_grew_with_the_versions():
    def axes(image_id):
        return attributes(CASES[image_id])["multiscales"][0].get("axes")

    assert axes(9601) is None
    assert axes(9602) is None
    assert axes(9603) == ["c", "z", "y", "x"]
    assert axes(9614)[0] == {"name": "c", "type": "channel"}
    assert axes(9614)[3] == {"name": "x", "type": "space", "unit": "micrometer"}
    assert axes(9616)[0] == {"name": "t", "type": "time"}


def test_levels_say_their_scale_and_where_they_start():
    second = attributes(CASES[9614])["multiscales"][0]["datasets"][1]
    bare = attributes(CASES[9612])["multiscales"][0]["datasets"][1]

    scale, translation = second["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": [1.0, 1.5, 0.65, 0.65]}
    assert translation["translation"] == [0.0, 0.0, 0.1625, 0.1625]
    assert bare == {"path": "1"}


def test_the_omero_block_names_channels_colours_and_windows():
    block = attributes(CASES[9617])["omero"]

    first = block["channels"][0]
    assert (first["label"], first["color"]) == (DAPI.name, DAPI.color)
    assert first["window"] == {
        "min": 90.0,
        "max": 4095.0,
        "start": 150.0,
        "end": 3400.0,
    }
    assert "omero" not in attributes(CASES[9611])


def test_absurd_windows_are_reversed_or_no_numbers():
    first, second = attributes(CASES[9618])["omero"]["channels"][:2]

    assert first["window"]["start"] != first["window"]["start"]
    assert second["window"]["start"] > second["window"]["end"]


def test_a_bioformats2raw_root_has_its_image_in_a_folder():
    old = json.loads(fetch(f"{CASES[9617].path}/.zattrs").body)
    new = json.loads(fetch(f"{CASES[9626].path}/zarr.json").body)
    series = json.loads(fetch(f"{CASES[9617].path}/OME/.zattrs").body)

    assert old == {"bioformats2raw.layout": 3}
    assert new["attributes"]["ome"] == {"version": "0.5", "bioformats2raw.layout": 3}
    assert series == {"series": ["0"]}


def test_the_first_version_keeps_chunks_in_one_folder():
    assert fetch("zarr/v0.1/9601.zarr/0/0.0.0.0.0").status == 200
    assert fetch("zarr/v0.1/9601.zarr/0/0/0/0/0/0").status == 404


def test_broken_attributes_are_no_json():
    with pytest.raises(ValueError, match="Expecting"):
        attributes(CASES[9631])


def test_a_missing_level_is_named_but_not_there():
    paths = [
        one["path"] for one in attributes(CASES[9632])["multiscales"][0]["datasets"]
    ]

    assert paths == ["0", "1", "2"]
    assert fetch("zarr/v0.4/9632.zarr/0/.zarray").status == 200
    assert fetch("zarr/v0.4/9632.zarr/1/.zarray").status == 404


def test_of_a_store_that_is_gone_nothing_is_left():
    for key in ("zarr.json", ".zattrs", "0/zarr.json", "0/c/0/0/0"):
        assert fetch(f"zarr/v0.5/9634.zarr/{key}").status == 404


def test_fields_of_a_plate_lie_in_its_wells():
    plate = json.loads(fetch("zarr/v0.4/plates/7101.zarr/.zattrs").body)["plate"]
    well = json.loads(fetch("zarr/v0.4/plates/7101.zarr/H/4/.zattrs").body)["well"]
    image = next(i for i in CASES.values() if i.path.endswith("7101.zarr/H/4/2")).image

    read = zarr.open_array(ArchiveStore("zarr/v0.4/plates/7101.zarr"), path="H/4/2/0")

    assert (len(plate["rows"]), len(plate["columns"])) == (8, 12)
    assert plate["wells"][0] == {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
    assert [one["path"] for one in well["images"]] == ["0", "1", "2"]
    np.testing.assert_array_equal(read[1], pixels.plane(image, 1))


def test_a_plate_of_version_five_has_no_groups_for_rows():
    sample = WellSample(id=1, image_id=1, run_id=5, x_um=0.0, y_um=0.0)
    well = Well(id=1, plate_id=1, row=1, column=2, samples=(sample,))
    run = Run(id=5, plate_id=1, name=None, started_s=10, ended_s=20)
    plate = Plate(
        id=1, screen_id=1, name="p", rows=4, columns=6, wells=(well,), runs=(run,),
        zarr="zarr/v0.5/plates/1.zarr",
    )  # fmt: skip

    texts = plate_texts(plate)

    assert set(texts) == {"zarr.json", "B/3/zarr.json"}
    node = json.loads(texts["zarr.json"])["attributes"]["ome"]
    assert node["plate"]["acquisitions"] == [{"id": 5, "starttime": 10, "endtime": 20}]
    assert json.loads(texts["B/3/zarr.json"])["attributes"]["ome"]["well"] == {
        "images": [{"path": "0", "acquisition": 5}]
    }


def test_places_are_urls_of_this_site_other_stores_or_paths():
    images = WORLD.images
    url = "http://127.0.0.1:8080"

    assert lsid(images[9614], url) == f"{url}/zarr/v0.4/9614.zarr"
    assert lsid(images[9626], url) == (
        f"{url}/zarr/v0.5/Demo%20gracilis%20%28SWE%29%20no.%201.ome.zarr"
    )
    assert str(lsid(images[9635], url)).startswith("s3://objects.demo.invalid/")
    assert lsid(images[9103], url) == "/data/ngff/9103.zarr"
    assert lsid(images[9204], url) is None


def test_worlds_do_not_share_their_stores():
    image = replace(WORLD.images[9614], pixel_size_um=(2.0, 2.0, 2.0))
    other: World = replace(WORLD, images={image.id: image})

    text = answer(Site(other), Request(f"/{image.zarr}/.zattrs")).body

    assert isinstance(text, bytes)
    first = json.loads(text)["multiscales"][0]["datasets"][0]
    assert first["coordinateTransformations"][0]["scale"] == [1.0, 2.0, 2.0, 2.0]


@pytest.fixture(scope="module")
def served() -> Iterator[Archive]:
    with serve(WORLD) as archive:
        yield archive


@pytest.mark.parametrize("image_id", [9601, 9614, 9622, 9626])
def test_it_is_read_from_the_server_over_http(served, image_id):
    case = CASES[image_id]
    path = "0/1" if case.recipe.root else "1"

    url = lsid(case.image, served.url)
    read = zarr.open_array(ServedStore(str(url)), path=path, mode="r")

    last = read[(-1,) * (read.ndim - 2)]
    t, c, z = (
        size - 1 for size in (case.image.size_t, case.image.size_c, case.image.size_z)
    )
    np.testing.assert_array_equal(last, pixels.plane(case.image, c, z, t, 1))


@pytest.mark.parametrize("t", [0, 50, 99])
def test_blocks_of_a_plane_fit_together_without_a_seam(t):
    image = CASES[9102].image
    whole = pixels.plane(image, 2, 20, t)

    blocks = [
        [
            pixels.plane(image, 2, 20, t, region=(x, y, 128, 128))
            for x in range(0, 512, 128)
        ]
        for y in range(0, 512, 128)
    ]

    np.testing.assert_array_equal(np.block(blocks), whole)
