"""Whatever JSON a server sends, it is a record or an error of ours, and soon."""

from __future__ import annotations

import copy
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.api.annotations import read_file_annotation, read_map_annotation
from napari_idr.api.containers import (
    read_listed_dataset,
    read_listed_image,
    read_listed_plate,
    read_listed_run,
    read_plate,
    read_project,
    read_run,
    read_screen,
)
from napari_idr.api.json_client import read_json
from napari_idr.api.node import Node
from napari_idr.api.pixels.display import read_display
from napari_idr.api.pixels.image_details import (
    Drawing,
    merge_image,
    read_image,
    read_lsid,
)
from napari_idr.api.plates import read_plate_grid, read_well_samples
from napari_idr.api.rois import read_roi
from napari_idr.api.tables import read_table
from napari_idr.api.zarr.arrays import level_array
from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.api.zarr.metadata import parse_json, read_group
from napari_idr.errors import IDRError
from napari_idr.transport import Response
from support.mutants import mutants

DISPLAY = {
    "id": 1,
    "meta": {"imageName": "a", "pixelsType": "uint8", "wellId": 7},
    "size": {"width": 9, "height": 9, "z": 1, "t": 1, "c": 1},
    "pixel_size": {"x": 0.5, "y": 0.5, "z": None},
    "tiles": True,
    "tile_size": {"width": 256, "height": 256},
    "zoomLevelScaling": {"0": 1.0, "1": 0.25},
    "rdefs": {"model": "color", "defaultZ": 0, "defaultT": 0},
    "channels": [
        {
            "label": "DNA",
            "color": "0000FF",
            "lut": "cool.lut",
            "active": True,
            "window": {"start": 0, "end": 9},
            "emissionWave": 525,
        }
    ],
}

RECORD = {
    "@id": 1,
    "Name": "a",
    "omero:series": 0,
    "omero:details": {"externalInfo": {"Lsid": "https://h/b/c.zarr"}},
    "Pixels": {
        "SizeX": 9,
        "SizeY": 9,
        "SizeZ": 1,
        "SizeC": 1,
        "SizeT": 1,
        "Type": {"value": "uint8"},
        "PhysicalSizeX": {"Value": 0.5, "Unit": "MICROMETER"},
        "Channels": [
            {"Name": "DNA", "Color": 255, "EmissionWavelength": {"Value": 525}}
        ],
    },
}

ROI = {
    "@id": 1,
    "Name": "a",
    "shapes": [
        {
            "@id": 2,
            "@type": "x#Mask",
            "X": 1,
            "Y": 1,
            "Width": 5,
            "Height": 5,
            "TheZ": 0,
            "FillColor": 255,
            "StrokeWidth": {"Value": 1},
            "Transform": {"A00": 1, "A01": 0, "A02": 0, "A10": 0, "A11": 1, "A12": 0},
        },
        {"@id": 3, "@type": "x#Polygon", "Points": "1,1 2,2 3,3"},
    ],
}

ANNOTATION = {
    "id": 1,
    "ns": "x",
    "class": "MapAnnotationI",
    "values": [["a", "b"]],
    "file": {"id": 3, "name": "a.csv", "size": 5, "mimetype": "text/csv"},
    "link": {"id": 2, "parent": {"id": 5, "class": "ImageI", "name": "a"}},
}

CONTAINER = {
    "@id": 1,
    "id": 1,
    "Name": "a",
    "name": "a",
    "Description": "b",
    "omero:childCount": 3,
    "childCount": 3,
    "Rows": 8,
    "Columns": 12,
    "omero:wellsampleIndex": [0, 3],
    "StartTime": 5,
    "EndTime": 9,
}

GRID = {
    "rowlabels": ["A"],
    "collabels": [1],
    "grid": [[{"id": 1, "wellId": 2, "name": "a"}]],
    "image_sizes": [{"x": 5, "y": 5}],
}

TABLE = {
    "data": {"columns": ["a"], "column_types": ["LongColumn"], "rows": [[1]]},
    "meta": {"totalCount": 1},
}

ZARR = {
    "bioformats2raw.layout": 3,
    "series": ["0"],
    "labels": ["cells"],
    "multiscales": [
        {
            "version": "0.4",
            "name": "a",
            "axes": [
                {"name": "c", "type": "channel"},
                {"name": "y", "type": "space", "unit": "micrometer"},
                {"name": "x", "type": "space"},
            ],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [
                        {"type": "scale", "scale": [1, 0.5, 0.5]},
                        {"type": "translation", "translation": [0, 1, 1]},
                    ],
                }
            ],
        }
    ],
    "omero": {
        "channels": [
            {"label": "a", "color": "FF0000", "window": {"start": 0, "end": 1}}
        ],
        "rdefs": {"defaultZ": 0, "model": "color"},
    },
    "image-label": {
        "colors": [{"label-value": 1, "rgba": [1, 2, 3, 4]}],
        "properties": [{"label-value": 1, "class": "a"}],
    },
}

ARRAY_2 = {
    "zarr_format": 2,
    "shape": [8, 8],
    "chunks": [8, 8],
    "dtype": "<u2",
    "order": "C",
    "fill_value": 0,
    "filters": [{"id": "delta", "dtype": "<u2"}],
    "compressor": {"id": "zlib", "level": 1},
}

ARRAY_3 = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [8, 8],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "gzip", "configuration": {"level": 1}},
    ],
    "attributes": {},
}


def shown(node: Node) -> object:
    record = read_image(node)
    return merge_image(record, None, Drawing()), zarr_candidates(read_lsid(node))


WELL = {
    "@id": 600001,
    "WellSamples": [
        {
            "PositionX": {"Unit": "REFERENCEFRAME", "Value": 12.5},
            "PositionY": {"Unit": "REFERENCEFRAME", "Value": 7},
            "PlateAcquisition": {"@id": 8551},
            "Image": {"@id": 1900001, "Name": "field 1"},
        }
    ],
}


READERS = {
    "display": (DISPLAY, read_display),
    "image": (RECORD, shown),
    "roi": (ROI, read_roi),
    "map": (ANNOTATION, read_map_annotation),
    "file": (ANNOTATION, read_file_annotation),
    "screen": (CONTAINER, read_screen),
    "project": (CONTAINER, read_project),
    "plate": (CONTAINER, read_plate),
    "run": (CONTAINER, read_run),
    "listed plate": (CONTAINER, read_listed_plate),
    "listed dataset": (CONTAINER, read_listed_dataset),
    "listed image": (CONTAINER, lambda node: read_listed_image(node, 1)),
    "listed run": (CONTAINER, read_listed_run),
    "grid": (GRID, lambda node: read_plate_grid(node, plate_id=1, field=0, run=None)),
    "well samples": (WELL, read_well_samples),
    "table": (TABLE, read_table),
    "zarr": (ZARR, lambda node: read_group(parse_json(as_json(node.value)))),
    "zarr 0.5": (
        {"attributes": {"ome": {"version": "0.5", **ZARR}}},
        lambda node: read_group(parse_json(as_json(node.value))),
    ),
    "array 2": (
        ARRAY_2,
        lambda node: level_array("0", "yx", as_json(node.value)),
    ),
    "array 3": (
        ARRAY_3,
        lambda node: level_array("0", "yx", as_json(node.value)),
    ),
}

NEEDED = {
    "display": {
        *("id", "meta"),
        *(f"size.{key}" for key in ("width", "height", "z", "t", "c")),
        *("size", "tile_size", "tile_size.width", "tile_size.height"),
        *("zoomLevelScaling", "zoomLevelScaling.0", "zoomLevelScaling.1"),
    },
    "image": {
        *("@id", "Pixels", "Pixels.Type", "Pixels.Type.value"),
        *(f"Pixels.Size{axis}" for axis in "XYZCT"),
    },
    "roi": {"@id"},
    "map": {"id", "link"},
    "file": {"id", "file", "file.id", "link"},
    "screen": {"@id"},
    "project": {"@id"},
    "plate": {"@id"},
    "run": {"@id"},
    "listed plate": {"id"},
    "listed dataset": {"id"},
    "listed image": {"id"},
    "listed run": {"id"},
}
"""Where an odd value is an error; everywhere else it costs nothing but itself."""


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        0.5,
        10**400,
        -(10**30),
        float("nan"),
        float("inf"),
        "",
        "DAPI",
        "9" * 5000,
        "\ud800",
        "../..",
        [],
        [None],
        [[[]]],
        {},
        {"0": 1},
        {"id": "pickle"},
        {"name": "numcodecs.pickle"},
    ]
)


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def with_odd(value: object, path: tuple[object, ...], odd: object) -> object:
    changed = copy.deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    return changed


@settings(max_examples=mutants(25), deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", READERS)
def test_an_answer_with_odd_places_is_read_or_an_error_of_ours(name, data):
    value, read = READERS[name]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(value)))
        value = with_odd(value, path, data.draw(ODD))
        with suppress(IDRError):
            read(Node(value))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "@id", "data", "size"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=mutants(15), deadline=None)
@given(value=ANYTHING)
@pytest.mark.parametrize("name", READERS)
def test_any_json_is_read_or_an_error_of_ours(name, value):
    with suppress(IDRError):
        READERS[name][1](Node(value))


@pytest.mark.parametrize("odd", ["DAPI", 10**400, [], {}, True, float("nan")])
@pytest.mark.parametrize("name", NEEDED)
def test_what_only_informs_costs_nothing_else(name, odd):
    whole, read = READERS[name]
    for path in places(whole):
        told = ".".join(str(key) for key in path)
        if told not in NEEDED[name]:
            read(Node(with_odd(whole, path, odd)))


@settings(max_examples=mutants(100), deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda t: t.encode()))
def test_any_bytes_are_json_or_an_error_of_ours(body):
    for read in (
        lambda: read_json(Response(url="", status=200, body=body)),
        lambda: read_group(parse_json(body)),
        lambda: level_array("0", "yx", body),
    ):
        with suppress(IDRError):
            read()


@settings(max_examples=mutants(100), deadline=None)
@given(st.text() | st.text().map(lambda t: f"s3://host/{t}") | st.none())
def test_any_address_is_an_escaped_one_or_none(lsid):
    for url in zarr_candidates(lsid):
        url.encode("ascii")
        assert " " not in url.partition("//")[2].partition("/")[2]
