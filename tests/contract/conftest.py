"""A real OMERO.web to hold the client against; without one, tests are skipped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from napari_idr import IDRClient
from napari_idr.api.json_client import JsonClient
from napari_idr.cancel import NEVER
from napari_idr.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api.node import Node


def address(variable: str) -> str:
    if not (url := os.environ.get(variable)):
        pytest.skip(f"{variable} names no server")
    return url


@pytest.fixture
def real() -> Iterator[IDRClient]:
    """A client of a plain OMERO.web with mapr."""
    with IDRClient(address("IDR_CONFORMANCE_URL"), cache=False) as client:
        yield client


@pytest.fixture
def proxied_client() -> Iterator[IDRClient]:
    """A client of the same behind a proxy like the IDR's."""
    with IDRClient(address("IDR_CONFORMANCE_PROXY_URL"), cache=False) as client:
        yield client


@pytest.fixture(scope="session")
def told() -> Node:
    """What the real server says of its data."""
    transport = HttpTransport(address("IDR_CONFORMANCE_URL"))
    yield JsonClient(transport).json("__harness__/facts", cancel=NEVER)
    transport.close()
