"""Measure the mean intensity of every well of a plate on all cores of this machine.

    python mean_intensity_per_well.py PLATE_ID means.csv [SERVER]

Started again with the same table, it goes on where it stopped. A well that fails is
named, and the others are measured.
"""

import csv
import sys
from functools import cache
from pathlib import Path

from distributed import Client, LocalCluster, Semaphore, as_completed

from napari_idr import IDRClient
from napari_idr.errors import IDRError


@cache
def archive(server: str) -> IDRClient:  # one a process: its wells share connections
    return IDRClient(server, at_once=2)


def measure(server: str, image_id: int, turns: Semaphore) -> list[str]:
    with turns:  # four images, two requests each: 8 at once from all processes
        pixels = archive(server).pixels(image_id)
        means = pixels.levels[0].mean(axis=(0, 2, 3, 4)).compute(scheduler="sync")
    return [pixels.source, *(f"{mean:.3f}" for mean in means)]


def main(plate_id: int, table: Path, server: str = "idr.openmicroscopy.org") -> None:
    done = {row[0] for row in csv.reader(table.open())} if table.exists() else set()
    grid = archive(server).plate_grid(plate_id)
    wells = {grid.label(cell.row, cell.column): cell.image_id for cell in grid}
    with LocalCluster(threads_per_worker=1) as cpus, Client(cpus) as cluster:
        turns = Semaphore(4, "turns")
        jobs = {
            cluster.submit(measure, server, wells[well], turns, retries=3): well
            for well in wells.keys() - done
        }
        with table.open("a", buffering=1, newline="") as file:  # line by line
            for count, job in enumerate(as_completed(jobs), len(done) + 1):
                try:
                    csv.writer(file).writerow([jobs[job], *job.result()])
                except IDRError as error:  # the next start tries this well again
                    print(jobs[job], error, file=sys.stderr, flush=True)
                print(count, "of", len(wells), "wells", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
