"""Object storage without an archive beside it."""

from __future__ import annotations

from napari_idr.api.zarr.store import ObjectStorage
from napari_idr.transport import open_transport


def object_storage(*, at_once: int = 8, timeout_s: float = 30.0) -> ObjectStorage:
    """Return storage as an archive on this machine has it."""
    transport = open_transport(
        "http://127.0.0.1:1",
        cache=False,
        rules=(),
        at_once=at_once,
        timeout_s=timeout_s,
    )
    return ObjectStorage(transport, at_once=at_once)
