"""Browse the Image Data Resource in napari.

In a notebook, `IDRClient` alone is enough; it needs neither Qt nor napari.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_idr._version import __version__

if TYPE_CHECKING:
    from napari_idr._opening import open, open_session  # noqa: A004 - as in gzip.open
    from napari_idr.api import IDRClient
    from napari_idr.cancel import CancelToken
    from napari_idr.errors import (
        BrokenAnswerError,
        Cancelled,
        CertificateError,
        ConnectionFailedError,
        DownloadError,
        IDRError,
        MovedError,
        NotFoundError,
        NotKeptError,
        PackError,
        PageError,
        PixelDataError,
        ProtocolError,
        RateLimitedError,
        RequestTimeoutError,
        ResponseFormatError,
        ServerError,
        StatusError,
        WrongServerError,
    )
    from napari_idr.model import AnyOf, Condition, PixelSource
    from napari_idr.services.cite import cite
    from napari_idr.services.session_file import (
        SavedCell,
        SavedCondition,
        SavedGallery,
        SavedImage,
        SavedKey,
        SavedLayer,
        SavedLine,
        SavedLook,
        SavedObject,
        SavedPlate,
        SavedRef,
        SavedSearch,
        SavedSession,
        SavedStrip,
        SavedStudy,
        SavedView,
    )


__all__ = [
    "AnyOf",
    "BrokenAnswerError",
    "CancelToken",
    "Cancelled",
    "CertificateError",
    "Condition",
    "ConnectionFailedError",
    "DownloadError",
    "IDRClient",
    "IDRError",
    "MovedError",
    "NotFoundError",
    "NotKeptError",
    "PackError",
    "PageError",
    "PixelDataError",
    "PixelSource",
    "ProtocolError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseFormatError",
    "SavedCell",
    "SavedCondition",
    "SavedGallery",
    "SavedImage",
    "SavedKey",
    "SavedLayer",
    "SavedLine",
    "SavedLook",
    "SavedObject",
    "SavedPlate",
    "SavedRef",
    "SavedSearch",
    "SavedSession",
    "SavedStrip",
    "SavedStudy",
    "SavedView",
    "ServerError",
    "StatusError",
    "WrongServerError",
    "__version__",
    "cite",
    "open",
    "open_session",
]

_MODULES = {
    "AnyOf": "model",
    "CancelToken": "cancel",
    "Condition": "model",
    "IDRClient": "api.client",
    "PixelSource": "model",
    "cite": "services.cite",
    "open": "_opening",
    "open_session": "_opening",
    **{name: "services.session_file" for name in __all__ if name.startswith("Saved")},
}
"""Where names are that aren't errors; they are loaded when first used."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
