"""Processes that are killed while they write; run as a program.

    python kills.py {cache|downloads} DIRECTORY ROUNDS SEED [URL]

Each round forks a process that writes to a directory, kills it at a random moment, and
forks another that looks at what is there. It tells as JSON what it found.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from napari_idr import IDRClient
from napari_idr.model import ScreenId
from napari_idr.transport import AnswerStore, Response

LATEST_S = 0.08
"""Kills come until so long after the first write: some tens of writes."""

HOUR_S = 3600.0

KEYS = 40


def body(number: int, seed: int) -> bytes:
    """Return what is kept under a number: it begins with its length and number."""
    length = random.Random(f"{number} {seed}").randrange(20, 300_000)
    return f"{length} {number} ".encode().ljust(length, b"%d" % (number % 10))


def is_whole(found: Response, number: int) -> bool:
    length, told, _ = found.body.split(b" ", 2)
    return (
        len(found.body) == int(length)
        and int(told) == number
        and set(found.body[20:]) <= {ord("0") + number % 10}
        and found.url == f"http://a/{number}"
    )


def keep_for_ever(directory: Path, seed: int, ready) -> None:
    store = AnswerStore(directory, max_bytes=4 * 2**20)
    store.find("any")
    chosen = random.Random(seed)
    while True:
        number = chosen.randrange(KEYS)
        answer = Response(
            url=f"http://a/{number}",
            status=200,
            headers={"content-type": "application/json"},
            body=body(number, chosen.randrange(10)),
        )
        store.keep(f"{number}", answer, keep_s=HOUR_S)
        ready()


def look_at_cache(directory: Path) -> dict[str, int]:
    store = AnswerStore(directory, max_bytes=4 * 2**20)
    found = {n: one for n in range(KEYS) if (one := store.find(f"{n}")) is not None}
    new = Response(url="http://a/0", status=200, body=b"22 0 ".ljust(22, b"0"))
    store.keep("0", new, keep_s=HOUR_S)
    kept = store.find("0")
    return {
        "found": len(found),
        "wrong": sum(not is_whole(one, n) for n, one in found.items()),
        "works": int(kept is not None and kept.body == new.body),
    }


def files(client: IDRClient):
    """Return the attached files of the demo archive that can be had."""
    found = client.file_annotations(screen=ScreenId(3102))
    return [one for one in found if one.size is not None and one.size < 10**7]


def download_for_ever(directory: Path, url: str, seed: int, ready) -> None:
    client = IDRClient(url, cache=False)
    [file, *_] = files(client)
    for number in range(10**6):
        client.download(replace(file, name=f"{seed}-{number}.csv"), directory)
        ready()


def look_at_downloads(directory: Path, url: str) -> dict[str, int]:
    client = IDRClient(url, cache=False)
    [file, *_] = files(client)
    left = sum(1 for _ in directory.glob(".*.idr-part"))
    last = client.download(replace(file, name="last.csv"), directory, overwrite=True)
    due = last.read_bytes()
    names = [one for one in directory.iterdir() if re.match(r"\d+-", one.name)]
    told = {
        "found": len(names),
        "wrong": sum(one.read_bytes() != due for one in names),
        "left before": left,
        "left": sum(1 for _ in directory.glob(".*.idr-part")),
        "works": int(len(due) == file.size),
    }
    for one in names:
        one.unlink()
    return told


def in_a_fork(work) -> tuple[int, int]:
    """Begin work in a process of its own; return its id, and what it writes to."""
    reading, writing = os.pipe()
    if (process := os.fork()) == 0:
        try:
            os.close(reading)
            work(writing)
        except BaseException:  # noqa: BLE001 - it mustn't go on as its parent does
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    return process, reading


def main(kind: str, directory: Path, rounds: int, seed: int, url: str) -> None:
    chosen = random.Random(seed)
    total: dict[str, int] = {}
    for number in range(rounds):

        def write(pipe: int, number: int = number) -> None:
            def ready() -> None:
                os.write(pipe, b"r")

            if kind == "cache":
                keep_for_ever(directory, seed + number, ready)
            else:
                download_for_ever(directory, url, seed + number, ready)

        def look(pipe: int) -> None:
            told = (
                look_at_cache(directory)
                if kind == "cache"
                else look_at_downloads(directory, url)
            )
            os.write(pipe, json.dumps(told).encode())

        process, pipe = in_a_fork(write)
        begun = os.read(pipe, 1)
        time.sleep(chosen.uniform(0, LATEST_S))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(pipe)

        process, pipe = in_a_fork(look)
        text = os.read(pipe, 10_000)
        os.waitpid(process, 0)
        os.close(pipe)
        told = json.loads(text or b'{"failed": 1}')
        told["begun"] = len(begun)
        for key, value in told.items():
            total[key] = total.get(key, 0) + value
    sys.stdout.write(json.dumps(total))


if __name__ == "__main__":
    _, kind, place, rounds, seed, *more = sys.argv
    main(kind, Path(place), int(rounds), int(seed), *(more or [""]))
