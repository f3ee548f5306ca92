"""Many ids fit into few URLs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.json_client import MAX_QUERY_BYTES, id_chunks

IDS = st.lists(st.integers(1, 10**12), max_size=600)


@given(IDS, st.integers(1, 200), st.sampled_from(["id", "acquisition"]))
def test_each_id_is_in_one_chunk_that_fits(ids, most, parameter):
    chunks = list(id_chunks(ids, parameter=parameter, most=most))

    assert [n for chunk in chunks for n in chunk] == sorted(set(ids))
    for chunk in chunks:
        assert 1 <= len(chunk) <= most
        size = sum(len(f"&{parameter}={number}") for number in chunk)
        assert size <= MAX_QUERY_BYTES


@given(IDS, st.randoms())
def test_the_order_of_ids_doesn_t_matter(ids, random):
    shuffled = list(ids)
    random.shuffle(shuffled)

    assert list(id_chunks(ids, parameter="id", most=50)) == list(
        id_chunks(shuffled, parameter="id", most=50)
    )
