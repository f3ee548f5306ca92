from __future__ import annotations

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
            errors.DownloadError("the file exists"),
            "The file can't be stored: the file exists.",
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
    assert not can_retry(errors.NotFoundError("gone"))
    assert not can_retry(KeyError("x"))
