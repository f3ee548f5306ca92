"""Archives with more in them than the demo's own, each run in a process of its own.

`python -m benchmarks.worlds NAME` serves one until it is ended, and prints its address.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.many_lines import ManyLines
from napari_idr import demo
from napari_idr.demo import Answer, Request, World
from napari_idr.demo.faults import FOREVER, Fault
from napari_idr.demo.studies.builder import Builder, PlatePlan, WellPlan, add_plate
from napari_idr.demo.studies.genes import PLAIN_GENES, treatment
from napari_idr.demo.studies.many_studies import many_studies
from napari_idr.demo.studies.stains import CY3, DAPI
from napari_idr.demo.world import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

NICENESS = 5
"""The window comes first, but what else the machine does doesn't starve the archive."""

SCREEN_ID = 11
ROWS, COLUMNS = 20, 25
PLATES = 10
"""Of 500 wells each: 5000 images, the most that a gallery has."""

SOAK_PLATES = 200
SOAK_ROWS, SOAK_COLUMNS = 8, 12
SOAK_SCREEN = "idr0991-demo-soak/screenA"

HITS = 200_000
HITS_A_PAGE = 1000
GENES, COMPOUNDS, PHENOTYPES = 3000, 20_000, 40


def large_gallery() -> World:
    """Return a screen with 5000 images, all of one organism."""
    builder = Builder()
    plate_ids = tuple(range(1, PLATES + 1))
    for number in plate_ids:
        add_plate(
            builder,
            PlatePlan(
                id=number,
                screen_id=SCREEN_ID,
                study="large",
                name=f"LG{number:03}",
                rows=ROWS,
                columns=COLUMNS,
                fields=1,
                first_image_id=1_000_000 + 1000 * number,
                first_well_id=500_000 + 1000 * number,
                size=(512, 512),
                channels=(DAPI, CY3),
                plan=_well,
            ),
        )
    builder.screens[SCREEN_ID] = Screen(
        id=SCREEN_ID,
        name="idr0990-demo-large/screenA",
        description="5000 wells",
        plate_ids=plate_ids,
    )
    return builder.world(page_size=500)


def many_plates(count: int = SOAK_PLATES) -> World:
    """Return a screen with so many plates of 96 wells, each with images of its own.

    Of every other plate there are raw pixels; the others are drawn by the server.
    """
    builder = Builder()
    plate_ids = tuple(range(1, count + 1))
    for number in plate_ids:
        add_plate(
            builder,
            PlatePlan(
                id=number,
                screen_id=SCREEN_ID,
                study="soak",
                name=soak_plate(number),
                rows=SOAK_ROWS,
                columns=SOAK_COLUMNS,
                fields=1,
                first_image_id=1_000_000 + 1000 * number,
                first_well_id=500_000 + 1000 * number,
                size=(512, 512),
                channels=(DAPI, CY3),
                plan=_well,
                zarr=f"zarr/v0.4/plates/{number}.zarr" if number % 2 else None,
            ),
        )
    builder.screens[SCREEN_ID] = Screen(
        id=SCREEN_ID,
        name=SOAK_SCREEN,
        description=f"{count} plates",
        plate_ids=plate_ids,
    )
    return builder.world(page_size=500)


def soak_plate(number: int) -> str:
    """Return the name of a plate of `many_plates`, counted from 1.

    >>> soak_plate(7)
    'SK007'
    """
    return f"SK{number:03}"


def _well(row: int, column: int) -> WellPlan:
    return WellPlan(treatments=(treatment(row, column, PLAIN_GENES),))


@dataclass(frozen=True, kw_only=True)
class ManyHits(Fault):
    """The pages of a search that finds 200 000 images, each with a dozen pairs."""

    match: str = r"/submitquery/($|\?)"
    times: int = FOREVER
    replaces_answer: ClassVar[bool] = True
    pause_s: float = 0.0

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return the page after the bookmark; it is made by rule, and not kept."""
        time.sleep(self.pause_s)
        [after] = json.loads(request.body).get("bookmark") or [-1]
        numbers = range(after + 1, min(after + 1 + HITS_A_PAGE, HITS))
        results: Any = [] if not numbers else {
            "results": [_hit(number) for number in numbers],
            "size": HITS,
            "total_pages": -(-HITS // HITS_A_PAGE),
            "bookmark": [numbers[-1]],
        }  # fmt: skip
        body = json.dumps({"Error": "none", "results": results}).encode()
        return Answer(200, "application/json", body)


def _hit(number: int) -> dict[str, Any]:
    plate = number // 384
    pairs = {
        "Gene Symbol": f"GENE{number * 7919 % GENES}",
        "Gene Identifier": f"ENSG{number * 7919 % GENES:011}",
        "Compound Name": f"compound {number * 104_729 % COMPOUNDS}",
        "Phenotype": f"phenotype {number * 31 % PHENOTYPES}",
        "Organism": "Homo sapiens",
        "Cell Line": ("HeLa", "U2OS", "A549")[number % 3],
        "siRNA Identifier": f"siRNA {number}",
        "Control Type": "negative control" if number % 24 == 0 else "",
        "Channels": "DAPI:DNA; Cy3:actin",
        "Quality Control": "pass",
    }
    return {
        "id": number,
        "name": f"plate {plate} [Well {number % 384}, Field 1]",
        "description": "",
        "screen_id": float(SCREEN_ID),
        "screen_name": "idr0990-demo-large/screenA",
        "plate_id": float(plate),
        "plate_name": f"LG{plate:03}",
        "well_id": float(number),
        "key_values": [
            {"name": name, "value": value, "index": place}
            for place, (name, value) in enumerate(pairs.items())
        ],
    }


def run(name: str, face: demo.Face, delay_ms: float, thumbnail_ms: float) -> None:
    """Serve an archive until the process is ended; print its address first."""
    os.nice(NICENESS)
    worlds = {"gallery": large_gallery, "plates": many_plates, "studies": many_studies}
    world = worlds[name]() if name in worlds else None
    serve = partial(demo.serve, delay_ms=delay_ms, thumbnail_ms=thumbnail_ms)
    with serve(world, face=face) as archive:
        if name == "hits":
            archive.faults.lay(ManyHits(pause_s=delay_ms / 1000))
        if name == "lists":
            archive.faults.lay(ManyLines(pause_s=delay_ms / 1000))
        sys.stdout.write(f"{archive.url}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worlds")
    names = ["gallery", "hits", "lists", "plates", "studies"]
    parser.add_argument("name", choices=names)
    parser.add_argument("--face", choices=["idr", "classic"], default="idr")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--thumbnail-ms", type=float, default=0.0)
    chosen = parser.parse_args()
    run(chosen.name, chosen.face, chosen.delay_ms, chosen.thumbnail_ms)
