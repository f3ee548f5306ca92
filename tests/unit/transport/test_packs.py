"""Packs: whole or not there, read with suspicion, and never asked beside."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    NotKeptError,
    PackError,
    ResponseFormatError,
)
from napari_idr.transport import (
    AnswerStore,
    ByteRange,
    KeepRule,
    OfflineTransport,
    Pack,
    PackDraft,
    PackInfo,
    PackTransport,
    Reach,
    RecordingTransport,
    Request,
    Response,
)
from napari_idr.transport._cache import question_key
from napari_idr.transport._packs import PackShelf
from napari_idr.transport._reach import ASK_AGAIN_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDRESS = "http://idr.example"
INFO = PackInfo(title="A plate", server=ADDRESS, made=1.8e9, holds={"plate": (7,)})

KILLS = 20


def answer(path: str, body: bytes = b"{}", status: int = 200) -> Response:
    return Response(
        url=f"{ADDRESS}/{path}",
        status=status,
        headers={"content-type": "application/json"},
        body=body,
    )


def asked(path: str, **more: Any) -> Request:
    return Request(path=path, **more)


def make(folder: Path, count: int = 3, name: str = "a.idrpack") -> Path:
    """Return a pack of so many answers to the questions "0", "1" ..."""
    path = folder / name
    with PackDraft(folder / "a.draft") as draft:
        for number in range(count):
            key = question_key(ADDRESS, asked(f"{number}"))
            body = b"%d" % number * 1000
            draft.put(key, answer(f"{number}", body), stored=1.7e9)
        draft.write_pack(path, INFO, cancel=NEVER)
    return path


def test_a_pack_has_what_was_put_into_it(tmp_path: Path) -> None:
    with Pack(make(tmp_path)) as pack:
        pack.check(cancel=NEVER)
        found = pack.find(question_key(ADDRESS, asked("1")))

        assert pack.info == INFO
        assert found == answer("1", b"1" * 1000)
        assert found is not None
        assert found.stored == 1.7e9
        assert pack.find(question_key(ADDRESS, asked("9"))) is None


def test_equal_answers_make_equal_packs(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()

    assert make(tmp_path).read_bytes() == make(tmp_path / "b").read_bytes()


def test_nobody_is_asked_for_what_is_not_in_a_pack(tmp_path: Path) -> None:
    transport = PackTransport(Pack(make(tmp_path)))

    with pytest.raises(NotKeptError) as caught:
        transport.send(asked("9"), cancel=NEVER)
    with pytest.raises(NotKeptError):
        transport.send(asked("1", origin="http://store.example"), cancel=NEVER)
    with pytest.raises(ResponseFormatError):
        transport.send(asked("1", max_bytes=10), cancel=NEVER)

    assert caught.value.pack == "A plate"
    transport.close()


def test_a_pack_is_not_written_when_it_is_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with PackDraft(tmp_path / "a.draft") as draft:
        draft.put("0" * 64, answer("0"), stored=0.0)

        with pytest.raises(Cancelled):
            draft.write_pack(tmp_path / "a.idrpack", INFO, cancel=token)

    assert {one.name for one in tmp_path.iterdir()} == {"a.draft"}


def test_a_draft_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "a.draft").write_bytes(b"no draft" * 1000)

    with PackDraft(tmp_path / "a.draft") as draft:
        assert len(draft) == 0
        draft.put("0" * 64, answer("0"), stored=0.0)
        assert draft.find("0" * 64) == answer("0")


def test_where_nothing_can_be_written_an_error_of_ours_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(PackError, match="can't be written"):
        PackDraft(tmp_path / "file" / "a.draft")


# Packs made to do harm


def rewritten(
    path: Path,
    change: Callable[[dict[str, Any]], object] = lambda index: None,
    *,
    bodies: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
    hash_of_index: str | None = None,
) -> Path:
    """Write a pack again with another index, further files, or a wrong hash."""
    with zipfile.ZipFile(path) as pack:
        files = {name: pack.read(name) for name in pack.namelist()}
    index = json.loads(files["pack.json"])
    change(index)
    files["pack.json"] = json.dumps(index).encode()
    told = hash_of_index or hashlib.sha256(files["pack.json"]).hexdigest()
    files["pack.sha256"] = told.encode()
    files |= bodies or {}
    with zipfile.ZipFile(path, "w", compression) as pack:
        for name, body in files.items():
            pack.writestr(name, body)
    return path


def refused(path: Path) -> str:
    with pytest.raises(PackError) as caught, Pack(path) as pack:
        pack.check(cancel=NEVER)
    return str(caught.value)


def test_a_pack_written_again_as_it_was_is_read(tmp_path: Path) -> None:
    with Pack(rewritten(make(tmp_path))) as pack:
        pack.check(cancel=NEVER)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "answers/../x", "answers/x", "C:\\x", "x.py"],
)
def test_names_that_do_not_belong_in_a_pack_are_refused(
    tmp_path: Path, name: str
) -> None:
    path = rewritten(make(tmp_path), bodies={name: b"x"})

    assert "don't belong there" in refused(path)


def test_what_is_compressed_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = {f"answers/{'0' * 64}": bytes(50_000_000)}
    path = rewritten(make(tmp_path), bodies=bomb, compression=zipfile.ZIP_DEFLATED)

    assert path.stat().st_size < 100_000
    assert "compressed" in refused(path)


def change_all(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    def change(index: dict[str, Any]) -> None:
        for one in index["answers"]:
            one[name] = value

    return change


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "size": change_all("size", 999),
    "huge size": change_all("size", 2**60),
    "negative size": change_all("size", -1),
    "status": change_all("status", 99999),
    "status of text": change_all("status", "200"),
    "url": change_all("url", "x" * 10_000),
    "no url": change_all("url", None),
    "headers": change_all("headers", {"set-cookie": "a=b"}),
    "header of numbers": change_all("headers", {"location": 5}),
    "key": change_all("key", "../x"),
    "hash": change_all("sha256", "0" * 64),
    "hash as a path": change_all("sha256", "../../x"),
    "time": change_all("stored", 1e300),
    "no answers": lambda index: index.update(answers=5),
    "answers of text": lambda index: index.update(answers=["x"]),
    "server": lambda index: index.update(server="file:///etc/passwd"),
    "server with a password": lambda index: index.update(server="http://a:b@c"),
    "title": lambda index: index.update(title="x" * 1000),
    "title of numbers": lambda index: index.update(title=5),
    "holds": lambda index: index.update(holds={"plate": ["x"]}),
    "made": lambda index: index.update(made="today"),
    "no version": lambda index: index.pop("version"),
    "format": lambda index: index.update(format="another"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_index_that_makes_no_sense_is_refused(tmp_path: Path, what: str) -> None:
    assert refused(rewritten(make(tmp_path), CHANGES[what]))


def test_a_newer_pack_says_that_it_is_newer(tmp_path: Path) -> None:
    path = rewritten(make(tmp_path), lambda index: index.update(version=99, made=[]))

    assert "newer version" in refused(path)


def test_wrong_hashes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    wrong_index = rewritten(make(tmp_path), hash_of_index="0" * 64)
    body = b"1" * 1000
    name = f"answers/{hashlib.sha256(body).hexdigest()}"
    wrong_body = rewritten(make(tmp_path / "b"), bodies={name: b"2" * 1000})

    assert "hash" in refused(wrong_index)
    assert "hash" in refused(wrong_body)
    with Pack(wrong_body) as pack, pytest.raises(PackError, match="hash"):
        pack.find(question_key(ADDRESS, asked("1")))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"x" * 5000, b"PK\x05\x06" + bytes(18), b"PK\x05\x06" + b"\xff" * 18],
)
def test_what_is_no_pack_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.idrpack"
    path.write_bytes(content)

    assert refused(path)


def test_a_directory_of_many_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = make(tmp_path)
    content = bytearray(path.read_bytes())
    content[-10:-6] = (2**31).to_bytes(4, "little")  # the size of the directory
    path.write_bytes(content)

    assert "too much" in refused(path)


def test_a_folder_and_a_pipe_are_no_packs(tmp_path: Path) -> None:
    (tmp_path / "a.idrpack").mkdir()
    assert refused(tmp_path / "a.idrpack")
    assert refused(tmp_path / "none.idrpack")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "b.idrpack")
        assert refused(tmp_path / "b.idrpack")


def test_no_flipped_byte_and_no_cut_gives_a_wrong_answer(tmp_path: Path) -> None:
    whole = make(tmp_path).read_bytes()
    path = tmp_path / "b.idrpack"
    chosen = random.Random(12)

    for turn in range(300):
        broken = bytearray(whole)
        if turn % 3 == 0:
            del broken[chosen.randrange(len(whole)) :]
        else:
            broken[chosen.randrange(len(whole))] ^= chosen.randrange(1, 256)
        path.write_bytes(broken)
        try:
            with Pack(path) as pack:
                for number in range(3):
                    found = pack.find(question_key(ADDRESS, asked(f"{number}")))
                    due = answer(f"{number}", b"%d" % number * 1000)
                    assert found is None or found == due, turn
        except PackError:
            pass


# Writing that is killed

WRITE = """
import sys
from pathlib import Path
from napari_idr.cancel import NEVER
from napari_idr.transport import PackDraft, PackInfo, Response
folder = Path(sys.argv[1])
info = PackInfo(title="A plate", server="http://idr.example", made=1.8e9, holds={})
with PackDraft(folder / "a.draft") as draft:
    for number in range(200):
        body = b"%d" % number * 9999
        response = Response(url="http://idr.example/", status=200, body=body)
        draft.put(f"{number:064x}", response, stored=0.0)
    print("ready", flush=True)
    while True:
        draft.write_pack(folder / "a.idrpack", info, cancel=NEVER)
"""


def test_a_writer_that_is_killed_leaves_a_whole_pack_or_none(tmp_path: Path) -> None:
    chosen = random.Random(20)
    whole = 0

    for turn in range(KILLS):
        if turn % 2:  # none is there yet in half of the turns
            (tmp_path / "a.idrpack").unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chosen.random() * 0.1)
        finally:
            process.send_signal(
                signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM
            )
            process.wait(60)
            process.stdout.close()

        if (tmp_path / "a.idrpack").exists():
            whole += 1
            with Pack(tmp_path / "a.idrpack") as pack:
                pack.check(cancel=NEVER)
                assert len(pack) == 200
        with PackDraft(tmp_path / "a.draft") as draft:  # and it can be gone on with
            assert len(draft) == 200
    assert whole


# Recording


class Server:
    """Answers each question with its path, or as if nobody were there."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_there = True
        self.status = 200

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request.path)
        if not self.is_there:
            raise ConnectionFailedError("no answer came", nobody=True)
        return answer(request.path, request.path.encode(), self.status)

    def stream(self, request: Request, *, cancel: CancelToken) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


def test_what_was_understood_is_recorded_and_not_asked_again(tmp_path: Path) -> None:
    server = Server()
    with PackDraft(tmp_path / "a.draft") as draft:
        transport = RecordingTransport(server, address=ADDRESS, draft=draft)

        transport.send(asked("understood"), cancel=NEVER).keep()
        transport.send(asked("odd"), cancel=NEVER).set_aside()
        transport.send(asked("not understood"), cancel=NEVER)
        for path in ("understood", "odd", "not understood"):
            transport.send(asked(path, fresh=True), cancel=NEVER)

    assert server.asked == ["understood", "odd", "not understood", "not understood"]


# A server that goes and comes back

RULES = (KeepRule(path=re.compile("always"), keep_s=0.0, any_answer=True),)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def transport(tmp_path: Path, server: Server, clock: Clock) -> OfflineTransport:
    return OfflineTransport(
        server,
        address=ADDRESS,
        stores=(
            AnswerStore(tmp_path),
            AnswerStore(tmp_path, file_name="pixels.sqlite"),
        ),
        rules=RULES,
        shelf=PackShelf(tmp_path / "packs", ADDRESS),
        reach=Reach(clock),
    )


def test_an_answer_stands_in_for_a_server_that_has_gone(
    transport: OfflineTransport, server: Server
) -> None:
    transport.send(asked("always"), cancel=NEVER).keep()
    server.is_there = False

    found = transport.send(asked("always"), cancel=NEVER)

    assert found.body == b"always"
    assert found.stored is not None
    offline = transport.reach.offline
    assert offline is not None
    assert offline.oldest == offline.newest == found.stored
    transport.close()


def test_an_absent_server_is_asked_once_in_a_while(
    transport: OfflineTransport, server: Server, clock: Clock
) -> None:
    server.is_there = False
    with pytest.raises(ConnectionFailedError, match="no answer"):
        transport.send(asked("always"), cancel=NEVER)
    for _ in range(5):
        with pytest.raises(NotKeptError):
            transport.send(asked("always"), cancel=NEVER)
    assert len(server.asked) == 1

    clock.now += ASK_AGAIN_S
    server.is_there = True

    assert transport.send(asked("always"), cancel=NEVER).body == b"always"
    assert transport.reach.offline is None
    transport.close()


def test_a_refusal_is_kept_as_it_is_and_a_failure_is_not(
    transport: OfflineTransport, server: Server
) -> None:
    server.status = 404
    transport.send(asked("always"), cancel=NEVER).keep()
    server.status = 503
    transport.send(asked("always/2"), cancel=NEVER).keep()
    server.is_there = False

    assert transport.send(asked("always"), cancel=NEVER).status == 404
    with pytest.raises(NotKeptError):
        transport.send(asked("always/2"), cancel=NEVER)
    transport.close()


def test_parts_of_objects_are_told_apart(
    transport: OfflineTransport, server: Server
) -> None:
    store = "http://store.example"
    whole = asked("chunk", origin=store)
    part = asked("chunk", origin=store, byte_range=ByteRange(0, 4))
    transport.send(whole, cancel=NEVER).keep()
    server.is_there = False

    assert transport.send(whole, cancel=NEVER).body == b"chunk"
    with pytest.raises(NotKeptError):
        transport.send(part, cancel=NEVER)
    assert transport.reach.offline is None  # the archive may well be there
    transport.close()


def test_a_server_that_answers_badly_is_not_absent(
    transport: OfflineTransport, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport.send(asked("always"), cancel=NEVER).keep()

    def broken(*_: object, **__: object) -> Response:
        raise ConnectionFailedError("it broke off")

    monkeypatch.setattr(server, "send", broken)

    with pytest.raises(ConnectionFailedError, match="broke off"):
        transport.send(asked("always"), cancel=NEVER)
    assert transport.reach.offline is None
    transport.close()


def test_packs_of_the_server_stand_in_and_others_do_not(
    transport: OfflineTransport, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "packs").mkdir()
    make(tmp_path, name="packs/a.idrpack")
    (tmp_path / "packs" / "broken.idrpack").write_bytes(b"x" * 100)
    rewritten(
        make(tmp_path, 5, name="packs/other.idrpack"),
        lambda index: index.update(server="http://other.example"),
    )
    server.is_there = False

    assert transport.send(asked("1"), cancel=NEVER).body == b"1" * 1000
    with pytest.raises(NotKeptError):
        transport.send(asked("4"), cancel=NEVER)
    transport.close()
