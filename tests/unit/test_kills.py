"""A process that is killed while it writes leaves nothing that is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "kills.py"

KILLS = int(os.environ.get("IDR_KILLS", "5"))
"""How many processes are killed."""

SEED = 8

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")


def told(kind: str, directory: Path, url: str = "") -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, PROGRAM, kind, directory, str(KILLS), str(SEED), url],
        capture_output=True,
        text=True,
        timeout=60 + 20 * KILLS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sys.stdout.write(done.stdout)  # shown if the test fails, or with -s
    return json.loads(done.stdout)


def test_a_cache_whose_writers_were_killed_gives_right_answers(tmp_path):
    found = told("cache", tmp_path)

    assert found["begun"] == found["works"] == KILLS
    assert found["wrong"] == 0
    assert found["found"] > 0


def test_of_killed_downloads_a_name_is_absent_or_whole(archive, tmp_path):
    found = told("downloads", tmp_path, archive.url)

    assert found["begun"] == found["works"] == KILLS
    assert found["wrong"] == 0
    assert found["left"] == 0  # the next one has cleaned up
    assert found["found"] > 0
