"""Hundreds of thousands of hits in one study are counted without listing them."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.api.json_client import JsonClient
from napari_idr.api.search.counting import join_by_name
from napari_idr.api.search.engine import SearchEngine
from napari_idr.api.search.engine_answers import ImageHit
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled
from napari_idr.model import Plate, PlateId, ProjectId, ScreenId
from support.engine import PAGE, Engine, names

SCREEN = ScreenId(3)


def steps_of(server: Engine, cancel: CancelToken = NEVER) -> Any:
    search = SearchEngine(JsonClient(server))  # type: ignore[arg-type]
    return search.search_plates_steps("gene", "CDC20", SCREEN, cancel=cancel)


def counts_of(step: Any) -> dict[int, int]:
    return {hit.plate.id: hit.image_count for hit in step.hits}


def by_rule(server: Engine) -> dict[int, int]:
    return dict(Counter(n % len(server.plates) + 1 for n in range(server.total)))


def test_200_000_hits_in_520_plates_are_counted_by_one_question():
    server = Engine(total=200_000, plates=names(520))

    [step] = steps_of(server)

    assert (step.counted, step.total, step.exact) == (200_000, 200_000, True)
    assert counts_of(step) == by_rule(server)
    assert [hit.plate.name for hit in step.hits] == server.plates
    paths = [path for path, _, _ in server.asked]
    assert paths.count("sub_container_images/") == 1
    assert len(paths) == 4  # one page, the counts, two pages of plates


def test_nothing_is_asked_before_a_step_is_wanted():
    server = Engine(total=2000, plates=names(3))

    steps = steps_of(server)
    before = len(server.asked)
    next(steps)

    assert before == 0
    assert server.asked


def test_few_hits_are_counted_from_their_one_page():
    server = Engine(total=35, plates=names(4))

    [step] = steps_of(server)

    assert counts_of(step) == by_rule(server)
    assert len(server.asked) == 1


def test_no_hits_are_one_step_without_plates():
    def nothing(path: str, params: Any, body: Any) -> Any:
        if path == "submitquery/containers/":
            return {"Error": "none", "results": {"results": []}}
        return {"Error": "none", "results": []}

    server = Engine(total=0, plates=[])
    server._answer = nothing  # type: ignore[method-assign]

    [step] = steps_of(server)

    assert (step.hits, step.counted, step.total, step.exact) == ((), 0, 0, True)


def test_plates_of_one_name_are_counted_page_by_page_and_the_others_at_once():
    server = Engine(total=5500, plates=["a", "b", "b", "c", "d"])

    first, *between, last = steps_of(server)

    assert counts_of(first) == {1: 1100, 2: 0, 3: 0, 4: 1100, 5: 1100}
    assert (first.counted, first.total, first.exact) == (3300, 5500, False)
    counted = [step.counted for step in (first, *between, last)]
    assert counted == sorted(counted)
    assert not any(step.exact for step in between)
    assert (counts_of(last), last.counted, last.exact) == (by_rule(server), 5500, True)


def test_a_page_begins_after_the_last_image_of_the_page_before():
    server = Engine(total=4500, plates=["a", "a"])

    for _ in steps_of(server):
        pass

    assert server.pages() == [None, 999, 1999, 2999, 3999]


def test_counts_of_all_spellings_are_not_taken_for_those_of_one():
    server = Engine(total=3000, plates=names(4), others=40, by_case=False)

    first, *_, last = steps_of(server)

    assert counts_of(first) == {1: 0, 2: 0, 3: 0, 4: 0}
    assert (first.counted, first.total, first.exact) == (0, 3000, False)
    assert counts_of(last) == by_rule(server)
    assert (last.counted, last.exact) == (3000, True)


def test_counts_that_heed_case_are_those_of_one_spelling():
    server = Engine(total=3000, plates=names(4), others=40)

    [step] = steps_of(server)

    assert counts_of(step) == by_rule(server)


def test_a_name_that_no_plate_bears_is_counted_page_by_page():
    server = Engine(total=3000, plates=names(4), listed=["renamed", *names(4)[1:]])

    first, *_, last = steps_of(server)

    assert counts_of(first) == {1: 0, 2: 750, 3: 750, 4: 750}
    assert (first.counted, first.exact) == (2250, False)
    assert counts_of(last) == by_rule(server)


def test_a_plate_that_is_not_listed_is_known_from_its_images():
    server = Engine(total=3000, plates=["a", "a", "b"], listed=[None, "a", None])

    first, *_, last = steps_of(server)

    assert counts_of(first) == {1: 0, 2: 0, 3: 1000}
    assert counts_of(last) == by_rule(server)


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_does_not_count_is_asked_for_all_pages(status):
    server = Engine(total=3000, plates=names(4), counts_status=status)

    *between, last = steps_of(server)

    assert [step.counted for step in between] == [1000, 2000]
    assert counts_of(between[0]) == dict.fromkeys(range(1, 5), 250)
    assert server.pages() == [None, 999, 1999]
    assert counts_of(last) == by_rule(server)


def test_counting_goes_on_until_it_is_cancelled():
    server = Engine(total=50_000, plates=["a", "a"])
    cancel = CancelToken()
    steps = steps_of(server, cancel)
    next(steps)
    next(steps)

    cancel.cancel()

    with pytest.raises(Cancelled):
        for _ in steps:
            pass
    assert len(server.pages()) < 5


def test_the_images_of_a_few_pages_are_kept_however_many_there_are():
    server = Engine(total=12_000, plates=["a", "a", "b"])

    kept = [
        sum(isinstance(one, ImageHit) for one in gc.get_objects())
        for _ in steps_of(server)
    ]

    assert len(kept) > 5
    assert max(kept) <= 3 * PAGE + 1


def test_the_tuple_is_the_last_step():
    server = Engine(total=3000, plates=["a", "a", "b"])
    search = SearchEngine(JsonClient(server))  # type: ignore[arg-type]

    hits = search.search_plates("gene", "CDC20", SCREEN, cancel=NEVER)

    assert {hit.plate.id: hit.image_count for hit in hits} == by_rule(server)


def test_datasets_of_a_project_are_counted_by_one_question_too():
    server = Engine(total=9000, plates=names(30), kind="dataset")
    search = SearchEngine(JsonClient(server))  # type: ignore[arg-type]

    [step] = search.search_datasets_steps("gene", "x", ProjectId(3), cancel=NEVER)

    assert {hit.dataset.id: hit.image_count for hit in step.hits} == by_rule(server)
    assert (step.counted, step.total, step.exact) == (9000, 9000, True)


few_names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6)


@settings(deadline=None)
@given(
    plates=few_names,
    total=st.integers(1, 120),
    others=st.integers(0, 3),
    by_case=st.booleans(),
    data=st.data(),
)
def test_the_last_step_is_true_whatever_the_names(plates, total, others, by_case, data):
    listed = [data.draw(st.sampled_from([name, name, None, "z"])) for name in plates]
    server = Engine(
        total=total, plates=plates, others=others, by_case=by_case, listed=listed,
        page_size=30,
    )  # fmt: skip

    steps = list(steps_of(server))

    assert counts_of(steps[-1]) == by_rule(server)
    assert [step.exact for step in steps] == [False] * (len(steps) - 1) + [True]
    counted = [step.counted for step in steps]
    assert counted == sorted(counted)
    assert counted[-1] == total
    for step in steps:
        assert sum(counts_of(step).values()) == step.counted
        shown = [(hit.plate.name, hit.plate.id) for hit in step.hits]
        assert shown == sorted(shown)


@given(
    counts=st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=6),
    bearing=few_names,
    total=st.integers(0, 30),
)
def test_a_count_is_known_only_where_one_plate_bears_the_name(counts, bearing, total):
    plates = [Plate(id=PlateId(n), name=name) for n, name in enumerate(bearing)]

    joined = join_by_name(counts, plates, total=total)

    assert set(joined.known).isdisjoint(joined.unclear)
    for plate, count in joined.known.items():
        assert bearing.count(plate.name) == 1
        assert [n for name, n in counts if name == plate.name and n] == [count]
    assert not joined.whole or sum(joined.known.values()) == total


def test_facets_never_say_that_an_image_doesnt_fit_because_its_page_isnt_over():
    server = Engine(total=20 * PAGE + 17, plates=names(5))
    search = SearchEngine(JsonClient(server))  # type: ignore[arg-type]

    steps = list(search.facets("gene", "CDC20", screen_id=SCREEN, cancel=NEVER))

    assert len(steps) > 5
    assert all(step.counted == step.matching for step in steps)
    assert steps[-1].exact
    assert steps[-1].counted == server.total
