"""Real metadata of published stores, read where a copy of them is at hand."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.api.zarr.metadata import parse_json, read_group
from napari_idr.api.zarr.reader import open_zarr
from napari_idr.cancel import NEVER
from napari_idr.errors import PixelDataError
from napari_idr.model import Image, ImageId, RenderingWindow
from support.storage import object_storage

CAPTURES = Path(__file__).parents[5] / "shared/captures/ome_zarr"

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the folder of published metadata isn't there"
)

NONE = (None, None, None)
UNKNOWN = Image(id=ImageId(1), name="", size_x=0, size_y=0, pixel_type="", series=0)


@pytest.fixture(scope="module")
def stores(serve_objects):
    with serve_objects(CAPTURES) as server:
        yield server


@pytest.fixture(scope="module")
def opened(stores):
    storage = object_storage()

    def open_one(path: str):
        url = f"{stores.url}/{quote(path)}"
        return open_zarr(UNKNOWN, url, storage, cancel=NEVER)

    return open_one


def group(path: str):
    folder = CAPTURES / path
    names = [name for name in ("zarr.json", ".zattrs") if (folder / name).exists()]
    return read_group(parse_json((folder / names[0]).read_bytes()))


@pytest.mark.parametrize(
    ("path", "version", "axes", "shape", "dtype", "levels", "sizes_um"),
    [
        ("v0.1_6001240.zarr", "0.1", "tczyx", (1, 2, 236, 275, 271), "u2", 3, NONE),
        (
            "v0.1_6001240.zarr/labels/masks",
            *("0.1", "tczyx", (1, 1, 236, 275, 271), "i8", 4, NONE),
        ),
        ("v0.1_9836831.zarr", "0.1", "tczyx", (1, 4, 259, 1920, 1920), "u2", 4, NONE),
        (
            "v0.4_embl_tyx.ome.zarr",
            *("0.4", "tyx", (3, 1, 1, 262, 512), "i2", 3, (None, 0.65, 0.65)),
        ),
        ("v0.4_embl_yx.ome.zarr", "0.4", "yx", (1, 1, 1, 930, 1024), "u2", 3, NONE),
        (
            "v0.4_embl_zyx.ome.zarr",
            *("0.4", "zyx", (1, 1, 603, 393, 483), "u1", 3, (0.064, 0.064, 0.064)),
        ),
        (
            "v0.4_idr0048A_9846151.zarr",
            *("0.4", "tczyx", (1, 3, 1402, 5192, 2947), "u2", 6, NONE),
        ),
        (
            "v0.4_idr0050A_4995115.zarr",
            *("0.4", "czyx", (1, 3, 12, 1488, 1488), "u2", 5),
            (0.5920416817598223, 0.10202959397405088, 0.10202959397405088),
        ),
        (
            "v0.4_idr0054A_5025551.zarr",
            *("0.4", "tczyx", (1, 27, 1, 2700, 2702), "u1", 5, NONE),
        ),
        (
            "v0.4_idr0062A_6001240.zarr",
            *("0.4", "czyx", (1, 2, 236, 275, 271), "u2", 3),
            (0.5002025531914894, 0.3603981534640209, 0.3603981534640209),
        ),
        (
            "v0.4_idr0062A_6001240.zarr/labels/0",
            *("0.4", "czyx", (1, 1, 236, 275, 271), "i1", 4),
            (0.5002025531914894, 0.3603981534640209, 0.3603981534640209),
        ),
        (
            "v0.4_idr0076A_10501752.zarr",
            *("0.4", "cyx", (1, 50, 1, 494, 464), "f8", 4, NONE),
        ),
        (
            "v0.4_idr0079A_idr0079_images.zarr",
            *("0.4", "czyx", (1, 2, 142, 788, 1584), "u1", 6),
            (0.2245383, 0.1024427, 0.1024427),
        ),
        (
            "v0.4_idr0083A_9822152.zarr",
            *("0.4", "tczyx", (1, 1, 1, 93184, 144384), "u2", 11),
            (None, 1.0032640194886027, 1.0032640194886027),
        ),
        (
            "v0.5_challenge_4496763.zarr",
            *("0.5", "czyx", (1, 4, 25, 2048, 2048), "u2", 6),
            (0.20000000000000018, None, None),
        ),
        (
            "v0.5_idr0033A_BR00109990_C2.zarr",
            *("0.5", "cyx", (1, 5, 1, 1552, 2080), "u2", 6, (None, 0.3, 0.3)),
        ),
        (
            "v0.5_idr0062A_6001240_labels.zarr",
            *("0.5", "czyx", (1, 2, 236, 275, 271), "u2", 3),
            (0.5002025531914894, 0.3603981534640209, 0.3603981534640209),
        ),
        (
            "v0.5_idr0066_ExpA_VIP_ASLM_on.zarr",
            *("0.5", "zyx", (1, 1, 1937, 2048, 2048), "u2", 6),
            (5.0, 6.550032422660492, 6.550032422660492),
        ),
        (
            "v0.5_idr0066_ExpD_chicken_embryo_MIP.ome.zarr",
            *("0.5", "yx", (1, 1, 1, 8978, 6510), "u1", 8, (None, 1.6, 1.6)),
        ),
        (
            "v0.5_idr0157_Asterella_gracilis_stature.ome.zarr",
            *("0.5", "tczyx", (1, 3, 80, 5464, 8192), "u2", 6),
            (None, 70.55556, 70.55556),
        ),
        (
            "other_bf2raw_hcs.zarr/A/1/0",
            *("0.4", "tczyx", (1, 3, 1, 64, 64), "u1", 1, (1.0, 1.0, 1.0)),
        ),
        ("other_bf2raw_images.zarr", "0.4", "tczyx", (1, 1, 1, 8, 8), "u1", 1, NONE),
        (
            "other_fractal_hcs_example.ome.zarr/B/03/0",
            *("0.4", "czyx", (1, 1, 2, 2160, 5120), "u2", 5, (1.0, 0.1625, 0.1625)),
        ),
        (
            "other_mobie_single-plane-hcs.zarr/E/07/0",
            *("0.4", "cyx", (1, 3, 1, 256, 512), "u2", 3, (None, 2.7336, 2.7336)),
        ),
        ("other_ome-zarr-py_v0.1", "0.1", "tczyx", (1, 2, 1, 16, 16), "u1", 1, NONE),
        ("other_ome-zarr-py_v0.2", "0.2", "tczyx", (1, 2, 1, 16, 16), "u1", 1, NONE),
        (
            "other_viv_bioformats-zarr/data.zarr",
            *("0.1", "tczyx", (1, 3, 1, 167, 439), "i1", 2, NONE),
        ),
        (
            "other_ome-zarr-examples/valid/image-04.zarr",
            *("0.4", "zyx", (1, 1, 2, 64, 64), "f8", 2, (1.0, 1.0, 1.0)),
        ),
        (
            "other_ome-zarr-examples/warning/image-01.zarr",
            *("0.4", "yx", (1, 1, 1, 64, 64), "i8", 2, (None, 1.0, 1.0)),
        ),
        (
            "other_ngff-validator_invalid/missing_min.zarr",
            *("0.4", "yx", (1, 1, 1, 1624, 2272), "u1", 4, NONE),
        ),
    ],
)
def test_a_published_image_is_read_into_its_axes_shape_and_pixel_sizes(
    opened, path, version, axes, shape, dtype, levels, sizes_um
):
    reader = opened(path)

    image = reader.image
    found = (image.size_t, image.size_c, image.size_z, image.size_y, image.size_x)
    assert (reader.metadata.version, reader.metadata.letters) == (version, axes)
    assert (found, reader.dtype, len(reader.levels)) == (shape, dtype, levels)
    told = tuple(reader.metadata.pixel_size_um(letter) for letter in "zyx")
    assert [size is None for size in told] == [size is None for size in sizes_um]
    for size, due in zip(told, sizes_um, strict=True):
        assert size is None or size == pytest.approx(due, rel=1e-4)


@pytest.mark.parametrize(
    ("path", "first", "count", "active"),
    [
        ("v0.1_6001240.zarr", ("LaminB1", "0000FF", (0, 1500)), 2, 2),
        ("v0.1_9836831.zarr", ("Cam2-T1", "FF0000", None), 4, 3),
        ("v0.1_plates_422.zarr/A/7/0", ("Cy3", "FF0000", None), 2, 2),
        ("v0.1_plates_5966.zarr/P/8/0", ("Hoechst", "FF0000", None), 5, 3),
        ("v0.4_idr0054A_5025551.zarr", ("CD3-170Er", "FF0000", None), 27, 7),
        ("v0.4_idr0076A_10501752.zarr", ("Total HH3-113In", "00FF00", None), 50, 8),
        ("v0.4_idr0083A_9822152.zarr", ("0", "808080", None), 1, 1),
        ("v0.5_challenge_4496763.zarr", ("3-CY5", "FF00CC", (400, 2300)), 4, 3),
        (
            "v0.5_idr0033A_BR00109990_C2.zarr/1",
            ("Nuclei", "0000FF", (457, 25000)),
            5,
            3,
        ),
        ("v0.5_idr0066_ExpA_VIP_ASLM_on.zarr", ("tdTomato", "FFFFFF", None), 1, 1),
        ("other_fractal_hcs_example.ome.zarr/B/03/0", ("DAPI", "00FFFF", None), 1, 1),
        (
            "other_mobie_single-plane-hcs.zarr/E/07/0",
            ("Maximum-Projection_FITC_05", "73FF00", None),
            *(3, 3),
        ),
        ("v0.4_embl_yx.ome.zarr", None, 0, 0),
    ],
)
def test_published_channels_keep_name_colour_window_and_state(
    path, first, count, active
):
    channels = group(path).images[0].channels

    assert len(channels) == count
    assert sum(channel.is_shown for channel in channels) == active
    if first is not None:
        name, color, window = first
        assert (channels[0].name, channels[0].color) == (name, color)
        if window is not None:
            assert channels[0].window == RenderingWindow(start=window[0], end=window[1])


def test_a_window_without_limits_still_has_its_start_and_end():
    [channel] = (
        group("other_ngff-validator_invalid/missing_min.zarr").images[0].channels
    )

    assert channel.window is not None
    assert channel.window.start < channel.window.end


def test_a_scale_of_the_whole_image_is_combined_with_that_of_each_level():
    levels = group("v0.4_embl_tyx.ome.zarr").images[0].levels

    assert [level.path for level in levels] == ["s0", "s1", "s2"]
    assert [level.scale for level in levels] == [
        (10.0, 0.65, 0.65),
        (10.0, 1.3, 1.3),
        (10.0, 2.6, 2.6),
    ]


def test_a_translation_stays_with_the_level_that_has_it():
    levels = group("v0.5_idr0033A_BR00109990_C2.zarr/1").images[0].levels

    assert levels[0].translation == (0.0, 0.0, 624.0)
    assert [level.translation for level in levels[1:]] == [None] * 5


def test_levels_keep_the_order_of_the_list_and_not_of_their_names():
    levels = group("v0.4_idr0083A_9822152.zarr").images[0].levels

    assert [level.path for level in levels] == [str(number) for number in range(11)]


def test_of_two_images_in_one_store_channels_belong_to_the_first(opened):
    images = group("v0.4_idr0050A_4995115.zarr").images

    assert [image.letters for image in images] == ["czyx", "cyx"]
    assert [len(image.channels) for image in images] == [3, 0]
    notes = opened("v0.4_idr0050A_4995115.zarr").image.notes
    assert any("2 images in one place" in note for note in notes)


@pytest.mark.parametrize(
    ("path", "names", "colors"),
    [
        ("v0.1_6001240.zarr", ("masks",), 61),
        ("v0.4_idr0062A_6001240.zarr", ("0",), 61),
        ("v0.4_idr0062A_6001247.zarr", ("0",), 48),
        ("v0.4_idr0076A_10501752.vizarr_fixture.zarr", ("0",), 1713),
        ("v0.5_idr0062A_6001240_labels.zarr", ("0",), 61),
        ("other_ngff-validator_invalid/missing_min.zarr", ("coins",), 8),
        ("v0.4_idr0079A_idr0079_images.zarr/1", (), None),
    ],
)
def test_published_labels_are_found_with_their_colours(opened, path, names, colors):
    reader = opened(path)

    assert reader.label_names(cancel=NEVER) == names
    for name in names:
        assert len(reader.open_label(name, cancel=NEVER).label.colors) == colors


def test_labels_of_a_group_without_a_version_are_found_too():
    assert group("v0.5_idr0062A_6001240_labels.2024-11/labels").label_names == ("0",)


def test_label_colours_are_read_with_their_opacity():
    label = group("v0.4_idr0062A_6001240.zarr/labels/0").images[0].label

    assert label.colors[0] == (1.0, "80808080")
    assert {color for _, color in label.colors} == {"80808080"}


@pytest.mark.parametrize(
    ("path", "container"),
    [
        ("v0.1_plates_422.zarr", "plate"),
        ("other_bf2raw_hcs.zarr", "plate"),
        ("other_ome-zarr-examples/valid/plate-01.zarr", "plate"),
        ("other_bf2raw_hcs.zarr/A/1", "well"),
        ("v0.1_plates_422.zarr/A/7", "well"),
    ],
)
def test_published_plates_and_wells_are_known_as_such(path, container):
    assert group(path).container == container


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("v0.6.dev3_idr0050_4995115_output_to_ms.zarr", "0.6.dev3 is newer than 0.5"),
        (
            "v0.6.dev3_idr0050_4995115_output_to_ms.zarr/4995115_full.zarr",
            "0.6.dev3 is newer than 0.5",
        ),
        ("other_ome-zarr-examples/invalid/image-01.zarr", "it holds no image"),
        ("other_ome-zarr-examples/invalid/image-02.zarr", "multiscales"),
        ("other_bf2raw_hcs.zarr", "it is a plate, not an image"),
        ("other_bf2raw_hcs.zarr/A/1", "it is a well, not an image"),
        ("v0.5_challenge_4496763.zarr/0", "it is an array, not an image"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_reason(opened, path, message):
    with pytest.raises(PixelDataError, match=message):
        opened(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "other_ngff-validator_invalid/no_version_v0.4.zarr",
            "doesn't tell its version",
        ),
        (
            "other_ngff-validator_invalid/no_version_v0.5.zarr",
            "doesn't tell its version",
        ),
        (
            "other_ngff-validator_invalid/invalid_version.zarr",
            "unknown version, 'abc123'",
        ),
        ("v0.5_challenge_4496763.zarr", "written as 'units'"),
    ],
)
def test_what_is_odd_and_harmless_is_read_with_a_note(path, message):
    [image] = group(path).images

    assert any(message in note for note in image.notes)


def test_every_captured_group_is_read_or_refused_as_too_new():
    files = sorted([*CAPTURES.rglob(".zattrs"), *CAPTURES.rglob("zarr.json")])
    refused = []
    for file in files:
        try:
            read_group(parse_json(file.read_bytes()))
        except PixelDataError as error:
            refused.append((file.relative_to(CAPTURES).parts[0], error.message))

    assert len(files) > 200
    assert {name for name, _ in refused} == {
        "v0.6.dev3_idr0050_4995115_output_to_ms.zarr",
        "other_ome-zarr-examples",
    }
    assert sum("multiscales" in message for _, message in refused) == 1


def test_every_sample_of_the_archives_own_list_has_an_address():
    table = (CAPTURES / "tables/sample_images.csv").read_text().splitlines()
    header = table[0].split(",")
    urls = [row.split(",")[header.index("url")] for row in table[1:] if '"' not in row]

    assert len(urls) > 90
    for url in urls:
        candidates = zarr_candidates(url)
        assert candidates[-1].startswith(
            "https://livingobjects.ebi.ac.uk/idr/zarr/v0."
        ), url
        assert " " not in candidates[-1]
