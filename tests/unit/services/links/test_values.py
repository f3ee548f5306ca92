from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.services.links import is_web_link, split_link


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://example.org",
        "data:text/html,x",
        "http://",
        "http:example.org",
        "https://[broken",
        "https://example.org/a b",
        "https://example.org/\x1b[31m",
        "",
    ],
)
def test_only_whole_web_addresses_are_links(text):
    assert not is_web_link(text)
    assert split_link(text)[1] is None


def test_the_address_begins_at_the_first_http():
    assert split_link("PMC41 HTTPS://ncbi.org/PMC41?u=http://x") == (
        "PMC41",
        "HTTPS://ncbi.org/PMC41?u=http://x",
    )


@given(st.text())
def test_any_text_is_split_without_losing_words(text):
    message, url = split_link(text)

    assert message in text
    assert url is None or (url in text and is_web_link(url))
