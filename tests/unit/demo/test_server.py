"""The demo archive behind its socket: faults, log, faces, many at once."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import requests

from napari_idr.demo import serve
from napari_idr.demo.faults import Late, Silent

PLATES = "/webclient/api/plates/?id=3101"
ZARR = "/zarr/v0.4/plates/7101.zarr/A/1/0/.zattrs"


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
    running.delay_ms = running.thumbnail_ms = 0


def address(archive):
    host, _, port = archive.url.removeprefix("http://").partition(":")
    return host, int(port)


def connect(archive):
    return http.client.HTTPConnection(*address(archive), timeout=30)


def until(holds):
    """Wait for a condition."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def get(archive, path, **more):
    return requests.get(archive.url + path, timeout=10, **more)


def test_a_request_is_logged(archive):
    get(archive, PLATES, headers={"User-Agent": "a test"}, cookies={"a": "b"})

    (logged,) = archive.requests
    assert (logged.method, logged.target) == ("GET", PLATES)
    assert (logged.user_agent, logged.cookies) == ("a test", ("a",))
    assert (logged.status, logged.in_flight) == (200, 1)


def test_a_connection_is_kept(archive):
    with requests.Session() as session:
        for _ in range(3):
            session.get(archive.url + PLATES, timeout=10).raise_for_status()

    assert len({one.client_port for one in archive.requests}) == 1


def test_sixteen_requests_are_in_flight_at_once(archive):
    archive.delay_ms = 30_000

    with ExitStack() as stack:
        for _ in range(16):
            connection = stack.enter_context(closing(connect(archive)))
            connection.request("GET", PLATES)
        until(lambda: archive.requests.in_flight == 16)

    until(lambda: archive.requests.in_flight == 0)
    assert archive.requests.most_in_flight == 16


def test_thumbnails_cost_the_server_each(archive):
    archive.thumbnail_ms = 10
    started = time.monotonic()

    get(archive, "/webclient/get_thumbnails/?id=1900001&id=1900002&id=1900003")

    assert time.monotonic() - started >= 0.03


def test_a_busy_answer_comes_as_often_as_asked(archive):
    archive.faults.answer_next(503, times=2, match="plates")

    statuses = [get(archive, PLATES).status_code for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_a_busy_server_can_say_when_to_come_back(archive):
    archive.faults.retry_after(7)

    answer = get(archive, PLATES)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_fault_leaves_other_paths_alone(archive):
    archive.faults.wrong_type("datasets")

    assert get(archive, PLATES).headers["Content-Type"] == "application/json"
    other = get(archive, "/webclient/api/datasets/?id=3101")
    assert (other.status_code, other.headers["Content-Type"][:9]) == (200, "text/html")


def test_a_dropped_connection_has_no_answer(archive):
    archive.faults.drop("plates", times=1)

    with pytest.raises(requests.ConnectionError):
        get(archive, PLATES)
    assert get(archive, PLATES).ok


def test_a_truncated_body_is_shorter_than_announced(archive):
    archive.faults.truncate("plates")

    with pytest.raises(
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    ):
        get(archive, PLATES)


def test_a_slow_body_trickles(archive):
    archive.faults.slow("plates", bytes_per_s=1000)
    started = time.monotonic()

    answer = get(archive, PLATES)

    assert time.monotonic() - started > len(answer.content) / 1000 * 0.5


def test_a_request_right_after_a_slow_body_is_answered(archive):
    # All of it in one piece, and the pause that follows it is long.
    archive.faults.slow("plates", bytes_per_s=1e5)
    host = archive.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=10)) as line:
        for _ in range(20):
            line.request("GET", PLATES)
            answer = line.getresponse()
            assert answer.status == 200
            answer.read()


def test_a_late_answer_is_late(archive):
    archive.faults.delay("plates", ms=60)
    started = time.monotonic()

    get(archive, PLATES)

    assert time.monotonic() - started >= 0.06


def test_closing_does_not_wait_for_a_late_answer():
    with ThreadPoolExecutor(1) as pool:
        with serve(delay_ms=30_000) as archive:
            pending = pool.submit(get, archive, PLATES)
            until(lambda: len(archive.requests) == 1)
            started = time.monotonic()

        assert isinstance(pending.exception(timeout=5), requests.ConnectionError)

    assert time.monotonic() - started < 10


def test_closing_leaves_no_thread_and_no_socket():
    threads = set(threading.enumerate())
    with serve() as archive:
        served = address(archive)
        idle, waiting = connect(archive), connect(archive)
        idle.request("GET", PLATES)
        idle.getresponse().read()
        archive.faults.lay(Silent())
        waiting.request("GET", PLATES)
        until(lambda: len(archive.requests) == 2)

    assert set(threading.enumerate()) == threads
    assert archive.requests.in_flight == 0
    with closing(idle), closing(waiting):
        assert idle.sock.recv(1) == b""
        with pytest.raises(http.client.RemoteDisconnected):
            waiting.getresponse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(served, timeout=10)


def test_a_client_that_leaves_ends_its_request_and_is_no_traceback(archive, capfd):
    archive.delay_ms = 30_000
    left = connect(archive)
    left.request("GET", PLATES)
    until(lambda: len(archive.requests) == 1)

    left.close()

    until(lambda: archive.requests.in_flight == 0)
    archive.delay_ms = 0
    with closing(connect(archive)) as early:
        early.request("GET", "/webclient/annotation/31003/")  # a terabyte
        until(lambda: len(archive.requests) == 2)
    until(lambda: archive.requests.in_flight == 0)
    assert capfd.readouterr().err == ""


def test_a_mistake_of_the_archive_is_a_traceback(archive, capfd):
    archive.faults.lay(Late(delay_s="soon"))

    with pytest.raises(requests.ConnectionError):
        get(archive, PLATES)

    until(lambda: archive.requests.in_flight == 0)
    until(lambda: "TypeError" in capfd.readouterr().err)


def test_a_wish_to_close_is_honoured(archive):
    with closing(connect(archive)) as connection:
        connection.request("GET", PLATES, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("Connection") == "close"

        with closing(socket.create_connection(address(archive))) as raw:
            raw.sendall(f"GET {PLATES} HTTP/1.0\r\n\r\n".encode())
            whole = raw.makefile("rb").read()

    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("method", "path", "status", "has_body"),
    [
        ("HEAD", ZARR, 200, False),
        ("POST", PLATES, 403, True),
        ("OPTIONS", "/omero_ms_image_region/", 404, True),
        ("DELETE", "/api/v0/m/plates/7101/", 403, True),
    ],
)
def test_other_methods_leave_the_connection_in_order(
    archive, method, path, status, has_body
):
    with closing(connect(archive)) as connection:
        connection.request(method, path, body="x=1" if method == "POST" else None)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, has_body)
        connection.request("GET", PLATES)
        assert connection.getresponse().status == 200

    assert [one.method for one in archive.requests] == [method, "GET"]
    assert len({one.client_port for one in archive.requests}) == 1


@pytest.mark.parametrize("size", ["-1", "many", ""])
def test_a_request_of_no_known_length_is_refused(archive, size):
    with closing(connect(archive)) as connection:
        connection.request("GET", PLATES, headers={"Content-Length": size})
        assert connection.getresponse().status == 400


def test_an_answer_without_a_body_leaves_the_connection_in_order(archive):
    archive.faults.answer_next(304, match="plates", body="not to be sent")

    with closing(connect(archive)) as connection:
        for status in (304, 200):
            connection.request("GET", PLATES)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child alone")
def test_control_c_ends_the_command():
    # Whatever runs in the background of a shell is made to ignore Ctrl+C.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    run = "from napari_idr._cli import main; sys.exit(main(['demo']))"
    command = [sys.executable, "-c", f"import sys; {heed}; {run}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        url = running.stdout.readline().strip()
        assert requests.get(url + PLATES, timeout=30).ok

        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)

    assert (running.returncode, errors) == (0, "")


def test_a_terabyte_can_be_left_after_its_first_bytes(archive):
    with get(archive, "/webclient/annotation/31003/", stream=True) as answer:
        first = answer.raw.read(1024)

    assert len(first) == 1024
    assert answer.headers["Content-Length"] == "1065853300065"


def test_a_session_comes_with_a_ping_and_not_with_what_a_proxy_remembers(archive):
    assert "sessionid_demo" in get(archive, "/webclient/keepalive_ping/").cookies
    assert not get(archive, PLATES).cookies
