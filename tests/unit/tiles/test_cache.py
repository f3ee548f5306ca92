from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.tiles import TileCache, TileKey


def key(col, image=1):
    return TileKey(image=image, level=0, c=0, z=0, t=0, row=0, col=col)


def tile(nbytes):
    return np.zeros(nbytes, np.uint8)


def test_the_tile_that_was_used_least_recently_goes_first():
    store = TileCache(30)
    for col in range(3):
        store.put(key(col), tile(10))
    store.get(key(0))

    store.put(key(3), tile(10))

    assert [key(col) in store for col in range(4)] == [True, False, True, True]


def test_pinned_tiles_go_last():
    store = TileCache(30)
    for col in range(3):
        store.put(key(col), tile(10))
    store.pin(1, [key(0)])

    store.put(key(3), tile(20))
    only_pinned_left = [key(col) in store for col in range(4)]
    store.put(key(4), tile(30))

    assert only_pinned_left == [True, False, False, True]
    assert (len(store), store.bytes) == (1, 30)


def test_a_tile_larger_than_the_memory_is_not_kept():
    store = TileCache(30)
    store.put(key(0), tile(10))

    returned = store.put(key(1), tile(31))

    assert returned.size == 31
    assert (key(0) in store, key(1) in store) == (True, False)


def test_tiles_are_read_only_and_hold_nothing_else_in_memory():
    store = TileCache(1000)
    large = np.zeros((100, 100), np.uint8)

    kept = store.put(key(0), large[:5, :5])

    assert kept.base is None
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1


def test_dropping_an_image_leaves_the_others():
    store = TileCache(100)
    store.put(key(0, image=1), tile(10))
    store.put(key(0, image=2), tile(20))

    store.drop(1)

    assert (len(store), store.bytes) == (1, 20)


@given(
    st.integers(1, 50),
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=60
    ),
)
def test_the_bound_is_kept_whatever_comes(max_bytes, puts):
    store = TileCache(max_bytes)
    for col, nbytes, pin in puts:
        store.put(key(col), tile(nbytes))
        if pin:
            store.pin(1, [key(col), key(col + 1)])

        assert store.bytes <= max_bytes
        present = [store.get(key(col)) for col in range(10)]
        assert store.bytes == sum(kept.nbytes for kept in present if kept is not None)
