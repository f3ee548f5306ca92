"""What people type or paste names a server, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.transport import server_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("idr.openmicroscopy.org", "https://idr.openmicroscopy.org"),
        ("  https://idr.openmicroscopy.org/ ", "https://idr.openmicroscopy.org"),
        ("HTTPS://IDR.openmicroscopy.org", "https://idr.openmicroscopy.org"),
        (
            "https://idr.openmicroscopy.org/webclient/?show=screen-102",
            "https://idr.openmicroscopy.org",
        ),
        (
            "https://idr.openmicroscopy.org/search/?query=x#y",
            "https://idr.openmicroscopy.org/search",
        ),
        ("localhost:4080", "http://localhost:4080"),
        ("127.0.0.1:4080/", "http://127.0.0.1:4080"),
        ("http://[::1]:4080", "http://[::1]:4080"),
        ("omero.example.org/omero//webclient", "https://omero.example.org/omero"),
        ("http://host:8080/path/", "http://host:8080/path"),
    ],
)
def test_a_server_is_found_in_what_people_type(text, address):
    assert server_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "two words",
        "ftp://idr.openmicroscopy.org",
        "file:///etc/passwd",
        "http://",
        "https://:80",
        "https://host:port",
        "https://host:99999",
        "http://user:secret@host",
        "http://ho..st",
        "http://[::1",
        "javascript:alert(1)",
        "https://a b.org",
        "x\x00y",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"address|server"):
        server_address(text)


def test_what_is_no_address_is_quoted_as_sentences_quote():
    with pytest.raises(ValueError, match="“not a server!” is not the address"):
        server_address("not a server!")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        address = server_address(text)
    except ValueError:
        return

    assert server_address(address) == address
    assert not address.endswith("/")
