"""A reader of made-up pixels that counts, waits and fails as told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr.api import Level, PixelRegion
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import IDRError
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.tiles import TileViewing, ViewingSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDLE_S = 20.0


class FakeReader:
    """Pixels by rule: each tells its level, channel, t, z, y and x."""

    source = PixelSource.RAW

    def __init__(
        self,
        shape: tuple[int, int] = (64, 96),
        chunk: tuple[int, int] = (16, 16),
        *,
        levels: int = 1,
        size_c: int = 1,
        size_z: int = 1,
        size_t: int = 1,
        rgb: bool = False,
    ) -> None:
        self.image = Image(
            id=ImageId(1),
            name="made up",
            size_y=shape[0],
            size_x=shape[1],
            size_c=3 if rgb else size_c,
            size_z=size_z,
            size_t=size_t,
            pixel_type="uint8" if rgb else "uint16",
            channels=tuple(Channel(name=str(c)) for c in range(size_c)),
        )
        self.rgb = rgb
        self.dtype = np.dtype(np.uint8 if rgb else np.uint16)
        self.levels = tuple(
            Level(shape=(-(-shape[0] >> k), -(-shape[1] >> k)), chunk=chunk)
            for k in range(levels)
        )
        self.reads: list[PixelRegion] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)
        self.errors: dict[tuple[int, int], IDRError | Exception] = {}
        self.denied: set[tuple[int, int]] = set()
        """Where regions begin that are read as empty, as chunks that a store denies."""
        self._was_denied: set[tuple[int, int]] = set()
        self.deaf = False
        self.cancelled: list[PixelRegion] = []
        self.delay_s: Callable[[PixelRegion], float] = lambda _: 0.0
        self._lock = threading.Lock()

    def plane(self, level: int = 0, c: int = 0, t: int = 0, z: int = 0) -> np.ndarray:
        """Return a whole plane, as a witness."""
        height, width = self.levels[level].shape
        y, x = np.indices((height, width))
        plane = (level * 7919 + c * 1009 + t * 101 + z * 13 + y * 31 + x * 3).astype(
            self.dtype
        )
        return np.stack([plane, plane + 1, plane + 2], axis=-1) if self.rgb else plane

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> np.ndarray:
        with self._lock:
            self.reads.append(region)
            self.threads.add(threading.current_thread().name)
        self.began.release()
        self._wait_at_gate(region, NEVER if self.deaf else cancel)
        if (error := self.errors.get((region.y0, region.x0))) is not None:
            raise error
        plane = self.plane(region.level, region.c, region.t, region.z)
        if (region.y0, region.x0) in self.denied:
            self._was_denied.add((region.y0, region.x0))
            plane = np.zeros_like(plane)
        return plane[region.y0 : region.y1, region.x0 : region.x1]

    def ask_again(self) -> Callable[[PixelRegion], bool] | None:
        denied, self._was_denied = self._was_denied, set()
        if not denied:
            return None
        return lambda region: (region.y0, region.x0) in denied

    def _wait_at_gate(self, region: PixelRegion, cancel: CancelToken) -> None:
        cancel.sleep(self.delay_s(region))
        while not self.gate.wait(0.01):
            if cancel.cancelled:
                self.cancelled.append(region)
            cancel.check()


class Slicer:
    """Reads arrays as napari's slicing does: from a module of that name."""

    def __init__(self) -> None:
        scope = {"__name__": "napari.layers._scalar_field._slice", "np": np}
        exec("def look(array): return np.asarray(array)", scope)
        self.look: Callable[[object], np.ndarray] = scope["look"]  # type: ignore[assignment]


@pytest.fixture
def fake_reader() -> type[FakeReader]:
    return FakeReader


@pytest.fixture
def look() -> Callable[[object], np.ndarray]:
    """Read an array as napari does when it draws."""
    return Slicer().look


@pytest.fixture
def viewing() -> Iterator[TileViewing]:
    """A session that settles at once."""
    session = TileViewing(ViewingSettings(settle_s=0.0))
    yield session
    assert session.close()


@pytest.fixture
def idle(viewing: TileViewing) -> Callable[[], None]:
    """Wait until nothing is wanted or fetched."""

    def wait() -> None:
        assert viewing.scheduler.wait_until_idle(IDLE_S)

    return wait
