"""What each fault of the demo archive puts on the wire."""

import gzip
import http.client
import re
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import FrozenInstanceError, replace

import pytest

from napari_idr.demo import serve
from napari_idr.demo.faults import (
    BadStatusLine,
    Busy,
    Chunked,
    ConnectionReset,
    Dripping,
    Dropped,
    Endless,
    Fault,
    Gzipped,
    Interim,
    Late,
    Redirected,
    Silent,
    Slow,
    Truncated,
    WrongLength,
)

PLATES = "/webclient/api/plates/?id=3101"
CHUNK = "/zarr/v0.4/plates/7101.zarr/A/1/0/0/0/0/0"
PATHS = [PLATES, CHUNK]

UNENDING = [
    Silent(),
    Silent(part="body"),
    Dripping(every_s=30),
    Dripping(part="head", every_s=30),
    Endless(),
    Endless(framing="close"),
    Interim(),
    Interim(status=100),
    Late(delay_s=1000),
    Slow(bytes_per_s=0.01),
]
"""What a client has to end by itself."""


@pytest.fixture(scope="module")
def running():
    with serve() as archive:
        yield archive


@pytest.fixture
def archive(running):
    running.faults.clear()
    running.requests.clear()
    yield running
    running.faults.clear()


def until(holds):
    """Wait for a condition."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def address(archive):
    host, _, port = archive.url.removeprefix("http://").partition(":")
    return host, int(port)


def ask(archive, path):
    """Send a request; return the socket."""
    connection = socket.create_connection(address(archive), timeout=30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: demo\r\n\r\n".encode())
    return connection


def wire(archive, path):
    """Return head and body as they came, until the connection ended."""
    with ask(archive, path) as connection, connection.makefile("rb") as answer:
        head, _, body = answer.read().partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def answer(archive, path):
    """Return an answer as the standard library reads it."""
    connection = http.client.HTTPConnection(*address(archive), timeout=30)
    with closing(connection):
        connection.request("GET", path)
        given = connection.getresponse()
        return given, given.read()


@pytest.fixture
def true(archive):
    """The bodies without a fault."""
    bodies = {path: answer(archive, path)[1] for path in PATHS}
    archive.requests.clear()
    return bodies


def test_a_fault_is_a_value():
    with pytest.raises(FrozenInstanceError):
        Silent().times = 1

    assert Silent("zarr", times=2) == replace(Silent(times=2), match="zarr")


def test_a_fault_befalls_what_it_matches_as_often_as_it_says(archive):
    archive.faults.lay(Busy("/zarr/", times=2), Chunked("plates/"))

    statuses = [answer(archive, CHUNK)[0].status for _ in range(3)]
    coded = [answer(archive, path)[0].chunked for path in PATHS]

    assert statuses == [429, 429, 200]
    # The chunk's path lies below "plates/" too.
    assert coded == [True, True]
    assert [one.target for one in archive.requests] == [CHUNK] * 3 + PATHS


def test_one_answer_is_replaced_once(archive):
    archive.faults.lay(Busy(times=1), Redirected(times=1), Chunked(times=1))

    first, second, third = (answer(archive, PLATES)[0] for _ in range(3))

    assert (first.status, first.chunked) == (429, True)
    assert (second.status, second.chunked) == (302, False)
    assert third.status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", UNENDING, ids=repr)
def test_what_never_ends_does_when_the_client_leaves(archive, fault, path):
    archive.faults.lay(fault)

    with ask(archive, path):
        until(lambda: len(archive.requests) == 1)

    until(lambda: archive.requests.in_flight == 0)
    assert [one.target for one in archive.requests] == [path]


@pytest.mark.parametrize("path", PATHS)
def test_what_never_ends_does_when_the_archive_closes(path):
    threads = set(threading.enumerate())
    with serve() as archive:
        pending = []
        for fault in UNENDING:
            archive.faults.clear()
            archive.faults.lay(fault)
            pending.append(ask(archive, path))
            until(lambda: archive.requests.in_flight == len(pending))

    assert set(threading.enumerate()) <= threads  # others may have ended
    assert archive.requests.in_flight == 0
    for connection in pending:
        connection.close()


def test_a_silent_server_sends_nothing(archive):
    archive.faults.lay(Silent())

    with ask(archive, PLATES) as connection:
        until(lambda: len(archive.requests) == 1)
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)

        (logged,) = archive.requests
        assert (logged.status, logged.bytes_sent) == (None, 0)


@pytest.mark.parametrize("path", PATHS)
def test_a_server_falls_silent_in_mid_body(archive, true, path):
    archive.faults.lay(Silent(part="body"))

    with ask(archive, path):
        until(lambda: len(archive.requests) == 1)
        until(lambda: archive.requests[0].bytes_sent == len(true[path]) // 2)

        assert archive.requests[0].status == 200
        assert archive.requests.in_flight == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("part", ["head", "body"])
def test_an_answer_drips(archive, part, path):
    archive.faults.lay(Dripping(part=part, every_s=0.001))

    with ask(archive, path) as connection:
        got = connection.recv(1)
        pieces = 1
        while pieces < 20:
            new = connection.recv(4096)
            if part == "head" or b"\r\n\r\n" in got:
                assert len(new) < 1000
                pieces += 1
            got += new

    assert got.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_dripping_answer_is_whole_in_the_end(archive, true):
    for part in ("head", "body"):
        archive.faults.clear()
        archive.faults.lay(Dripping(part=part, every_s=0.0001))
        assert answer(archive, PLATES)[1] == true[PLATES]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_a_body_goes_on(archive, true, framing, path):
    archive.faults.lay(Endless(framing=framing, bytes_per_s=1e9))

    connection = http.client.HTTPConnection(*address(archive), timeout=30)
    with closing(connection):
        connection.request("GET", path)
        given = connection.getresponse()
        assert given.status == 200
        assert (given.chunked, given.length) == (framing == "chunked", None)
        assert len(given.read(5_000_000)) == 5_000_000
        given.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("after", [3, 0.5, "Wed, 21 Oct 2099 07:28:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_to_come_back(archive, status, after, path):
    archive.faults.lay(Busy(retry_after=after, status=status, times=1))

    given, _ = answer(archive, path)

    assert (given.status, given.getheader("Retry-After")) == (status, str(after))
    assert answer(archive, path)[0].status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("fault", "location"),
    [
        (Redirected(), "{path}"),
        (Redirected(status=307), "{path}"),
        (Redirected(host="http://other.example:81"), "http://other.example:81{path}"),
        (Redirected(target="/webclient/login/?a=b"), "/webclient/login/?a=b"),
    ],
)
def test_a_redirect_leads_to_itself_or_elsewhere(archive, fault, location, path):
    archive.faults.lay(fault)

    given, body = answer(archive, path)

    assert (given.status, body) == (fault.status, b"")
    assert given.getheader("Location") == location.format(path=path)


def test_a_redirect_keeps_what_a_path_has_encoded(archive):
    archive.faults.lay(Redirected())

    given, _ = answer(archive, "/mapr/gene/a%20b%25/?value=%C3%A9")

    assert given.getheader("Location") == "/mapr/gene/a%20b%25/?value=%C3%A9"


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_comes_in_chunks(archive, true, path):
    archive.faults.lay(Chunked())

    given, body = answer(archive, path)

    assert given.getheader("Transfer-Encoding") == "chunked"
    assert given.getheader("Content-Length") is None
    assert body == true[path]


@pytest.mark.parametrize("path", PATHS)
def test_gzip_is_right_or_a_lie(archive, true, path):
    for kind, decode in (("right", gzip.decompress), ("lying", bytes)):
        archive.faults.clear()
        archive.faults.lay(Gzipped(kind=kind))
        given, body = answer(archive, path)
        assert given.getheader("Content-Encoding") == "gzip"
        assert given.getheader("Content-Length") == str(len(body))
        assert decode(body) == true[path]


@pytest.mark.parametrize("path", PATHS)
def test_a_bomb_is_a_thousand_times_what_its_length_says(archive, path):
    archive.faults.lay(Gzipped(kind="bomb", expands_to=50 * 2**20))

    given, body = answer(archive, path)

    assert given.getheader("Content-Length") == str(len(body))
    assert len(body) < 50 * 2**20 / 900
    assert len(gzip.decompress(body)) == 50 * 2**20
    assert len(zlib.decompress(body, wbits=31)) == 50 * 2**20


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("fault", "length"),
    [
        (WrongLength(beyond=100), "{longer}"),
        (WrongLength(text="1000000000000000000"), "1000000000000000000"),
        (WrongLength(text="9" * 5000), "9" * 5000),
        (WrongLength(text="-1"), "-1"),
        (WrongLength(text="many"), "many"),
    ],
    ids=["too long", "absurd", "no int", "negative", "not a number"],
)
def test_a_length_is_wrong(archive, true, fault, length, path):
    archive.faults.lay(fault)

    head, body = wire(archive, path)

    longer = len(true[path]) + 100
    assert f"Content-Length: {length.format(longer=longer)}" in head.split("\r\n")
    assert body == true[path]


@pytest.mark.parametrize("path", PATHS)
def test_a_first_line_is_garbage(archive, path):
    for line in (b"SSH-2.0-OpenSSH_9.2p1 Debian-2", b"\x00\xff", b"HTTP/1.1 abc"):
        archive.faults.lay(BadStatusLine(line=line))
        with ask(archive, path) as connection, connection.makefile("rb") as came:
            assert came.read() == line + b"\r\n"
        archive.faults.clear()

    assert [one.status for one in archive.requests] == [None] * 3


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("status", [100, 103])
def test_interim_answers_come_first_or_for_ever(archive, true, status, path):
    archive.faults.lay(Interim(status=status, every_s=0.001))
    line = f"HTTP/1.1 {status} ".encode()

    with ask(archive, path) as connection, connection.makefile("rb") as came:
        for _ in range(50):
            assert came.readline().startswith(line)
            assert came.readline() == b"\r\n"

    archive.faults.clear()
    archive.faults.lay(Interim(status=status, times_sent=2))
    with ask(archive, path) as connection, connection.makefile("rb") as came:
        firsts = [came.readline() + came.readline() for _ in range(2)]
        assert all(first.startswith(line) for first in firsts)
        assert came.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("path", PATHS)
def test_a_connection_is_reset_in_mid_body(archive, true, path):
    archive.faults.lay(ConnectionReset(share=0.25))

    def read_all(connection):
        while connection.recv(4096):
            pass

    with ask(archive, path) as connection, pytest.raises(ConnectionResetError):
        read_all(connection)

    assert archive.requests[0].bytes_sent == len(true[path]) // 4


@pytest.mark.parametrize("path", PATHS)
def test_faults_combine_in_any_order(archive, true, path):
    faults = [Truncated(share=0.5), Slow(bytes_per_s=1e6), Late(delay_s=0.01)]
    for order in (faults, faults[::-1]):
        archive.faults.clear()
        archive.faults.lay(*order)
        head, body = wire(archive, path)
        assert head.startswith("HTTP/1.1 200")
        assert body == true[path][: len(true[path]) // 2]


def test_a_dropped_connection_ends_without_a_byte(archive):
    archive.faults.lay(Dropped())

    with ask(archive, PLATES) as connection:
        assert connection.recv(1) == b""


def test_faults_are_counted_down_across_threads(archive):
    archive.faults.lay(Busy(times=7))

    with ThreadPoolExecutor(8) as pool:
        given = pool.map(lambda _: answer(archive, PLATES)[0].status, range(20))

    assert sorted(given) == [200] * 13 + [429] * 7


def test_a_fault_that_matches_by_nonsense_is_refused_at_once(archive):
    with pytest.raises(re.error):
        archive.faults.lay(Fault("("))
