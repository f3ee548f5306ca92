"""Bytes in, bytes out: HTTP, and nothing of OMERO."""

from __future__ import annotations

from napari_idr.transport._address import server_address
from napari_idr.transport._base import (
    JSON_BYTES,
    OBJECT_BYTES,
    PICTURE_BYTES,
    TABLE_BYTES,
    ByteRange,
    Params,
    Request,
    Response,
    Stream,
    Transport,
)
from napari_idr.transport._cache import CachingTransport, KeepRule
from napari_idr.transport._http import HttpTransport, user_agent
from napari_idr.transport._limit import LimitedTransport
from napari_idr.transport._retry import RetryPolicy, retry_after_s
from napari_idr.transport._stack import open_transport
from napari_idr.transport._store import AnswerStore

__all__ = [
    "JSON_BYTES",
    "OBJECT_BYTES",
    "PICTURE_BYTES",
    "TABLE_BYTES",
    "AnswerStore",
    "ByteRange",
    "CachingTransport",
    "HttpTransport",
    "KeepRule",
    "LimitedTransport",
    "Params",
    "Request",
    "Response",
    "RetryPolicy",
    "Stream",
    "Transport",
    "open_transport",
    "retry_after_s",
    "server_address",
    "user_agent",
]
