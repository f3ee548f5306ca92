"""Errors carry facts, also from one process to another."""

from __future__ import annotations

import pickle

import pytest

from napari_idr.errors import (
    Cancelled,
    MovedError,
    NotFoundError,
    PixelDataError,
    ProtocolError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    StatusError,
)


@pytest.mark.parametrize(
    "error",
    [
        RequestTimeoutError("late", url="http://a"),
        StatusError("denied", status=401, url="http://a"),
        NotFoundError("gone", kind="plate", id=42),
        RateLimitedError("busy", retry_after_s=3),
        ServerError("broken", status=503),
        PixelDataError("cut short"),
        ProtocolError("no HTTP", speaks="https"),
        MovedError("moved", place="https://new.example"),
        Cancelled(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_told_with_its_facts_by_another_process(error):
    told = pickle.loads(pickle.dumps(error))

    assert type(told) is type(error)
    assert (str(told), vars(told)) == (str(error), vars(error))
