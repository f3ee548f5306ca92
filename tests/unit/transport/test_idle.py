"""Lines and files that nobody uses are let go of, and opened again when needed."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from napari_idr.cancel import NEVER
from napari_idr.transport import HttpTransport, Request, Response
from napari_idr.transport import _http as http_module
from napari_idr.transport import _store as store_module
from napari_idr.transport._idle import IdleTimer
from napari_idr.transport._store import AnswerStore
from support.wire import comes_true, open_lines, wire_server

IDLE_S = 0.2


class Held:
    """Something that is open, and can be let go of."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self.let_go_of = threading.Event()
        self.idle = IdleTimer(idle_s, self.let_go)

    def let_go(self) -> None:
        self.let_go_of.set()


def test_what_isnt_used_any_more_is_let_go_of():
    held = Held()

    held.idle.used()

    assert held.let_go_of.wait(10)


def test_what_was_let_go_of_and_is_used_again_is_let_go_of_again():
    held = Held()
    held.idle.used()
    assert held.let_go_of.wait(10)
    held.let_go_of.clear()

    held.idle.used()

    assert held.let_go_of.wait(10)


def test_what_is_closed_isnt_let_go_of_later():
    held = Held()
    held.idle.used()

    held.idle.stop()
    held.idle.used()

    assert not held.let_go_of.wait(2 * IDLE_S)


def test_nothing_is_kept_alive_for_being_let_go_of():
    held = Held(idle_s=60.0)
    held.idle.used()
    there = weakref.ref(held)

    del held
    gc.collect()

    assert there() is None


@pytest.fixture
def short_lines(monkeypatch):
    monkeypatch.setattr(http_module, "LINE_IDLE_S", IDLE_S)


def test_lines_that_carry_nothing_are_closed_and_opened_again(short_lines):
    with wire_server(lambda caller: caller.answer(b"1")) as server:
        transport = HttpTransport(server.url)
        with ThreadPoolExecutor(4) as pool:
            for done in [
                pool.submit(transport.send, Request(path="a"), cancel=NEVER)
                for _ in range(4)
            ]:
                done.result()

        assert comes_true(lambda: open_lines(server.port) == 0)
        assert transport.send(Request(path="b"), cancel=NEVER).body == b"1"
        assert comes_true(lambda: open_lines(server.port) == 0)
        transport.close()


def test_a_line_that_carries_an_answer_stays(short_lines):
    goes_on = threading.Event()

    def script(caller):
        if caller.target == "/slow":
            caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl")
            goes_on.wait(30)
            caller.say(b"ow")
        else:
            caller.answer(b"quick")

    with wire_server(script) as server, ThreadPoolExecutor(1) as pool:
        transport = HttpTransport(server.url)
        slow = pool.submit(transport.send, Request(path="slow"), cancel=NEVER)
        assert comes_true(lambda: "GET /slow" in "".join(server.heads))
        transport.send(Request(path="quick"), cancel=NEVER)

        assert comes_true(lambda: open_lines(server.port) == 1)
        goes_on.set()

        assert slow.result(30).body == b"slow"
        transport.close()


def test_the_file_of_answers_is_closed_and_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "FILE_IDLE_S", IDLE_S)
    store = AnswerStore(tmp_path)
    store.keep("a", Response(url="u", status=200, body=b"1"), keep_s=3600)
    assert open_files(tmp_path)

    assert comes_true(lambda: not open_files(tmp_path))
    found = store.find("a")

    assert found is not None
    assert found.body == b"1"
    assert comes_true(lambda: not open_files(tmp_path))
    store.close()


def open_files(folder) -> list[str]:
    """Return the files of a folder that this process has open."""
    opened = (one.path for one in psutil.Process().open_files())
    return [path for path in opened if path.startswith(str(folder))]
