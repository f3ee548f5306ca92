"""Measure the mean intensity of every well of a plate on all cores of this machine.

    python mean_intensity_per_well.py PLATE_ID means.csv [SERVER]

Started again with the same table, it goes on where it stopped. A well that fails is
named, and the others are measured.
"""

import sys
from pathlib import Path

from distributed import Client, LocalCluster

from napari_idr import IDRClient


def means(pixels):  # of a well: T, C, Z, Y, X
    by_channel = pixels.levels[0].mean(axis=(0, 2, 3, 4)).compute()
    return {f"mean {c}": round(float(mean), 3) for c, mean in enumerate(by_channel)}


def tell(done: int, total: int) -> None:
    print(done, "of", total, "wells", flush=True)


def main(plate_id: int, table: Path, server: str = "idr.openmicroscopy.org") -> None:
    with (
        IDRClient(server) as archive,
        LocalCluster(threads_per_worker=1) as cpus,
        Client(cpus) as cluster,
    ):
        found = archive.map_wells(
            plate_id,
            means,
            scheduler=cluster,
            at_once=8,  # requests of all processes together
            resume=table.with_suffix(".jsonl"),
            progress=tell,
        )
    found.to_csv(table)
    for well, error in found.get("error", found["source"][:0]).dropna().items():
        print(well, error, file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
