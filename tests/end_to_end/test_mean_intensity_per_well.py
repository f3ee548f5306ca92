from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from napari_idr import IDRClient
from napari_idr.demo.faults import FOREVER
from napari_idr.demo.pixels import plane
from napari_idr.model import PlateId

SCRIPT = Path(__file__).parents[2] / "examples/mean_intensity_per_well.py"
PLATE = PlateId(7101)


@pytest.mark.timeout(170)
def test_a_plate_is_measured_on_a_cluster_although_it_was_begun_and_a_worker_dies(
    idr_archive, tmp_path
):
    with IDRClient(idr_archive.url, cache=False) as client:
        grid = client.plate_grid(PLATE)
    cells = list(grid)
    table = tmp_path / "means.csv"
    begun = [
        {"server": idr_archive.url, "image_id": cell.image_id, "source": "raw",
         "values": {"mean 0": 0.0, "mean 1": 0.0}}
        for cell in cells[:-8]
    ]  # fmt: skip
    record = table.with_suffix(".jsonl")
    record.write_text("".join(f"{json.dumps(one)}\n" for one in begun))
    *measured, broken = cells[-8:]
    lost = grid.label(broken.row, broken.column)
    chunks = rf"\.zarr/{lost[0]}/{lost[1:]}/0/0/\d"
    idr_archive.faults.answer_next(200, times=FOREVER, match=chunks, body="cut")

    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(PLATE), str(table), idr_archive.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as script:
        said = []
        for line in script.stdout:
            said.append(line)
            if "of 96 wells" in line and sum("of 96 wells" in one for one in said) == 2:
                kill_one_worker(script.pid)

    rows = {row["well"]: row for row in csv.DictReader(table.open())}
    assert script.returncode == 0, "".join(said)
    assert "96 of 96 wells\n" in said
    assert len(rows) == len(cells)
    assert [well for well, row in rows.items() if row["error"]] == [lost]
    assert sum(line.startswith(f"{lost} a chunk of") for line in said) == 1
    for cell in measured:
        image = idr_archive.world.images[cell.image_id]
        row = rows[grid.label(cell.row, cell.column)]
        assert row["source"] == "raw"
        for c in range(image.size_c):
            assert float(row[f"mean {c}"]) == round(plane(image, c).mean(), 3)
    assert idr_archive.requests.most_in_flight <= 8


def kill_one_worker(pid: int) -> None:
    family = psutil.Process(pid).children(recursive=True)
    workers = [one for one in family if "spawn_main" in " ".join(one.cmdline())]
    workers[0].kill()
