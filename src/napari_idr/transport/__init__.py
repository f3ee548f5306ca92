"""Bytes in, bytes out: HTTP, and nothing of OMERO."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_idr.transport._address import is_loopback, server_address
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
    rest,
)
from napari_idr.transport._cache import CachingTransport, KeepRule
from napari_idr.transport._limit import LimitedTransport
from napari_idr.transport._offline import OfflineTransport
from napari_idr.transport._pack_file import PACK_SUFFIX, Pack, PackDraft, PackInfo
from napari_idr.transport._packs import (
    PACKS_FOLDER,
    PackTransport,
    RecordingTransport,
)
from napari_idr.transport._reach import Offline, Reach
from napari_idr.transport._retry import RetryPolicy, retry_after_s
from napari_idr.transport._stack import (
    answer_stores,
    cache_directory,
    open_transport,
)
from napari_idr.transport._store import MAX_STORE_BYTES, AnswerStore

if TYPE_CHECKING:
    from napari_idr.transport._http import HttpTransport, user_agent

__all__ = [
    "JSON_BYTES",
    "MAX_STORE_BYTES",
    "OBJECT_BYTES",
    "PACKS_FOLDER",
    "PACK_SUFFIX",
    "PICTURE_BYTES",
    "TABLE_BYTES",
    "AnswerStore",
    "ByteRange",
    "CachingTransport",
    "HttpTransport",
    "KeepRule",
    "LimitedTransport",
    "Offline",
    "OfflineTransport",
    "Pack",
    "PackDraft",
    "PackInfo",
    "PackTransport",
    "Params",
    "Reach",
    "RecordingTransport",
    "Request",
    "Response",
    "RetryPolicy",
    "Stream",
    "Transport",
    "answer_stores",
    "cache_directory",
    "is_loopback",
    "open_transport",
    "rest",
    "retry_after_s",
    "server_address",
    "user_agent",
]


def __getattr__(name: str) -> object:
    if name not in ("HttpTransport", "user_agent"):  # these load requests
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}._http"), name)
