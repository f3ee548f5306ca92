from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.services.licence import read_licence

CC = "https://creativecommons.org"


@pytest.mark.parametrize(
    ("text", "kind", "version", "url"),
    [
        (f"CC BY 4.0 {CC}/licenses/by/4.0/", "CC BY", "4.0", f"{CC}/licenses/by/4.0/"),
        ("CC-BY 4.0", "CC BY", "4.0", f"{CC}/licenses/by/4.0/"),
        ("CC BY", "CC BY", None, None),
        (
            f"CC0 1.0 {CC}/publicdomain/zero/1.0/",
            "CC0",
            "1.0",
            f"{CC}/publicdomain/zero/1.0/",
        ),
        ("CC0", "CC0", None, f"{CC}/publicdomain/zero/1.0/"),
        ("CC BY-NC 4.0", "CC BY-NC", "4.0", f"{CC}/licenses/by-nc/4.0/"),
        ("CC BY-NC-SA 3.0", "CC BY-NC-SA", "3.0", f"{CC}/licenses/by-nc-sa/3.0/"),
        ("cc by-nc-nd 4.0", "CC BY-NC-ND", "4.0", f"{CC}/licenses/by-nc-nd/4.0/"),
        ("CC BY-SA 4.0", "CC BY-SA", "4.0", f"{CC}/licenses/by-sa/4.0/"),
        (f"{CC}/licenses/by-nd/2.0/", "CC BY-ND", "2.0", f"{CC}/licenses/by-nd/2.0/"),
        (
            "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International",
            "CC BY-NC-SA",
            "4.0",
            f"{CC}/licenses/by-nc-sa/4.0/",
        ),
        ("ODbL 1.0 https://opendatacommons.org/licenses/odbl/1-0/", "other", "1.0",
         "https://opendatacommons.org/licenses/odbl/1-0/"),
        ("", "none", None, None),
        (None, "none", None, None),
        ("None", "none", None, None),
    ],
)  # fmt: skip
def test_the_class_the_version_and_the_address_are_read(text, kind, version, url):
    licence = read_licence(text)

    assert (licence.kind, licence.version, licence.url) == (kind, version, url)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CC BY 4.0", None),
        ("CC BY-SA 4.0", None),
        ("CC0", None),
        ("CC BY-NC 4.0", "commercial"),
        ("CC BY-ND 4.0", "changed"),
        ("CC BY-NC-ND 4.0", "commercial"),
        ("Free for non-commercial use", "commercial"),
        ("", "No licence is named"),
    ],
)
def test_what_forbids_something_is_warned_of(text, words):
    warning = read_licence(text).warning

    assert (words in warning) if words else warning is None


def test_what_either_the_words_or_the_address_forbid_is_forbidden():
    by_words = read_licence("CC BY-NC 4.0", f"{CC}/licenses/by/4.0/")
    by_address = read_licence("CC BY 4.0", f"{CC}/licenses/by-nc/4.0/")

    assert by_words.kind == by_address.kind == "CC BY-NC"


@given(st.text(), st.none() | st.text())
def test_any_text_has_a_class(text: str, url: str | None):
    licence = read_licence(text, url)

    assert licence.kind
    if "-NC" in licence.kind:
        assert licence.warning
