"""What a client is given by mistake is refused with a sentence, and nothing is sent."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import napari_idr
from napari_idr import IDRClient, IDRError
from napari_idr.model import Image, ImageId, ImageRef, Plate, PlateId

if TYPE_CHECKING:
    from napari_idr import demo
    from napari_idr.transport import Request, Response

IMAGE, PLATE = 9203, 7101

RECORDS = (
    Plate(id=PlateId(PLATE), name="a plate"),
    ImageRef(image_id=ImageId(IMAGE)),
)
WRONG = (
    *(None, -1, 0, 10**30, float("nan"), 1.5, True, "image-1", "", b"x", [], {"a": 1}),
    *RECORDS,
)

IDS = {
    "screen_id": "screen",
    "plate_id": "plate",
    "dataset_id": "dataset",
    "project_id": "project",
    "image_id": "image",
    "well_id": "well",
}

FITTING: dict[str, Any] = {
    **dict.fromkeys(IDS, 1),
    "key": "gene",
    "value": "CDC20",
    "text": "CDC",
    "kind": "image",
    "number": 1,
    "c": 0,
    "image_ids": [1],
    "shape_ids": [1],
    "directory": ".",
    "function": len,
}


class Silent:
    """A transport that answers nothing and counts what is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def send(self, request: Request, *, cancel: object) -> Response:
        self.asked += 1
        raise IDRError("nothing is answered")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest.fixture
def client(silent: Silent) -> IDRClient:
    return IDRClient("127.0.0.1:9", transport=silent)  # type: ignore[arg-type]


def methods() -> list[str]:
    return [
        name
        for name, method in inspect.getmembers(IDRClient, inspect.isfunction)
        if not name.startswith("_") and len(inspect.signature(method).parameters) > 2
    ]


def needed(method: Any, but: str) -> dict[str, Any]:
    """Return fitting arguments for all that a method needs, but for one."""
    return {
        name: FITTING.get(name)
        for name, one in inspect.signature(method).parameters.items()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD and name != but
    }


def calls() -> Iterator[tuple[str, str]]:
    for name in methods():
        for one in inspect.signature(getattr(IDRClient, name)).parameters.values():
            if one.kind is one.VAR_KEYWORD:
                yield from ((name, kind) for kind in ("image", "plate", "screen"))
            elif one.name != "self":
                yield name, one.name


@pytest.mark.parametrize(("name", "argument"), list(calls()))
def test_whatever_is_given_only_sentences_leave_a_client(
    client: IDRClient, name: str, argument: str
) -> None:
    method = getattr(client, name)

    for wrong in WRONG:
        given = {**needed(method, argument), argument: wrong}
        try:
            answer = method(**given)
            if isinstance(answer, Iterator):
                with closing(answer):  # type: ignore[type-var]
                    list(islice(answer, 2))
        except (IDRError, OSError):
            continue
        except (TypeError, ValueError) as error:
            sentence = str(error)
            assert "' object " not in sentence, sentence
            assert "instances of" not in sentence, sentence
            assert "PixelRegion" not in sentence, sentence


@pytest.mark.parametrize("wrong", [None, 1.5, True, "image-1", "-9203", "٣", *RECORDS])
def test_what_is_no_id_is_refused_before_anything_is_sent(
    client: IDRClient, silent: Silent, wrong: object
) -> None:
    for name in methods():
        method = getattr(client, name)
        for argument in inspect.signature(method).parameters.keys() & IDS.keys():
            if wrong is None and name.startswith(("search_", "facets")):
                continue  # everywhere
            with pytest.raises(TypeError, match=f"{argument} takes the id of an? "):
                method(**{**needed(method, argument), argument: wrong})

    assert silent.asked == 0


@pytest.mark.parametrize("ids", [[1, "x2"], ["image-1"], [1.0], "12", 5, {"x": 2}])
def test_so_is_what_is_none_among_several(
    client: IDRClient, silent: Silent, ids: Any
) -> None:
    with pytest.raises(TypeError, match="image_ids takes several, each the id of an"):
        client.thumbnails(ids)
    with pytest.raises(TypeError, match=r"^image takes"):
        client.map_annotations(image="image-5" if ids in (5, "12") else ids)
    # What an iterator brings is looked at as it comes.
    with pytest.raises(TypeError, match="each the id of a shape"):
        list(client.masks(iter([f"x{ids}"])))  # type: ignore[list-item]

    assert silent.asked == 0


@pytest.mark.parametrize(
    ("record", "hint"), [(RECORDS[0], "id"), (RECORDS[1], "image_id")]
)
def test_of_a_record_it_is_said_where_its_id_is(
    client: IDRClient, record: Any, hint: str
) -> None:
    with pytest.raises(TypeError, match=f"not an? [A-Z].*; give its `{hint}`"):
        client.plane(record, c=0)


def test_a_reading_of_the_sentence(client: IDRClient) -> None:
    with pytest.raises(TypeError) as caught:
        client.plane(RECORDS[1], c=0)  # type: ignore[arg-type]

    assert str(caught.value) == (
        "image_id takes the id of an image, a whole number, not an ImageRef; "
        "give its `image_id`"
    )


def test_numbers_of_numpy_and_of_files_are_ids(archive: demo.Archive) -> None:
    with IDRClient(archive.url, cache=False) as client:
        image = client.image(np.int64(IMAGE))  # type: ignore[arg-type]
        assert client.image(str(IMAGE)) == image  # type: ignore[arg-type]
        found = list(client.thumbnails(np.array([IMAGE])))  # type: ignore[arg-type]
        assert client.annotations(image=np.array([IMAGE])) is not None

    assert image.id == IMAGE
    assert type(image.id) is int
    assert [one for one, _ in found] == [IMAGE]


def test_the_methods_are_still_told_as_they_are_written() -> None:
    parameters = inspect.signature(IDRClient.plane).parameters

    assert list(parameters) == ["self", "image_id", "c", "z", "t", "cancel"]
    assert "Return one plane" in (IDRClient.plane.__doc__ or "")
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument"):
        IDRClient("127.0.0.1").plane(1)  # type: ignore[call-arg, arg-type]


@pytest.mark.parametrize(
    "view",
    [
        *({"field": wrong} for wrong in ("1", True, 1.5, [])),
        *({"run": wrong} for wrong in ("1", True, float("nan"))),
        *({"wells": wrong} for wrong in (None, 5, b"C4", ["C4", 5])),
        *({"server": wrong} for wrong in (5, True, b"x", [])),
        *({"style": wrong} for wrong in (None, 5, [])),
    ],
)
def test_a_view_takes_what_it_says(view: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(view))} takes"):
        napari_idr.open(None, "plate-422", **view)


@pytest.mark.parametrize("session", [None, 5, True, b"x", [], {}])
def test_a_session_is_opened_by_its_path_or_record(session: Any) -> None:
    with pytest.raises(TypeError, match="session takes a text or a path, not"):
        napari_idr.open_session(None, session)


@pytest.mark.parametrize("style", [None, 5, [], {}])
def test_a_citation_has_a_style_that_there_is(style: Any) -> None:
    with pytest.raises(ValueError, match="a style of citations is one of text"):
        napari_idr.cite({"server": "https://idr.openmicroscopy.org"}, style)


@pytest.mark.parametrize("axis", ["c", "z", "t"])
@pytest.mark.parametrize("number", [-1, 10**9])
def test_a_plane_that_there_is_none_of_says_which_there_are(
    archive: demo.Archive, axis: str, number: int
) -> None:
    asked = {"c": 0, axis: number}
    with IDRClient(archive.url, cache=False) as client:
        image: Image = client.image(ImageId(IMAGE))
        size = getattr(image, f"size_{axis}")
        there = f"0 to {size - 1}" if size > 1 else "0"
        sentence = f"{axis} {number} isn't within image {IMAGE}, where it is {there}"

        with pytest.raises(ValueError, match=sentence):
            client.plane(image.id, **asked)
        del asked["c"]
        if asked:
            with pytest.raises(ValueError, match=sentence):
                client.rendered(image.id, **asked)


@pytest.mark.parametrize(
    "given",
    [{"timeout_s": float("nan")}, {"timeout_s": "30"}, {"at_once": 1.5}, {"cache": 3}],
)
def test_a_client_is_not_made_of_what_fits_nothing(given: Any) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(given))} takes"):
        IDRClient("127.0.0.1", **given)
