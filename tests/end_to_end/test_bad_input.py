"""What can go wrong, and the sentence that says so."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from qtpy.QtCore import Qt
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_idr.demo import LoggedRequest
    from support.fixtures import MakePerson
    from support.person import Person

from napari_idr import demo
from napari_idr.demo.faults import FOREVER, Instead

MITOSIS, KINOME = "idr0901-demo-mitosis/screenA", "idr0902-demo-kinome/screenA"
TISSUE, COMPOUND = "idr0904-demo-tissue/experimentA", "idr0903-demo-compound/screenB"

IS_A_PAGE = "sent a web page where data is due"
IS_NO_ARCHIVE = "answers, but it is no archive of images"
CANNOT_BE_READ = "answered in a way this version can't read"
IS_OFFLINE = "can't be reached, and this isn't kept on this computer"
CANNOT_BE_REACHED = "can't be reached. Check the address and your connection"


@pytest.fixture
def person(classic: demo.Archive, make_person: MakePerson) -> Person:
    return make_person(classic.url)


# What is typed


def test_an_empty_value_asks_for_one(person: Person, classic: demo.Archive) -> None:
    classic.requests.clear()

    person.search("   ")

    assert person.status == "Type what to search for."
    assert len(classic.requests) == 0


@pytest.mark.parametrize("face", ["classic", "idr"])
@pytest.mark.parametrize("value", ["NOSUCHGENE", "CDC20'; --", "%00\u202e<b>", "?&#/"])
def test_an_unknown_value_is_repeated(
    face: str, value: str, request: pytest.FixtureRequest, make_person: MakePerson
) -> None:
    person = make_person(request.getfixturevalue(face).url)

    person.paste("idr_value", value)
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("Nothing carries", value.replace("\u202e", ""))

    assert person.rows() == []


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_a_value_of_10000_letters_is_survived(
    face: str, request: pytest.FixtureRequest, make_person: MakePerson
) -> None:
    person = make_person(request.getfixturevalue(face).url)
    width = person.browser.width()

    person.paste("idr_value", "CDC20" * 2000)
    person.press("idr_value", Qt.Key.Key_Return)
    person.until(lambda: person.is_idle and bool(person.status))

    assert "CDC20CDC20" in person.status or "too long to be asked for" in person.status
    assert len(person.status) < 200
    assert person.browser.width() == width
    person.search("CDC20")
    assert "34 images in 3 studies" in person.status


# Which server is asked


@pytest.fixture
def page() -> Iterator[Callable[[demo.Answer], str]]:
    """Serve one answer to everything, at an address of its own."""
    with ExitStack() as stack:

        def serve(answer: demo.Answer) -> str:
            archive = stack.enter_context(demo.serve())
            archive.faults.lay(Instead(given=answer))
            return archive.url

        yield serve


def test_an_address_without_a_server_says_what_to_check(person: Person) -> None:
    person.connect_to("http://127.0.0.1:9")

    assert CANNOT_BE_REACHED in person.until_status("127.0.0.1:9")
    assert not person.find("idr_retry").isHidden()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nonsense words", "is not the address of a server"),
        ("ftp://127.0.0.1", "is neither an http nor an https address"),
        ("http://", "names no server"),
    ],
)
def test_what_is_no_address_is_called_so(
    person: Person, address: str, sentence: str
) -> None:
    person.search("CDC20")
    found, abilities = person.rows(), person.text("idr_abilities")
    assert found

    person.connect_to(address)

    person.until_status(sentence)
    assert person.rows() == found
    assert person.text("idr_abilities") == abilities
    person.search("cdc20")
    assert person.rows() != found


def test_a_web_page_is_not_taken_for_a_server(
    person: Person, page: Callable[[demo.Answer], str]
) -> None:
    html = demo.Answer(body=b"<html><h1>Welcome</h1></html>")

    person.connect_to(page(html))

    person.until_status(IS_NO_ARCHIVE)


def test_a_redirect_to_a_page_is_not_taken_for_a_server(
    person: Person, page: Callable[[demo.Answer], str]
) -> None:
    html = page(demo.Answer(body=b"<html>maintenance</html>"))

    person.connect_to(page(demo.Answer(302, headers={"Location": html})))

    person.until_status(f"sends us to {html}", "type its address")


def test_another_server_leaves_nothing_of_the_first(
    person: Person, idr: demo.Archive
) -> None:
    person.search("CDC20")

    person.connect_to(idr.url)
    person.until_status("Type a gene")

    assert person.rows() == []
    assert "search engine" in person.text("idr_abilities")
    person.search("CDC20")
    assert "34 images" in person.status


def test_a_lost_server_can_be_left_for_a_good_one(
    person: Person, classic: demo.Archive
) -> None:
    person.connect_to("http://127.0.0.1:9")
    person.until_status(CANNOT_BE_REACHED)

    person.connect_to(classic.url)
    person.until_status("Type a gene")

    person.search("CDC20")
    assert "34 images" in person.status


# What a server has


def test_a_plate_that_has_gone_is_named(person: Person, classic: demo.Archive) -> None:
    person.search("CDC20")
    person.open(MITOSIS)
    classic.faults.answer_next(404, times=-1, match="plates/7101/")

    person.select(MITOSIS, "DM0001_01")

    assert "has no plate 7101" in person.until_status("has no plate")


def test_an_empty_plate_says_so_and_cannot_be_shown(person: Person) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_status("studies")
    person.open(MITOSIS)

    person.select(MITOSIS, "DM0003 (no wells)")

    assert person.text("idr_plate_notes") == "This plate has no images."
    assert not person.find("idr_show_plate").isEnabled()


def test_an_image_without_pixels_says_so(person: Person) -> None:
    kinds = "kinds of image [8 bit, float & RGB]"
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_status("studies")
    person.open(TISSUE)
    person.open(TISSUE, kinds)

    person.click_line(TISSUE, kinds, "a name without pixels", double=True)

    assert person.until_status("This image can't be shown")
    assert not person.viewer.layers


# Each row of the table of errors


def drop(archive: demo.Archive, path: str) -> None:
    archive.faults.drop(path)


def refuse(archive: demo.Archive, path: str) -> None:
    archive.faults.answer_next(403, times=-1, match=path)


def lose(archive: demo.Archive, path: str) -> None:
    archive.faults.answer_next(404, times=-1, match=path)


def hurry(archive: demo.Archive, path: str) -> None:
    archive.faults.retry_after(0.1, times=-1, match=path)


def crash(archive: demo.Archive, path: str) -> None:
    archive.faults.answer_next(500, times=-1, match=path)


def be_busy(archive: demo.Archive, path: str) -> None:
    archive.faults.answer_next(503, times=-1, match=path)


def change_type(archive: demo.Archive, path: str) -> None:
    archive.faults.wrong_type(path)


def cut_short(archive: demo.Archive, path: str) -> None:
    archive.faults.truncate(path)


def lie(archive: demo.Archive, path: str) -> None:
    archive.faults.answer_next(
        200, times=-1, match=path, body='{"grid": 7}', content_type="application/json"
    )


@pytest.mark.parametrize(
    ("fault", "sentence", "can_retry"),
    [
        (drop, "broke off before its answer was whole", True),
        (refuse, "refused the request (403)", False),
        (lose, "has no plate 7202", False),
        (hurry, "asked us to slow down", True),
        (crash, "has a problem of its own. Try again later", True),
        (be_busy, "has a problem of its own. Try again later", True),
        (change_type, IS_A_PAGE, True),
        (cut_short, "", True),
        (lie, CANNOT_BE_READ, False),
    ],
)
def test_each_failure_has_its_sentence(
    person: Person,
    classic: demo.Archive,
    fault: Callable[[demo.Archive, str], None],
    sentence: str,
    can_retry: bool,
) -> None:
    person.find_plate("CDC20", KINOME, "KN384-02")
    fault(classic, "/webgateway/plate/7202")

    person.show_plate()

    assert sentence in person.status
    assert person.status.startswith("The server")
    assert person.find("idr_retry").isHidden() is not can_retry
    assert not person.viewer.layers
    classic.faults.clear()
    person.search("CDC20")
    assert "34 images" in person.status


def test_a_slow_server_is_called_slow(
    person: Person, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", impatient())
    classic.faults.delay("mapr/api/gene", 3000)

    person.search("CDC20")

    assert "is slow to answer. Try again in a minute" in person.status


def impatient() -> Callable[..., object]:
    """Return requests' own way to send, but with a timeout of a moment."""
    send = HTTPAdapter.send

    def send_soon(*args: object, **more: object) -> object:
        return send(*args, **{**more, "timeout": 0.3})

    return send_soon


# The network goes


def test_a_network_that_goes_midway_leaves_what_came(
    make_person: MakePerson,
) -> None:
    with demo.serve(thumbnail_ms=60) as archive:
        person = make_person(archive.url)
        person.find_plate("CDC20", KINOME, "KN384-02")
        person.click("idr_show_plate")
        person.until(lambda: len(archive.requests.matching("get_thumbnails")) >= 5)

    person.until_idle()

    assert person.viewer.layers["KN384-02, field 1"]
    assert "of 384 thumbnails are here" in person.status
    assert CANNOT_BE_REACHED in person.status
    assert person.find("idr_retry").isVisible()  # type: ignore[attr-defined]
    person.search("PLK1")
    assert IS_OFFLINE in person.status
    person.search("CDC20")  # it was seen before
    assert KINOME in person.rows()


def test_thumbnails_that_did_not_come_come_on_retry(
    person: Person, classic: demo.Archive
) -> None:
    person.find_plate("CDC20", KINOME, "KN384-02")
    classic.faults.retry_after(60, status=503, times=2, match="get_thumbnails")
    person.click("idr_show_plate")
    person.until_idle()
    asked = classic.requests.matching("get_thumbnails")
    came = thumbnails_in(one for one in asked if one.status == 200)
    missing = thumbnails_in(asked) - came

    assert "of 384 thumbnails are here; none came for" in person.status
    assert "a problem of its own" in person.status
    person.click("idr_retry")
    person.until_idle()

    # One well of the plate has none.
    assert "383 of 384 thumbnails are here; none came for J15." in person.status
    asked_again = classic.requests.matching("get_thumbnails")[len(asked) :]
    again = thumbnails_in(asked_again)
    assert missing <= again
    # A batch that came tells which of its wells have none: only they are asked again.
    images = classic.world.images
    assert all(not images[int(one)].has_thumbnail for one in again - missing)
    counted = [one for request in asked_again for one in ids_of(request)]
    assert len(counted) == len(again)


def ids_of(request: LoggedRequest) -> list[str]:
    """Return the ids of the images whose thumbnails a request asks for."""
    return parse_qs(request.query)["id"]


def thumbnails_in(requests: Iterable[LoggedRequest]) -> set[str]:
    """Return the ids of the images whose thumbnails were asked for."""
    return {one for request in requests for one in ids_of(request)}


@pytest.mark.parametrize("later", ["annotations", "/plates/"])
def test_what_failed_stays_in_sight_while_something_else_ends(
    person: Person, classic: demo.Archive, later: str
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_status("of", "studies")
    classic.faults.delay(later, 1000, times=FOREVER)  # either may be the last to end
    classic.faults.answer_next(500, times=-1, match="/plates/")

    person.open(COMPOUND)

    assert "a problem of its own" in person.status


def test_a_study_that_cannot_be_opened_says_why_and_can_be_tried_again(
    person: Person, classic: demo.Archive
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_status("studies")
    classic.faults.answer_next(500, times=-1, match="/plates/")

    below = person.open(COMPOUND)
    assert "a problem of its own" in person.rows(below)[0]
    assert "a problem of its own" in person.status

    classic.faults.clear()
    person.tree.collapse(person.line(COMPOUND))
    below = person.open(COMPOUND)
    assert len(person.rows(below)) == 1
    assert "problem" not in person.rows(below)[0]
