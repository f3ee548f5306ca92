"""Chunks that a store denies: empty where its metadata are public, and told."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from napari_idr.api import ask_again, projected_reader, read_notes
from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.hidden import DeniedChunks, HiddenChunks, is_in_bucket
from napari_idr.cancel import NEVER
from napari_idr.errors import StatusError
from support.zarr_files import opened, plane, values, write


def deny(objects, *names):
    objects.answers.update(dict.fromkeys(names, 403))


def chunks(objects, level="0"):
    found = (objects.root / level).rglob("*")
    return sorted(
        str(path.relative_to(objects.root))
        for path in found
        if path.is_file()
        and not path.name.startswith(".z")
        and path.name != "zarr.json"
    )


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_denied_chunks_are_empty_and_counted(objects, version):
    array = values("yx") + 1
    write(objects.root, array, "yx", version=version)
    some = chunks(objects)
    deny(objects, *some[:2])
    reader = opened(objects)

    pixels = plane(reader)

    assert len(some) == 9
    assert read_notes(reader) == ("2 of 9 chunks are hidden: shown as empty.",)
    assert not pixels[:32, :64].any()
    np.testing.assert_array_equal(pixels[32:], array[32:])


def test_chunks_that_are_not_there_are_no_hidden_ones(objects):
    write(objects.root, values("yx"), "yx")
    (objects.root / chunks(objects)[0]).unlink()
    reader = opened(objects)

    plane(reader)

    assert read_notes(reader) == ()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_store_that_denies_every_chunk_is_an_error(objects, version):
    write(objects.root, values("yx"), "yx", version=version, levels=2)
    deny(objects, *chunks(objects), *chunks(objects, "1"))

    with pytest.raises(StatusError) as caught:
        plane(opened(objects))

    assert caught.value.status == 403


def test_a_part_that_is_empty_is_shown_if_other_chunks_come(objects):
    write(objects.root, values("cyx") + 1, "cyx")
    deny(objects, *(name for name in chunks(objects) if name.startswith("0/0/")))
    reader = opened(objects, size_c=3)
    corner = PixelRegion(y0=0, y1=8, x0=0, x1=8)

    assert not reader.read(corner, cancel=NEVER).any()
    assert plane(reader, c=1).any()
    [note] = read_notes(reader)
    assert "are hidden: shown as empty" in note


def test_a_denial_of_metadata_is_an_error(objects):
    write(objects.root, values("yx"), "yx")
    deny(objects, "0/.zarray")

    with pytest.raises(StatusError):
        opened(objects)


def test_a_denial_by_another_bucket_says_nothing_of_these_objects():
    hidden = HiddenChunks("https://host/public/a.zarr")
    denial = StatusError("no", status=403, url="https://host/private/a.zarr/0/0.0")

    with pytest.raises(StatusError):
        DeniedChunks(hidden).denied("0/0.0", denial)
    assert hidden.notes == ()
    assert not is_in_bucket("https://host:1/b/c", of="https://host:2/b/c")
    assert not is_in_bucket("http://host/b/c", of="https://host/b/c")


def test_other_failures_of_chunks_stay_errors(objects):
    write(objects.root, values("yx"), "yx")
    objects.answers[chunks(objects)[0]] = 401

    with pytest.raises(StatusError):
        plane(opened(objects))


def test_a_projection_tells_what_was_hidden_below_it(objects):
    write(objects.root, values("zyx") + 1, "zyx")
    deny(objects, chunks(objects)[0])
    reader = projected_reader(opened(objects, size_z=5))

    plane(reader)

    assert read_notes(reader) == ("1 of 45 chunks are hidden: shown as empty.",)


def test_what_was_counted_stays_in_its_process():
    hidden = HiddenChunks("https://host/public/a.zarr")
    read = DeniedChunks(hidden)
    read.denied("0", StatusError("no", status=403, url="https://host/public/x"))
    read.hide()

    assert hidden.notes

    assert pickle.loads(pickle.dumps(hidden)).notes == ()


def test_what_was_denied_in_a_read_that_failed_is_asked_for_again(objects):
    array = values("yx") + 1
    write(objects.root, array, "yx")
    first, *_, last = chunks(objects)
    objects.answers.update({first: 403, last: 401})
    reader = opened(objects)
    with pytest.raises(StatusError):
        plane(reader)
    objects.answers.clear()

    np.testing.assert_array_equal(plane(reader), array)
    assert read_notes(reader) == ()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_denied_chunks_are_asked_for_again_only_when_told_to(objects, version):
    array = values("yx") + 1
    write(objects.root, array, "yx", version=version)
    [first, *_] = chunks(objects)
    deny(objects, first)
    reader = opened(objects)
    plane(reader)
    objects.answers.clear()
    objects.asked.clear()

    assert not plane(reader)[:32, :32].any()
    assert first not in objects.asked

    lacks = ask_again(reader)
    assert lacks(PixelRegion(y0=0, y1=70, x0=31, x1=90))
    assert not lacks(PixelRegion(y0=0, y1=70, x0=32, x1=90))
    np.testing.assert_array_equal(plane(reader), array)
    assert read_notes(reader) == ()
    assert ask_again(reader) is None


def test_a_denied_chunk_of_several_planes_is_asked_for_once(objects):
    array = values("zyx") + 1
    write(objects.root, array, "zyx", deep=True)
    [first, *_] = chunks(objects)
    deny(objects, first)
    reader = opened(objects, size_z=5)
    objects.asked.clear()

    for z in range(5):
        assert not plane(reader, z=z)[:32, :32].any()

    assert objects.asked.count(first) == 1
    objects.answers.clear()
    assert ask_again(reader)(PixelRegion(z=4, y0=0, y1=8, x0=0, x1=8))
    np.testing.assert_array_equal(plane(reader, z=4), array[4])


def test_a_denied_shard_is_asked_for_again(objects):
    array = values("yx") + 1
    write(objects.root, array, "yx", version="0.5", shards=(64, 64))
    [first, *_] = chunks(objects)
    deny(objects, first)
    reader = opened(objects)
    assert not plane(reader)[:64, :64].any()
    objects.answers.clear()

    lacks = ask_again(reader)

    assert lacks(PixelRegion(y0=40, y1=48, x0=40, x1=48))
    assert not lacks(PixelRegion(y0=64, y1=70, x0=0, x1=64))
    np.testing.assert_array_equal(plane(reader), array)


def test_a_store_that_denied_every_chunk_is_asked_again_as_after_any_failure(objects):
    array = values("zyx") + 1
    write(objects.root, array, "zyx")
    deny(objects, *chunks(objects))
    reader = projected_reader(opened(objects, size_z=5))
    with pytest.raises(StatusError):
        plane(reader)
    objects.answers.clear()

    np.testing.assert_array_equal(plane(reader), array.max(0))
