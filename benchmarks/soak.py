"""Steady for a day: plates and images without end, and a random walk.

`python -m benchmarks.soak --plates 200 --images 200` opens and removes so many in a
window, cancels a third of them, and then adds and removes as many plain layers of
napari's in a window without the browser, each in a process of its own. `--walk 40`
does for so many minutes what a person might do, at random. Each writes what the process
holds into a CSV file, and draws it, in `build/soak`.

It needs a display (`tools/with-display` gives one) and what the tests need, and isn't
part of `python -m benchmarks`: it takes an hour.
"""

from __future__ import annotations

import argparse
import csv
import gc
import os
import random
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

import numpy as np  # noqa: E402 - the folder of the tests comes before
from qtpy.QtTest import QTest  # noqa: E402
from qtpy.QtWidgets import QDockWidget, QTabWidget  # noqa: E402

from benchmarks.archive import served_large  # noqa: E402
from benchmarks.curves import Curve, Panel, draw_curves  # noqa: E402
from benchmarks.figures import Setup  # noqa: E402
from benchmarks.window import opened_window  # noqa: E402
from benchmarks.worlds import (  # noqa: E402
    SOAK_COLUMNS,
    SOAK_PLATES,
    SOAK_ROWS,
    SOAK_SCREEN,
    soak_plate,
)
from napari_idr._qt.layers.scene import scene_of  # noqa: E402
from support.guards import settle  # noqa: E402
from support.holdings import Holdings, holdings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support.person import Person
    from support.window import Window

OUT = ROOT / "build" / "soak"

STUDIES_TAB = 1

CANCELLED = 3
"""One in so many is cancelled."""

DELAY_MS, THUMBNAIL_MS = 20, 1
"""Of the archive: time enough to cancel, and an hour is enough for all of it."""

MOST_MS = 400
"""Within this it is cancelled: before, while and just after pixels come."""

IDLE_MS = 7000
"""Threads without work have ended by then."""

LINES_MS = 35_000
"""Connections and files that nobody used are closed by then."""

BOUND = 1.03
"""The memory of the last quarter, in times of that of the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the process held after so many rounds; `what` says at which stage."""

    seconds: float
    rounds: int
    what: str
    tile_bytes: int
    layers: int
    held: Holdings


class Log:
    """Samples of a run, written down as they come."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.samples: list[Sample] = []
        self.path = path
        self._began = time.monotonic()
        self._file = path.open("w", newline="")
        self._rows = csv.writer(self._file)
        names = [field.name for field in fields(Holdings)]
        self._rows.writerow(
            ["seconds", "rounds", "what", "tile_bytes", "layers", *names, "load"]
        )

    def add(self, rounds: int, what: str, window: Window | None) -> Sample:
        """Note what the process holds now."""
        viewer = None if window is None else window.viewer
        sample = Sample(
            seconds=time.monotonic() - self._began,
            rounds=rounds,
            what=what,
            tile_bytes=0 if viewer is None else _tile_bytes(viewer),
            layers=0 if viewer is None else len(viewer.layers),
            held=holdings(),
        )
        self.samples.append(sample)
        self._rows.writerow(
            [
                f"{sample.seconds:.1f}",
                rounds,
                what,
                sample.tile_bytes,
                sample.layers,
                *asdict(sample.held).values(),
                f"{os.getloadavg()[0]:.2f}",
            ]
        )
        self._file.flush()
        return sample


def _tile_bytes(viewer: Any) -> int:
    window = viewer.window._qt_window
    found = [one for one in window.children() if type(one).__name__ == "ViewerScene"]
    return scene_of(viewer).viewing.cache.bytes if found else 0


def quarters(values: Sequence[float]) -> float:
    """Return the mean of the last quarter in times of that of the second.

    >>> quarters([5, 5, 2, 2, 3, 3, 4, 4])
    2.0
    """
    part = max(1, len(values) // 4)
    return statistics.mean(values[-part:]) / statistics.mean(values[part : 2 * part])


def rest(window: Window, person: Person | None = None) -> None:
    """Leave nothing in the viewer, and nothing on its way."""
    if person is not None:
        cancel = person.find("idr_cancel")
        person.until(cancel.isHidden)
        browser = person.browser
        person.until(lambda: browser.jobs.wait_idle(0))  # type: ignore[attr-defined]
    window.viewer.layers.clear()
    settle()
    QTest.qWait(50)  # what goes a turn later
    settle()
    gc.collect()


# Plates and images


def soak(plates: int, images: int, log: Log) -> None:
    """Open and remove plates and images; every third is cancelled."""
    choice = random.Random(1)
    setup = Setup(delay_ms=DELAY_MS, thumbnail_ms=THUMBNAIL_MS)
    with served_large("plates", setup) as address, opened_window() as window:
        window.viewer.add_points([[0, 0]])
        window.paint()
        window.viewer.layers.clear()
        QTest.qWait(IDLE_MS)
        log.add(0, "empty window", window)
        person = window.browse(address)
        person.find("idr_tabs", QTabWidget).setCurrentIndex(STUDIES_TAB)
        person.until(lambda: person.is_idle and SOAK_SCREEN in person.rows())
        person.open(SOAK_SCREEN)
        for number in range(1, max(plates, images) + 1):
            name = soak_plate((number - 1) % SOAK_PLATES + 1)
            is_cancelled = number % CANCELLED == 0
            if number <= plates:
                person.click_line(SOAK_SCREEN, name, double=True)
                _wait(person, choice if is_cancelled else None)
            if number <= images:
                mosaic = f"{name}, field 1"
                if is_cancelled or mosaic not in window.names:
                    person.click_line(SOAK_SCREEN, name, double=True)
                    person.until_idle()
                window.double_click(_some_well(window, mosaic, choice))
                QTest.qWait(20)
                _wait(person, choice if is_cancelled else None)
                window.paint()
            rest(window, person)
            log.add(number, "round", window)
        _end(window, person, log, max(plates, images))
    QTest.qWait(IDLE_MS)
    log.add(max(plates, images), "window closed", None)


def _wait(person: Person, choice: random.Random | None) -> None:
    """Wait until it is there, or cancel it at some time before."""
    if choice is None:
        person.until_idle()
        return
    QTest.qWait(choice.randrange(MOST_MS))
    if person.find("idr_cancel").isVisible():
        person.click("idr_cancel")


def _some_well(window: Window, mosaic: str, choice: random.Random) -> Any:
    row, column = choice.randrange(SOAK_ROWS), choice.randrange(SOAK_COLUMNS)
    return window.well_point(window.layer(mosaic), f"{'ABCDEFGH'[row]}{column + 1}")


def _end(window: Window, person: Person, log: Log, rounds: int) -> None:
    """Close the dock, and note what is left after each pause."""
    QTest.qWait(IDLE_MS)
    log.add(rounds, "at rest", window)
    dock = person.browser.parent()
    assert isinstance(dock, QDockWidget)
    dock.destroyOnClose()  # type: ignore[attr-defined]
    settle()
    QTest.qWait(LINES_MS)
    log.add(rounds, "dock closed", window)


def plain(rounds: int, log: Log) -> None:
    """Add and remove as many layers of napari's own, of the same kinds and sizes."""
    shape = (SOAK_ROWS * 100, SOAK_COLUMNS * 100)
    wells = SOAK_ROWS * SOAK_COLUMNS
    numbers = np.random.default_rng(1)
    labels = [f"{n}" for n in range(SOAK_ROWS + SOAK_COLUMNS)]
    with opened_window() as window:
        viewer = window.viewer
        viewer.add_points([[0, 0]])
        window.paint()
        viewer.layers.clear()
        QTest.qWait(IDLE_MS)
        log.add(0, "empty window", window)
        for number in range(1, rounds + 1):
            whole = numbers.integers(0, 255, (*shape, 3), np.uint8)
            viewer.add_image([whole, whole[::4, ::4]], rgb=True, multiscale=True)
            centers = numbers.uniform(0, shape[0], (wells, 2))
            viewer.add_points(centers, features={"well": range(wells)}, visible=False)
            viewer.add_vectors(np.ones((8, 2, 2)))
            viewer.add_points(
                centers[: len(labels)],
                features={"label": labels},
                text={"string": "{label}"},
            )
            viewer.reset_view()
            window.paint()
            for _ in range(2):
                pixels = numbers.integers(0, 60_000, (512, 512), np.uint16)
                viewer.add_image(pixels, blending="additive")
            window.paint()
            rest(window)
            log.add(number, "round", window)
    QTest.qWait(IDLE_MS)
    log.add(rounds, "window closed", None)


# The command


def draw(logs: dict[str, Path], path: Path, x_label: str) -> None:
    """Draw what was noted, in a panel for each kind of thing."""
    tables = {name: _read(log) for name, log in logs.items() if log.exists()}
    kinds: dict[str, Callable[[dict[str, str]], float]] = {
        "memory, MB": lambda row: int(row["resident_bytes"]) / 1e6,
        "threads": lambda row: float(row["threads"]),
        "connections": lambda row: float(row["sockets"]),
        "descriptors": lambda row: float(row["descriptors"]),
    }
    across = "rounds" if x_label == "rounds" else "seconds"
    scale = 1.0 if x_label == "rounds" else 60.0
    panels = [
        Panel(
            title=title,
            x_label=x_label,
            curves=[
                Curve(
                    name=name,
                    points=[(float(row[across]) / scale, of(row)) for row in rows],
                )
                for name, rows in tables.items()
            ],
        )
        for title, of in kinds.items()
    ]
    draw_curves(panels, path)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        rows = [*csv.DictReader(file)]
    return [row for row in rows if row["what"] in ("round", "at rest")] or rows


def summary(path: Path) -> str:
    """Return in a line what became of memory, threads, connections and descriptors."""
    rows = _read(path)
    told = []
    for name in ("resident_bytes", "threads", "sockets", "descriptors"):
        values = [float(row[name]) for row in rows]
        told.append(f"{name} {quarters(values):.3f}" if any(values) else f"{name} 0")
    return f"{path.stem}: last quarter / second: {', '.join(told)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 where memory grows beyond the bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--plates", type=int, default=0)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--plain", type=int, default=0, help="rounds of plain layers")
    parser.add_argument("--walk", type=float, default=0, help="minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args(arguments)
    out: Path = chosen.out
    out.mkdir(parents=True, exist_ok=True)
    kept = True
    if chosen.plates or chosen.images:
        log = Log(out / "soak.csv")
        soak(chosen.plates, chosen.images, log)
        rounds = max(chosen.plates, chosen.images)
        # Of another process, as memory that was taken isn't always given back.
        again = [sys.executable, "-m", "benchmarks.soak", "--plain", str(rounds)]
        subprocess.run([*again, "--out", str(out)], check=True, cwd=ROOT)
        both = {"with the browser": log.path, "plain layers": out / "plain.csv"}
        draw(both, out / "soak.svg", "rounds")
        sys.stdout.write(f"{summary(log.path)}\n{summary(out / 'plain.csv')}\n")
        memory = [float(row["resident_bytes"]) for row in _read(log.path)]
        kept = quarters(memory) <= BOUND
    elif chosen.plain:
        plain(chosen.plain, Log(out / "plain.csv"))
    if chosen.walk:
        from benchmarks.walk import walk

        log = Log(out / f"walk-{chosen.seed}.csv")
        troubles = walk(chosen.walk, chosen.seed, log)
        draw({"at rest": log.path}, out / f"walk-{chosen.seed}.svg", "minutes")
        sys.stdout.write("\n".join([summary(log.path), *troubles, ""]))
        kept = kept and not troubles
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
