from __future__ import annotations

import math

import numpy as np
import pytest

from napari_idr import errors
from napari_idr.model import row_label
from napari_idr.services.explain import can_retry, explain

IDR = "idr.openmicroscopy.org"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            errors.ConnectionFailedError("refused"),
            "The IDR can't be reached. Check your connection.",
        ),
        (
            errors.RequestTimeoutError("late"),
            "The IDR is slow to answer. Try again in a minute.",
        ),
        (
            errors.StatusError("no", status=403),
            "The IDR refused the request (403).",
        ),
        (
            errors.NotFoundError("gone", kind="plate", id=42),
            "The IDR has no plate 42.",
        ),
        (
            errors.NotFoundError("gone"),
            "The IDR doesn't have what was asked for.",
        ),
        (
            errors.RateLimitedError("busy"),
            "The IDR asked us to slow down.",
        ),
        (
            errors.RateLimitedError("busy", retry_after_s=29.6),
            "The IDR asked us to slow down. Try again in 30 s.",
        ),
        (
            errors.ServerError("oops", status=502),
            "The IDR has a problem of its own. Try again later.",
        ),
        (
            errors.ResponseFormatError("a login page"),
            "The IDR answered in a way this version can't read.",
        ),
        (
            errors.PixelDataError("its pixel type is complex"),
            "This image can't be shown: its pixel type is complex.",
        ),
        (
            errors.IDRError("a.idr.json can't be opened: it has no version"),
            "a.idr.json can't be opened: it has no version.",
        ),
        (
            ValueError("genes.txt is no text in UTF-8 or UTF-16"),
            "genes.txt is no text in UTF-8 or UTF-16.",
        ),
        (
            errors.IDRError("odd", url=f"https://{IDR}/api/"),
            "The IDR couldn't be used: odd.",
        ),
        (
            errors.DownloadError("the file exists"),
            "The file can't be stored: the file exists.",
        ),
        (
            errors.DownloadError("a.csv can't be stored: Read-only file system"),
            "a.csv can't be stored: Read-only file system.",
        ),
    ],
)
def test_each_error_has_its_sentence(error, sentence):
    assert explain(error, host=IDR) == sentence


def test_every_public_error_has_a_sentence_of_its_own():
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = (
            kind("why", status=418) if kind is errors.StatusError
            else kind("why", status=500) if kind is errors.ServerError
            else kind("why")
        )  # fmt: skip

        assert "wasn't foreseen" not in explain(error, host=IDR)


STORE_URL = "https://store.example.org/idr/a.zarr/0"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.ConnectionFailedError("x", url=STORE_URL), "can't be reached"),
        (errors.RequestTimeoutError("x", url=STORE_URL), "is slow"),
        (errors.BrokenAnswerError("x", url=STORE_URL), "broke off"),
        (errors.ServerError("x", status=503, url=STORE_URL), "problem of its own"),
        (errors.StatusError("x", status=403, url=STORE_URL), "refused"),
        (errors.ResponseFormatError("x", url=STORE_URL), "answered in a way"),
    ],
)
def test_a_fault_of_an_object_store_names_the_store(error, words):
    sentence = explain(error, host=IDR)

    assert sentence.startswith("The object store store.example.org ")
    assert words in sentence
    assert "connection" not in sentence


@pytest.mark.parametrize("url", [f"https://{IDR}/api/v0/", f"HTTPS://{IDR.upper()}/"])
def test_a_fault_of_the_archive_names_the_archive(url):
    error = errors.ServerError("x", status=503, url=url)

    assert explain(error, host=IDR).startswith("The IDR has")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.BrokenAnswerError("x"), "broke off before its answer was whole"),
        (errors.CertificateError("x"), "certificate"),
        (errors.ProtocolError("x"), "doesn't answer as a web server does"),
        (errors.ProtocolError("x", speaks="https"), "https://"),
        (errors.ProtocolError("x", speaks="http"), "http://"),
        (errors.PageError("x"), "a web page where data is due"),
        (errors.WrongServerError("x"), "no archive of images"),
        (errors.MovedError("x"), "to another server"),
        (errors.MovedError("x", place="https://new.example"), "https://new.example"),
    ],
)
def test_what_answers_is_not_said_to_be_out_of_reach(error, words):
    sentence = explain(error, host="omero.example.org")

    assert words in sentence
    assert "your connection" not in sentence


@pytest.mark.parametrize(
    ("wish_s", "words"),
    [
        (0.2, "in 1 s."),
        (119, "in 119 s."),
        (3600, "in 60 min."),
        (math.nan, "down."),
        (math.inf, "down."),
        (-5, "down."),
        (10**400, "down."),
        (None, "down."),
        ("soon", "log has the details."),
    ],
)
def test_an_odd_wish_for_a_pause_is_not_told(wish_s, words):
    error = errors.RateLimitedError("busy", retry_after_s=wish_s)

    assert explain(error, host=IDR).endswith(words)


class OddError(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    @property
    def url(self):
        raise RuntimeError("no address")


def bare(kind):
    """Return an error whose `__init__` was never called."""
    return kind.__new__(kind)


@pytest.mark.parametrize(
    "error",
    [
        *(bare(getattr(errors, name)) for name in errors.__all__),
        *(bare(kind) for kind in (ValueError, TypeError, KeyError, OSError)),
        OddError(),
        type("OddToo", (OddError, ValueError), {})(),
        errors.PixelDataError(b"\xff"),
        errors.PixelDataError(None),
        errors.IDRError("\ud800", url="http://[::1"),
        errors.ServerError("x", status="many", url=5),
        errors.NotFoundError("x", kind=[], id={}),
        ExceptionGroup("two", [ValueError("a"), ValueError("b")]),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("host", [IDR, "", "http://[::1", "\x00\ud800 x", "a@b:c"])
def test_any_error_is_explained(error, host):
    sentence = explain(error, host=host)

    assert isinstance(sentence, str)
    assert sentence.isprintable()
    assert bool(sentence) is not isinstance(error, errors.Cancelled)


@pytest.mark.parametrize(
    "message",
    [
        "<urllib3.connection.HTTPConnection object at 0x7f12ab34cd56> failed",
        "it lies at 0x7f12ab34cd56",
    ],
)
def test_no_address_of_an_object_is_told(message):
    assert "0x" not in explain(errors.PixelDataError(message), host=IDR)


def test_a_sentence_holds_no_markup_and_is_one_line():
    error = errors.PixelDataError("<b>bad</b>\n\x1b[31m\u202etxt")

    sentence = explain(error, host=IDR)

    assert not {"\n", "\x1b", "\u202e"} & set(sentence)
    assert "<" not in sentence


@pytest.mark.parametrize("host", ["127.0.0.1:4080", "http://127.0.0.1:4080/"])
def test_another_server_is_called_by_its_name(host):
    error = errors.ConnectionFailedError("refused")

    sentence = explain(error, host=host)

    assert sentence == (
        "The server 127.0.0.1:4080 can't be reached. "
        "Check the address and your connection."
    )


def test_the_idr_is_known_by_its_address_too():
    sentence = explain(errors.RequestTimeoutError("late"), host=f"https://{IDR}/")

    assert sentence.startswith("The IDR is slow")


def test_an_address_is_not_part_of_a_sentence():
    error = errors.PixelDataError("no pixels", url="https://example.org/secret")

    assert "example.org" not in explain(error, host=IDR)


def test_wrong_use_that_we_noticed_speaks_for_itself():
    with pytest.raises(ValueError, match="counts from 0") as caught:
        row_label(-1)

    assert explain(caught.value, host=IDR) == "A row counts from 0, not -1."


def test_wrong_use_that_a_library_noticed_is_not_shown_to_people():
    with pytest.raises(ValueError, match="broadcast") as caught:
        np.zeros(2) + np.zeros(3)

    assert "broadcast" not in explain(caught.value, host=IDR)


def test_an_unforeseen_error_is_named_by_its_class():
    assert "(ZeroDivisionError)" in explain(ZeroDivisionError("x"), host=IDR)


def test_nobody_is_told_of_what_was_cancelled():
    assert explain(errors.Cancelled(), host=IDR) == ""


def test_only_what_may_pass_can_be_tried_again():
    assert can_retry(errors.RequestTimeoutError("late"))
    assert can_retry(errors.RateLimitedError("busy"))
    assert can_retry(errors.PageError("under repair"))
    assert not can_retry(errors.NotFoundError("gone"))
    assert not can_retry(KeyError("x"))
