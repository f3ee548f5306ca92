"""What zarr-python leaves behind for good isn't used: its loop and its threads."""

from __future__ import annotations

import asyncio
import gc
import threading

import numpy as np
import pytest
import zarr.core.sync

from napari_idr.api.zarr.coroutines import run
from napari_idr.threads import WorkerPool
from unit.api.zarr.test_deep_chunks import STACK, opened, plane


async def decoded(number: int) -> list[str]:
    """Do so many works as codecs do; return the threads they were done in."""
    works = (asyncio.to_thread(lambda: threading.current_thread().name),) * number
    return list(await asyncio.gather(*works))


def test_pixels_are_read_without_the_loop_of_zarr_python(objects, monkeypatch):
    reader = opened(objects, chunks=(1, 2, 10, 50))

    def refuse() -> None:
        raise AssertionError("its thread would stay until the process ends")

    monkeypatch.setattr(zarr.core.sync, "_get_loop", refuse)

    np.testing.assert_array_equal(plane(reader, z=3), STACK[0, 3])


def test_pixels_are_read_where_an_event_loop_runs(objects):
    reader = opened(objects)

    async def cell_of_a_notebook():
        return plane(reader, z=3)

    np.testing.assert_array_equal(asyncio.run(cell_of_a_notebook()), STACK[0, 3])


def test_codecs_run_in_threads_that_end():
    names = run(lambda: decoded(8))

    own = threading.current_thread().name
    assert all(name == own or "napari-idr-parts" in name for name in names)


def test_codecs_run_in_the_same_thread_where_none_is_free(monkeypatch):
    monkeypatch.setattr(WorkerPool, "try_submit", lambda self, work: False)

    assert set(run(lambda: decoded(8))) == {threading.current_thread().name}


def test_what_a_codec_raises_is_raised_and_ends_the_others(caplog):
    async def broken() -> None:
        others = (asyncio.sleep(60) for _ in range(3))
        await asyncio.gather(asyncio.to_thread(lambda: 1 / 0), *others)

    with pytest.raises(ZeroDivisionError):
        run(broken)

    gc.collect()
    assert not caplog.records  # asyncio tells of tasks that are dropped
