"""A server leads us nowhere that it mustn't, and elsewhere nothing is told of us."""

from __future__ import annotations

import socket

import pytest

from napari_idr.cancel import NEVER
from napari_idr.errors import ConnectionFailedError
from napari_idr.transport import HttpTransport, Request, RetryPolicy
from support.wire import wire_server

ONCE = RetryPolicy(retries=0)

PUBLIC = "193.62.193.33"


def look_up(places):
    """A look-up that knows some names, each at several addresses, and all figures."""

    def getaddrinfo(host, port, *args, **more):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in places.get(host, (host,))
        ]

    return getaddrinfo


@pytest.fixture
def connected(monkeypatch):
    """Note what is connected to; nothing is."""
    tried = []

    def connect(self, address):
        tried.append(address[0])
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


SPECIAL = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.1",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "localhost.",
    "10.0.0.8",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fc00::1]",
    "[ff02::1]",
]


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:3128"])
@pytest.mark.parametrize("host", SPECIAL)
def test_a_public_archive_leads_to_no_special_address_however_it_is_written(
    host, proxy, monkeypatch, connected
):
    if proxy is not None:
        monkeypatch.setenv("HTTP_PROXY", proxy)
    places = {"archive.example.org": (PUBLIC,)}
    monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
    transport = HttpTransport("https://archive.example.org", retry=ONCE)

    with pytest.raises(ConnectionFailedError):
        transport.send(Request(path="a", origin=f"http://{host}"), cancel=NEVER)

    assert connected == []
    transport.close()


def test_of_several_addresses_only_the_public_one_is_connected_to(
    monkeypatch, connected
):
    places = {
        "archive.example.org": (PUBLIC,),
        "store.example.org": ("127.0.0.1", PUBLIC, "10.0.0.1"),
    }
    monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
    transport = HttpTransport("https://archive.example.org", retry=ONCE)
    request = Request(path="a", origin="http://store.example.org")

    with pytest.raises(ConnectionFailedError):
        transport.send(request, cancel=NEVER)

    assert connected == [PUBLIC]
    transport.close()


def test_a_name_that_changes_its_address_is_looked_at_each_time(monkeypatch, connected):
    places = {"archive.example.org": (PUBLIC,), "store.example.org": (PUBLIC,)}
    monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
    transport = HttpTransport("https://archive.example.org", retry=ONCE)
    request = Request(path="a", origin="http://store.example.org")
    for address in (PUBLIC, "127.0.0.1", "169.254.169.254"):
        places["store.example.org"] = (address,)
        with pytest.raises(ConnectionFailedError):
            transport.send(request, cancel=NEVER)

    assert connected == [PUBLIC]
    transport.close()


def test_an_archive_that_is_public_too_leads_to_no_private_address(
    monkeypatch, connected
):
    places = {"archive.example.org": ("10.0.0.1", PUBLIC)}
    monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
    transport = HttpTransport("https://archive.example.org", retry=ONCE)

    with pytest.raises(ConnectionFailedError):
        transport.send(Request(path="a", origin="http://10.0.0.2"), cancel=NEVER)

    assert connected == []
    transport.close()


def test_a_look_up_that_failed_once_is_no_verdict(monkeypatch):
    known = {}

    def getaddrinfo(host, port, *args, **more):
        if host not in known and not host[0].isdigit():
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        address = known.get(host, host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with wire_server(lambda c: c.answer(b"here")) as server:
        transport = HttpTransport("http://omero.lab", retry=ONCE)
        request = Request(path="a", origin=server.url)
        with pytest.raises(ConnectionFailedError):
            transport.send(request, cancel=NEVER)

        known["omero.lab"] = "127.0.0.1"

        assert transport.send(request, cancel=NEVER).body == b"here"
        transport.close()


def test_no_password_of_this_machine_is_sent(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with (
        wire_server(lambda c: c.answer(b"{}")) as archive,
        wire_server(lambda c: c.answer(b"{}")) as store,
    ):
        transport = HttpTransport(archive.url)
        transport._session.trust_env = True
        for origin in (None, store.url, f"http://me:secret@127.0.0.1:{store.port}"):
            transport.send(Request(path="a", origin=origin), cancel=NEVER)
        transport.close()

    heads = (*archive.heads, *store.heads)
    assert len(heads) == 3
    assert not any("authorization" in head.lower() for head in heads)
    assert not any("secret" in head for head in heads)
