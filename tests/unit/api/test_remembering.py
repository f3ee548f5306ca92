"""Only what was read whole and understood is remembered, whatever asks for it."""

from __future__ import annotations

import base64
import io
import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow

from napari_idr import IDRClient
from napari_idr.api.cache_rules import KEEP_RULES
from napari_idr.api.json_client import JsonClient
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError, ResponseFormatError
from napari_idr.model import DatasetId, ImageId, PlateId, ProjectId, ScreenId, WellId
from napari_idr.transport import AnswerStore, CachingTransport, Request, Response

SCREEN = ScreenId(3102)


class Spoiling:
    """Passes answers on, and spoils those to one path as long as it is told to."""

    def __init__(self, inner) -> None:
        self._inner = inner
        self.asked: list[Request] = []
        self.path = ""
        self.spoil = None

    def send(self, request, *, cancel):
        response = self._inner.send(request, cancel=cancel)
        self.asked.append(request)
        if self.spoil is None or not re.match(self.path, request.path):
            return response
        headers = {"content-type": "application/json"}
        return replace(response, headers=headers, body=self.spoil(response.body))

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def server(routes):
    return Spoiling(routes)


@pytest.fixture
def new_client(routes, server, tmp_path):
    """Make clients that remember in one directory."""
    made = []

    def make() -> IDRClient:
        transport = CachingTransport(
            server, address=routes.url, store=AnswerStore(tmp_path), rules=KEEP_RULES
        )
        made.append(IDRClient(routes.url, transport=transport))
        return made[-1]

    yield make
    for client in made:
        client.close()


KNOWN = {
    "project": ProjectId(3101),
    "dataset": DatasetId(8102),
    "plate": PlateId(7101),
    "image": ImageId(1900001),
    "well": WellId(600001),
    "rois": ImageId(9203),
}
"""Objects of the demo archive."""

ASKS = {
    "screens": ("api/v0/m/screens/$", lambda c: c.studies()),
    "projects": ("api/v0/m/projects/$", lambda c: c.studies()),
    "plates": ("webclient/api/plates/", lambda c: c.plates(SCREEN)),
    "datasets": ("webclient/api/datasets/", lambda c: c.datasets(KNOWN["project"])),
    "images": ("webclient/api/images/", lambda c: c.images(KNOWN["dataset"])),
    "plate": (r"api/v0/m/plates/\d+/$", lambda c: c.plate(KNOWN["plate"])),
    "runs": (".*/plateacquisitions/", lambda c: c.runs(KNOWN["plate"])),
    "grid": ("webgateway/plate/", lambda c: c.plate_grid(KNOWN["plate"])),
    "image": (r"api/v0/m/images/\d+/$", lambda c: c.image(KNOWN["image"])),
    "display": ("(iviewer|webclient/imgData)", lambda c: c.image(KNOWN["image"])),
    "rois": (".*/rois/", lambda c: c.rois(KNOWN["rois"])),
    "pairs": (
        "webclient/api/annotations/",
        lambda c: list(c.map_annotations(well=KNOWN["well"])),
    ),
    "files": (
        "webclient/api/annotations/",
        lambda c: list(c.file_annotations(screen=SCREEN)),
    ),
    "table": ("webgateway/table/", lambda c: c.table(plate=KNOWN["plate"])),
    "thumbnails": (
        "webgateway/get_thumbnails/",
        lambda c: [
            (i, p if isinstance(p, IDRError) else p.tolist())
            for i, p in c.thumbnails([KNOWN["image"]])
        ],
    ),
    "larger thumbnails": (
        "webgateway/get_thumbnails/192/",
        lambda c: [
            (i, p if isinstance(p, IDRError) else p.tolist())
            for i, p in c.thumbnails([KNOWN["image"]], size=192)
        ],
    ),
}

POISONS = {
    "page": lambda body: b"<!DOCTYPE html><title>Please sign in</title>",
    "cut": lambda body: body[: len(body) // 2],
    "number": lambda body: b"7",
    "list": lambda body: b"[1, 2]",
    "empty object": lambda body: b"{}",
    "members null": lambda body: json.dumps(
        dict.fromkeys(json.loads(body), None)
    ).encode(),
    "members numbers": lambda body: json.dumps(
        dict.fromkeys(json.loads(body), 7)
    ).encode(),
    "failure": lambda body: b'{"error": "a traceback"}',
}


SLOW = "larger thumbnails"
"""The demo archive draws them anew each time."""


@pytest.mark.parametrize(
    ("name", "poison"),
    [
        (name, poison)
        for name in ASKS
        for poison in POISONS
        if name != SLOW or poison in ("page", "members null")
    ],
)
def test_what_cant_be_read_isnt_remembered(server, new_client, name, poison):
    path, ask = ASKS[name]
    clean = IDRClient("http://127.0.0.1", transport=server)
    due = ask(clean)
    client = new_client()
    server.path, server.spoil = path, POISONS[poison]
    with suppress(IDRError):
        ask(client)
    server.spoil = None

    assert ask(client) == due
    assert ask(new_client()) == due


@pytest.mark.parametrize("name", ASKS)
def test_what_can_be_read_is_remembered(server, new_client, name):
    path, ask = ASKS[name]
    due = ask(new_client())
    server.asked.clear()

    assert ask(new_client()) == due
    again = [one.path for one in server.asked if re.match(path, one.path)]
    assert again == []


def picture(width: int, height: int, *, kind: str = "JPEG") -> str:
    data = io.BytesIO()
    Pillow.new("RGB", (width, height), "red").save(data, kind)
    coded = base64.b64encode(data.getvalue()).decode()
    return f"data:image/jpeg;base64,{coded}"


THUMBNAILS = {
    "null": None,
    "number": 7,
    "empty": "",
    "no base64": "data:image/jpeg;base64,%%%",
    "cut": picture(96, 64)[:300],
    "too large": picture(960, 640),
    "too small": picture(24, 16),
    "placeholder": picture(96, 64, kind="PNG"),
}


@pytest.mark.parametrize("bad", THUMBNAILS)
def test_a_bad_thumbnail_isnt_remembered(server, new_client, bad):
    _, ask = ASKS["thumbnails"]
    due = ask(IDRClient("http://127.0.0.1", transport=server))
    server.path = "webgateway/get_thumbnails/"
    server.spoil = lambda body: json.dumps(
        dict.fromkeys(json.loads(body), THUMBNAILS[bad])
    ).encode()
    client = new_client()
    ask(client)
    server.spoil = None

    assert ask(client) == due
    assert ask(new_client()) == due


class Changing:
    """Answers as it is told."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.asked = 0

    def send(self, request, *, cancel):
        self.asked += 1
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        headers = {"content-type": "application/json"}
        return Response(url="x", status=200, headers=headers, body=body)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def asking(tmp_path):
    stores = []

    def make(inner) -> JsonClient:
        stores.append(AnswerStore(tmp_path))
        return JsonClient(
            CachingTransport(inner, address="x", store=stores[-1], rules=KEEP_RULES)
        )

    yield make
    for store in stores:
        store.close()


PATH = "api/v0/m/plates/1/"


def read(ask, key):
    return ask.read(PATH, reader=lambda node: node.get(key, int), cancel=NEVER)


def test_a_remembered_answer_that_cant_be_read_is_asked_for_once_anew(asking):
    server = Changing(b'{"a": 1}', b'{"a": 2, "b": 3}')
    ask = asking(server)
    assert read(ask, "a") == 1

    assert read(ask, "b") == 3

    assert server.asked == 2
    assert (read(ask, "b"), read(ask, "a"), server.asked) == (3, 2, 2)


def test_one_that_comes_anew_and_cant_be_read_either_is_an_error(asking):
    server = Changing(b'{"a": 1}')
    ask = asking(server)
    read(ask, "a")

    with pytest.raises(ResponseFormatError, match="'b' is missing"):
        read(ask, "b")

    assert server.asked == 2
    with pytest.raises(ResponseFormatError):  # neither is remembered
        read(ask, "b")
    assert server.asked == 3


def test_an_error_of_the_program_keeps_nothing(asking):
    server = Changing(b'{"a": 1}')
    ask = asking(server)

    def stumble(node):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask.read(PATH, reader=stumble, cancel=NEVER)

    read(ask, "a")
    assert server.asked == 2


def test_what_was_passed_over_isnt_remembered(asking):
    server = Changing(b'{"a": "odd"}', b'{"a": 1}')
    ask = asking(server)

    def find():
        return ask.read(PATH, reader=lambda node: node.find("a", int), cancel=NEVER)

    assert [find(), find(), find()] == [None, 1, 1]
    assert server.asked == 2


def test_what_isnt_read_by_a_reader_is_neither_used_nor_remembered(asking):
    server = Changing(b'{"a": 1}', b'{"a": 2}', b'{"a": 3}')
    ask = asking(server)

    first = ask.json(PATH, cancel=NEVER).get("a", int)

    assert (first, read(ask, "a"), read(ask, "a")) == (1, 2, 2)
    assert ask.json(PATH, cancel=NEVER).get("a", int) == 3


def test_no_code_goes_round_the_reader():
    """Requests are sent by the JSON client, but for objects and files.

    These are no answers in JSON; of files none is kept.
    """
    api = Path(__file__).parents[3] / "src" / "napari_idr" / "api"
    users = {
        file.relative_to(api).as_posix()
        for file in api.rglob("*.py")
        if re.search(r"\.send\(|\.keep\(\)", file.read_text("utf-8"))
    }

    assert users == {"json_client.py", "original_files.py", "zarr/store.py"}
