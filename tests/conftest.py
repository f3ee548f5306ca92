"""What every test may ask for, and the network that none of them gets."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

import pytest
from hypothesis import settings

from napari_idr import IDRClient, demo
from napari_idr.transport import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken


# How long an example takes says nothing here: machines are shared and noisy. And the
# examples are the same each time, so that a failure is due to what was changed.
settings.register_profile("napari-idr", deadline=None, derandomize=True)
settings.load_profile("napari-idr")


def pytest_configure(config: pytest.Config) -> None:
    """Let napari keep its settings where neither a person nor another worker has any.

    It writes them down with each change; a run that is killed would leave them so.
    """
    folder = TemporaryDirectory(prefix="napari-settings-")
    config.add_cleanup(folder.cleanup)
    os.environ["NAPARI_CONFIG"] = str(Path(folder.name) / "settings.yaml")


class Routes:
    """The demo archive as a transport: no socket, microseconds an answer.

    `asked` lists the requests in the order in which they came.
    """

    def __init__(self, face: demo.Face = "classic") -> None:
        self.url = "http://127.0.0.1"
        self.world = demo.default_world()
        self.asked: list[Request] = []
        self._site = demo.Site(world=self.world, face=face, url=self.url)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request)
        query = urlencode(request.params)
        answer = demo.answer(
            self._site,
            demo.Request(
                path=f"/{unquote(request.path)}",
                query=query,
                method=request.method,
                headers={"x-requested-with": "XMLHttpRequest"},
                body=(request.json or "").encode(),
            ),
        )
        body = answer.body
        return Response(
            url=f"{self.url}/{request.path}" + (f"?{query}" if query else ""),
            status=answer.status,
            headers={
                "content-type": answer.content_type,
                **{name.lower(): value for name, value in answer.headers.items()},
            },
            body=body if isinstance(body, bytes) else b"".join(body),
        )

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every address but this machine's."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple):  # a path is a socket file of this machine
            _require_loopback(address[0])
        connect(self, address)

    def guarded_look_up(host: str | bytes | None, *args: object, **more: object):
        _require_loopback(host)
        return look_up(host, *args, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


def _require_loopback(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return
    try:
        if ipaddress.ip_address(name).is_loopback or name in ("0.0.0.0", "::"):
            return
    except ValueError:
        pass
    raise OSError(f"a test may not ask {name}")


@pytest.fixture
def archive() -> Iterator[demo.Archive]:
    """The demo archive behind a socket, as a plain OMERO.web with mapr."""
    with demo.serve() as archive:
        yield archive


@pytest.fixture
def idr_archive() -> Iterator[demo.Archive]:
    """The demo archive behind a socket, as the IDR is today."""
    with demo.serve(face="idr") as archive:
        yield archive


@pytest.fixture
def client(archive: demo.Archive) -> Iterator[IDRClient]:
    """A client of the demo archive that remembers nothing."""
    with IDRClient(archive.url, cache=False) as client:
        yield client


@pytest.fixture
def routes() -> Routes:
    """The demo archive without a socket, as a plain OMERO.web with mapr."""
    return Routes()


@pytest.fixture
def idr_routes() -> Routes:
    """The demo archive without a socket, as the IDR is today."""
    return Routes("idr")


@pytest.fixture
def quick(routes: Routes) -> IDRClient:
    """A client of the demo archive without a socket."""
    return IDRClient(routes.url, transport=routes)
