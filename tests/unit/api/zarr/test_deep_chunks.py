"""Chunks that hold several planes: one is asked for once, whoever wants which plane."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.reader import open_zarr
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled, StatusError
from napari_idr.model import Image, ImageId
from support.storage import object_storage

STACK = (np.arange(2 * 8 * 40 * 50) % 251).reshape(2, 8, 40, 50).astype("u2")
"""Channels, planes, y, x."""


def opened(objects, *, chunks=(1, 8, 40, 50), shards=None, at_once=8):
    group = zarr.open_group(objects.root, mode="w", zarr_format=3)
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": letter, "type": "space"} for letter in "zyx"]
    image = {"axes": axes, "datasets": [{"path": "0"}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    group.create_array("0", data=STACK, chunks=chunks, shards=shards)
    known = Image(id=ImageId(1), name="", size_x=50, size_y=40, pixel_type="uint16")
    storage = object_storage(at_once=at_once)
    reader = open_zarr(known, objects.url, storage, cancel=NEVER)
    objects.asked.clear()
    while objects.arrived.acquire(blocking=False):
        pass
    return reader


def plane(reader, c=0, z=0, cancel=NEVER):
    return reader.read(PixelRegion(c=c, z=z, y0=0, y1=40, x0=0, x1=50), cancel=cancel)


def test_scrubbing_through_a_deep_chunk_asks_for_it_once(objects):
    reader = opened(objects)

    found = [plane(reader, z=z) for z in range(8)]

    np.testing.assert_array_equal(np.stack(found), STACK[0])
    assert objects.asked == ["0/c/0/0/0/0"]


def test_threads_that_want_planes_of_one_chunk_ask_for_it_once(objects):
    reader = opened(objects)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda z: plane(reader, c=1, z=z), range(8)))

    np.testing.assert_array_equal(np.stack(found), STACK[1])
    assert objects.asked == ["0/c/1/0/0/0"]


def test_chunks_of_one_plane_are_not_kept(objects):
    reader = opened(objects, chunks=(1, 1, 40, 50))

    for _ in range(2):
        plane(reader, z=3)

    assert objects.asked == ["0/c/0/3/0/0"] * 2


def test_deep_chunks_within_a_shard_are_asked_for_once(objects):
    reader = opened(objects, chunks=(1, 4, 20, 50), shards=(2, 8, 40, 50))

    found = [plane(reader, c=1, z=z) for z in range(8)]

    np.testing.assert_array_equal(np.stack(found), STACK[1])
    assert len(objects.asked) == 1 + 4  # the index, and 2 x 2 chunks


def test_a_chunk_that_is_not_there_is_asked_for_once(objects):
    reader = opened(objects)
    (objects.root / "0/c/0/0/0/0").unlink()

    found = [plane(reader, z=z) for z in range(8)]

    assert not np.any(found)
    assert len(objects.asked) == 1


def test_one_who_cancels_leaves_the_chunk_to_others_who_wait_for_it(objects):
    reader = opened(objects)
    objects.held = re.compile("/c/")
    token = CancelToken()

    with ThreadPoolExecutor(2) as pool:
        leaving = pool.submit(plane, reader, z=1, cancel=token)
        assert objects.arrived.acquire(timeout=10)
        staying = pool.submit(plane, reader, z=2)
        token.cancel()
        assert isinstance(leaving.exception(timeout=5), Cancelled)
        objects.release.set()

        np.testing.assert_array_equal(staying.result(timeout=10), STACK[0, 2])


def test_a_chunk_that_failed_is_asked_for_again(objects):
    reader = opened(objects)
    objects.answers["0/c/0/0/0/0"] = 401
    with pytest.raises(StatusError):
        plane(reader)
    objects.answers.clear()

    np.testing.assert_array_equal(plane(reader), STACK[0, 0])
