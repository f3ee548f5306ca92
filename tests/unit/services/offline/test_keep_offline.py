"""What is kept is opened again without a server: a plate, a dataset, an image."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr import demo
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    NotKeptError,
    PackError,
    ServerError,
)
from napari_idr.model import ImageId, ImageRef, Plate, Project, Screen
from napari_idr.services.details import ImageRequest
from napari_idr.services.explain import can_retry, explain
from napari_idr.services.offline import shelf
from napari_idr.services.offline.keep import (
    KeepOrder,
    Kept,
    keep_wish,
    load_kept,
    plan_keep_order,
)
from napari_idr.services.offline.pack_layers import pack_layers
from napari_idr.services.offline.pack_session import PackSession, open_pack
from napari_idr.services.offline.reach import (
    is_offline,
    look_again,
    offline_text,
    on_change,
)
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.search.catalog import Query
from napari_idr.services.session import ConnectionSettings, Session, connect
from napari_idr.tiles import TileViewing
from napari_idr.transport import PackDraft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.api import WellSources
    from napari_idr.services.regions.load import ImageRois
    from napari_idr.services.search.catalog import Entry

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep nothing among what a person has kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Server:
    """A demo archive that can be stopped before its test ends."""

    def __init__(self, face: demo.Face) -> None:
        self.face = face
        self._stack = ExitStack()
        self.archive = self._stack.enter_context(demo.serve(face=face))
        self.url = self.archive.url

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture(params=["classic", "idr"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(request.param)
    yield server
    server.stop()


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    session, _ = connect(server.url, ConnectionSettings(), cancel=NEVER)
    yield session
    session.close()


def below(session: Session, line: Entry) -> tuple[Entry, ...]:
    [step] = session.children(line, cancel=NEVER)
    assert step.error is None
    return step.children


def study_of(session: Session, name: str) -> Entry:
    return next(one for one in session.studies(cancel=NEVER) if one.name == name)


def plate_of(session: Session) -> Entry:
    plates = below(session, study_of(session, SCREEN))
    return next(one for one in plates if one.name == PLATE)


def shown(session: Session, plate: Entry) -> PlateShown:
    details = session.plate_details(plate, cancel=NEVER)
    first, *_, last = session.show_plate(details, None, 0, cancel=NEVER)
    assert [one.cell.label for one in last.summary.failures] == ["D11"]
    return first


def kept(session: Session, order: KeepOrder) -> Kept:
    steps = load_kept(session, order, cancel=CancelToken())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def keep_lines(session: Session, *lines: Entry, images: bool = False) -> Kept:
    wish = keep_wish(lines, images=images)
    assert wish is not None
    return kept(session, plan_keep_order(session, wish, cancel=NEVER))


def opened(kept: Kept) -> PackSession:
    session, _ = open_pack(kept.path, cancel=NEVER)
    return session


def image_of(plate: PlateShown) -> ImageRequest:
    return plate.image_request(next(iter(plate.plan.grid)))


def pixels(session: Session, request: ImageRequest) -> np.ndarray:
    return session.client.plane(request.ref.image_id, c=0, cancel=NEVER).pixels


def test_a_plate_that_was_kept_is_shown_from_its_pack(
    session: Session, server: Server
) -> None:
    line = plate_of(session)
    here = shown(session, line)

    made = keep_lines(session, line)
    server.stop()

    assert made.missing == ()
    pack = opened(made)
    [study] = pack.studies(cancel=NEVER)
    [plate] = below(pack, study)
    assert (study.name, plate.name) == (SCREEN, PLATE)
    there = shown(pack, plate)
    assert np.array_equal(there.canvas, here.canvas)
    details = pack.plate_details(plate, cancel=NEVER)
    assert details == session.plate_details(line, cancel=NEVER)
    sources = pack.well_sources(there, cancel=NEVER)
    assert sources == session.well_sources(here, cancel=NEVER)
    assert "made on" in offline_text(pack)
    with pytest.raises(NotKeptError) as caught:
        pack.image_details(image_of(there), cancel=NEVER)
    assert not can_retry(caught.value)
    assert "isn't in the pack" in explain(caught.value, host=pack.url)
    pack.close()


def test_a_plate_of_each_screen_has_the_same_wells_in_its_pack(
    session: Session, server: Server
) -> None:
    screens = [
        one for one in session.studies(cancel=NEVER) if isinstance(one.item, Screen)
    ]
    lines = [below(session, screen)[0] for screen in screens]

    made = keep_lines(session, *lines)

    pack = opened(made)
    for line in lines:
        seen = [looked_at(one, line) for one in (session, pack)]
        assert np.array_equal(seen[0][0].canvas, seen[1][0].canvas)
        assert seen[0][1] == seen[1][1]
    pack.close()


def looked_at(session: Session, line: Entry) -> tuple[PlateShown, WellSources]:
    details = session.plate_details(line, cancel=NEVER)
    run = details.plate.runs[0].id if len(details.plate.runs) > 1 else None
    first, *_ = session.show_plate(details, run, 0, cancel=NEVER)
    return first, session.well_sources(first, cancel=NEVER)


def test_an_image_that_was_kept_is_read_from_its_pack(
    session: Session, server: Server
) -> None:
    request = image_of(shown(session, plate_of(session)))
    request = replace(request, study=study_of(session, SCREEN).item)
    here = pixels(session, request)
    wish = keep_wish((), request, images=True)
    assert wish is not None

    made = kept(session, plan_keep_order(session, wish, cancel=NEVER))
    server.stop()

    pack = opened(made)
    assert pack.image_details(request, cancel=NEVER).annotations
    assert np.array_equal(pixels(pack, request), here)
    pack.close()


def test_a_dataset_that_was_kept_with_its_images_is_read_from_its_pack(
    session: Session, server: Server
) -> None:
    studies = session.studies(cancel=NEVER)
    project = next(one for one in studies if isinstance(one.item, Project))
    dataset = min(below(session, project), key=lambda one: one.count or 0)
    images = below(session, dataset)

    made = keep_lines(session, dataset, images=True)
    server.stop()

    pack = opened(made)
    [study] = pack.studies(cancel=NEVER)
    [line] = below(pack, study)
    assert [one.name for one in below(pack, line)] == [one.name for one in images]
    pack.close()


def test_what_was_cancelled_is_gone_on_with(session: Session, server: Server) -> None:
    line = plate_of(session)
    wish = keep_wish((line,), images=False)
    assert wish is not None
    order = plan_keep_order(session, wish, cancel=NEVER)
    token = CancelToken()
    steps = load_kept(session, order, cancel=token)
    for _ in range(4):
        next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        for _ in steps:
            pass
    [draft] = [p for p in shelf.packs_folder().iterdir() if p.suffix == ".draft"]
    with PackDraft(draft) as begun:
        before = len(begun)
    assert before
    server.archive.requests.clear()

    made = kept(session, order)

    with PackDraft(draft.with_suffix(".copy")) as none:
        assert len(none) == 0
    pack = opened(made)
    asked = [one.target for one in server.archive.requests]
    assert len(asked) <= len(pack.pack) - before
    assert not draft.exists()
    pack.close()


def test_what_fails_for_a_while_makes_no_pack_and_is_asked_again(
    session: Session, server: Server
) -> None:
    line = plate_of(session)
    server.archive.faults.answer_next(500, match="webgateway/plate", times=100)

    with pytest.raises(ServerError):
        keep_lines(session, line)

    assert not list(shelf.packs_folder().glob("*.idrpack"))


def test_the_order_tells_what_it_takes(session: Session, server: Server) -> None:
    study = study_of(session, SCREEN)
    wish = keep_wish((study,), images=False)
    assert wish is not None

    order = plan_keep_order(session, wish, cancel=NEVER)

    count = len(below(session, study))
    assert order.images >= count
    assert f"“{SCREEN}”" in order.cost
    assert "requests" in order.cost
    assert "MB" in order.cost


def test_a_project_whose_first_dataset_is_empty_has_the_images_of_the_others(
    session: Session,
) -> None:
    project = study_of(session, "idr0904-demo-tissue/experimentA")
    datasets = [one.item for one in below(session, project)]
    counts = [len(list(session.client.images(one.id))) for one in datasets]
    assert counts[0] == 0

    wish = keep_wish((project,), images=False)
    assert wish is not None
    order = plan_keep_order(session, wish, cancel=NEVER)

    assert order.images == sum(counts)


def test_too_much_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MAX_PACKS_BYTES", 1000)
    wish = keep_wish((plate_of(session),), images=False)
    assert wish is not None

    with pytest.raises(PackError, match="too much"):
        plan_keep_order(session, wish, cancel=NEVER)


def test_packs_are_bounded_together(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = keep_lines(session, plate_of(session))
    monkeypatch.setattr(shelf, "MAX_PACKS_BYTES", made.size * 2)

    with pytest.raises(PackError, match="of other packs"):
        shelf.require_room(session, made.size * 1.5, name="another")

    shelf.require_room(session, made.size * 1.5, name=made.path.stem)  # in its place
    assert "of at most" in shelf.kept_on_disk(session, cancel=NEVER).text


# Without a pack: what was seen before


def test_what_was_seen_is_shown_when_the_server_is_gone_and_is_back_by_itself(
    server: Server,
) -> None:
    port = int(server.url.rpartition(":")[2])
    first, info = connect(server.url, ConnectionSettings(), cancel=NEVER)
    line = plate_of(first)
    here = shown(first, line)
    request = image_of(here)
    first.image_details(request, cancel=NEVER)
    seen = pixels(first, request)
    first.close()
    server.stop()

    session, offline_info = connect(server.url, ConnectionSettings(), cancel=NEVER)

    assert offline_info.keys == info.keys
    assert is_offline(session)
    assert offline_text(session).startswith("From ")
    assert np.array_equal(shown(session, plate_of(session)).canvas, here.canvas)
    assert np.array_equal(pixels(session, request), seen)
    with pytest.raises(ConnectionFailedError) as caught:
        session.client.image(1, cancel=NEVER)
    assert can_retry(caught.value)
    assert "isn't kept" in explain(caught.value, host=session.url)
    assert not look_again(session, cancel=NEVER)
    told: list[bool] = []
    on_change(session, lambda: told.append(is_offline(session)))
    with demo.serve(port=port, face=server.face):
        assert look_again(session, cancel=NEVER)
        assert told == [False]
        assert offline_text(session) == ""
    session.close()


def test_searches_that_were_made_are_made_again_offline(server: Server) -> None:
    first, info = connect(server.url, ConnectionSettings(), cancel=NEVER)
    query = Query(key=info.keys[0], value="CDC20")
    here = searched(first, query)
    offered = first.suggestions(replace(query, value="CDC2"), cancel=NEVER)
    request = image_of(shown(first, plate_of(first)))
    files = first.original_files(request.ref.image_id, cancel=NEVER)
    first.close()
    server.stop()

    session, _ = connect(server.url, ConnectionSettings(), cancel=NEVER)

    assert here
    assert searched(session, query) == here
    assert session.suggestions(offered[0], cancel=NEVER) == offered
    assert session.original_files(request.ref.image_id, cancel=NEVER) == files
    with pytest.raises(ConnectionFailedError) as caught:
        session.search(Query(key=info.keys[0], value="BUB1"), cancel=NEVER)
    assert "isn't kept" in explain(caught.value, host=session.url)
    session.close()


def searched(session: Session, query: Query) -> list[tuple[object, ...]]:
    """Return the lines that a search finds, and those below them."""
    found = session.search(query, cancel=NEVER)
    lines: list[tuple[object, ...]] = []
    for entry in found.entries:
        lines.append((entry.name, entry.count))
        lines += [(one.name, one.count) for one in below(session, entry)]
    return lines


WITH_DRAWINGS = {"classic": 9203, "idr": 9208}
"""An image with regions for each face; where pixels are raw, with labels too."""


def with_regions(session: Session, face: demo.Face) -> ImageRequest:
    """Return how to ask for an image on which something is drawn."""
    number = ImageId(WITH_DRAWINGS[face])
    ref = ImageRef(image_id=number, name="", well_id=None, plate_id=None)
    studies = session.studies(cancel=NEVER)
    project = next(one.item for one in studies if isinstance(one.item, Project))
    return ImageRequest(ref=ref, server=session.url, study=project)


def drawn(session: Session, request: ImageRequest) -> ImageRois:
    """Return what is drawn on an image, opened as a viewer opens it."""
    view = TileViewing().open
    steps = session.open_image(request, view, cancel=NEVER)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return session.regions(end.value, view, cancel=NEVER)


def test_regions_and_labels_come_offline_and_from_a_pack(
    session: Session, server: Server
) -> None:
    request = with_regions(session, server.face)
    wish = keep_wish((), request, images=True)
    assert wish is not None
    here = drawn(session, request)
    made = kept(session, plan_keep_order(session, wish, cancel=NEVER))
    session.close()
    server.stop()

    again, _ = connect(server.url, ConnectionSettings(), cancel=NEVER)
    pack = opened(made)

    assert here.specs or here.labels
    for there in (drawn(again, request), drawn(pack, request)):
        assert [one.kwargs["name"] for one in there.specs] == [
            one.kwargs["name"] for one in here.specs
        ]
        assert [one.kwargs["name"] for one, _ in there.labels] == [
            one.kwargs["name"] for one, _ in here.labels
        ]
        assert there.notes == here.notes
    again.close()
    pack.close()


def test_what_was_kept_is_used_when_what_was_seen_is_emptied(
    session: Session, server: Server
) -> None:
    line = plate_of(session)
    here = shown(session, line)
    keep_lines(session, line)
    for store in session.client.transport.stores:
        store.empty()
    session.close()
    server.stop()

    again, _ = connect(server.url, ConnectionSettings(), cancel=NEVER)

    assert np.array_equal(shown(again, plate_of(again)).canvas, here.canvas)
    again.close()


def test_all_that_is_kept_is_told_and_emptied(session: Session, server: Server) -> None:
    made = keep_lines(session, plate_of(session))

    told = shelf.kept_on_disk(session, cancel=NEVER)

    assert [one.title for one in told.packs] == [PLATE]
    assert told.seen > 0
    assert "at most" in told.text
    left = shelf.empty(session, cancel=NEVER)
    assert left.packs == ()
    assert left.seen < told.seen
    assert not made.path.exists()


def test_without_a_browser_the_plates_of_a_pack_are_layers(session: Session) -> None:
    line = plate_of(session)
    here = shown(session, line)
    made = keep_lines(session, line)

    [(canvas, options, kind)] = pack_layers(made.path)

    assert np.array_equal(canvas, here.canvas)
    assert (options["name"], kind) == (here.name, "image")
    assert options["metadata"]["idr"]["server"] == session.url


def test_a_copy_is_a_pack(session: Session, tmp_path: Path) -> None:
    made = keep_lines(session, plate_of(session))

    copy = shelf.copy_pack(made.path, tmp_path / "class", cancel=NEVER)

    assert copy.name == "class.idrpack"
    pack, _ = open_pack(copy, cancel=NEVER)
    [study] = pack.studies(cancel=NEVER)
    assert isinstance(below(pack, study)[0].item, Plate)
    pack.close()
