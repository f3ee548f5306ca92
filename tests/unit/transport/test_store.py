"""Answers on disk come back as they were kept, or not at all."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from napari_idr.transport import AnswerStore, Response, _store
from napari_idr.transport._store import FILE_NAME, OLD_FILE_NAMES

HOUR_S = 3600.0

NOBODY = 65534
"""The user without rights, by its number on Linux and macOS' largest."""

FLIPS = int(os.environ.get("IDR_FLIPS", "400"))
"""How many bytes are flipped, one at a time."""


def answer(number: int) -> Response:
    return Response(
        url=f"http://a/{number}",
        status=200,
        headers={"content-type": "application/json"},
        body=f"[{number}]".encode() * (1 + 700 * (number % 3)),
    )


def fill(directory: Path, count: int = 6) -> Path:
    store = AnswerStore(directory)
    for number in range(count):
        store.keep(f"{number}", answer(number), keep_s=HOUR_S)
    settle(store)
    return directory / FILE_NAME


def settle(store: AnswerStore) -> None:
    """Close a store and its file."""
    store.close()
    with store._lock:
        store._disconnect()


def same(found: Response, number: int) -> bool:
    due = answer(number)
    return (found.url, found.status, found.body, found.content_type) == (
        due.url,
        due.status,
        due.body,
        due.content_type,
    )


def works(directory: Path) -> bool:
    """Tell whether a store in a directory keeps an answer.

    What is broken in the middle of a file is met only now, and costs one try.
    """
    store = AnswerStore(directory)
    for _ in range(2):
        store.keep("new", answer(1), keep_s=HOUR_S)
        if found := store.find("new"):
            break
    settle(store)
    return found is not None and same(found, 1)


@pytest.fixture
def unhurried(monkeypatch):
    """Let a store try again at once what couldn't be done."""
    monkeypatch.setattr(_store, "PAUSE_S", 0.0)


# What is in the file


def test_a_flipped_byte_is_never_served(tmp_path, unhurried):
    whole = fill(tmp_path / "whole").read_bytes()
    chosen = random.Random(8)
    directory = tmp_path / "flipped"
    directory.mkdir()

    for _ in range(FLIPS):
        place, mask = chosen.randrange(len(whole)), chosen.randrange(1, 256)
        broken = bytearray(whole)
        broken[place] ^= mask
        for file in directory.iterdir():
            file.unlink()
        (directory / FILE_NAME).write_bytes(broken)
        store = AnswerStore(directory)
        for number in range(6):
            found = store.find(f"{number}")
            assert found is None or same(found, number), (place, mask)
            if found is None:
                store.keep(f"{number}", answer(number), keep_s=HOUR_S)
        # what was lost is asked anew and kept; what is broken further in, once more
        lost = [n for n in range(6) if store.find(f"{n}") is None]
        assert len(lost) < 6, (place, mask)
        settle(store)
        assert works(directory), (place, mask)


@pytest.mark.parametrize("column", ["stored", "expires", "url", "head", "body"])
def test_what_goes_with_a_body_is_guarded_too(tmp_path, column):
    file = fill(tmp_path)
    broken = sqlite3.connect(file)
    changed = "x'7b7d'" if column in ("url", "head", "body") else f"{column} + 1"
    broken.execute(f"UPDATE answers SET {column} = {changed} WHERE key = '1'")
    broken.commit()
    broken.close()
    store = AnswerStore(tmp_path)

    assert store.find("1") is None
    assert same(store.find("2"), 2)
    settle(store)
    [rows] = sqlite3.connect(file).execute("SELECT count(*) FROM answers").fetchone()
    assert rows == 5  # it is forgotten


def test_an_answer_isn_t_that_to_another_question(tmp_path):
    file = fill(tmp_path)
    swapped = sqlite3.connect(file)
    swapped.execute("UPDATE answers SET key = 'other' WHERE key = '1'")
    swapped.commit()
    swapped.close()
    store = AnswerStore(tmp_path)

    assert store.find("other") is None
    settle(store)


def test_what_was_kept_by_a_clock_that_was_wrong_is_asked_again(tmp_path):
    store = AnswerStore(tmp_path, now=lambda: 2e9)
    store.keep("1", answer(1), keep_s=HOUR_S)
    settle(store)

    store = AnswerStore(tmp_path, now=lambda: 1e9)

    assert store.find("1") is None
    settle(store)


OLD_TABLE = """
CREATE TABLE answers (key TEXT PRIMARY KEY, expires REAL NOT NULL, stored REAL NOT NULL,
    bytes INTEGER NOT NULL, url TEXT NOT NULL, media_type TEXT NOT NULL,
    body BLOB NOT NULL);
INSERT INTO answers VALUES ('0', 9e9, 1, 2, 'http://a', 'application/json', 'old');
"""


@pytest.mark.parametrize("name", [*OLD_FILE_NAMES, FILE_NAME])
def test_the_file_of_an_earlier_version_is_put_away(tmp_path, name):
    old = sqlite3.connect(tmp_path / name)
    old.executescript(OLD_TABLE)
    old.close()

    store = AnswerStore(tmp_path)
    assert store.find("0") is None
    settle(store)

    assert works(tmp_path)
    assert {file.name for file in tmp_path.glob("*.sqlite")} == {FILE_NAME}


def test_another_program_s_file_is_begun_anew(tmp_path, unhurried):
    other = sqlite3.connect(tmp_path / FILE_NAME)
    other.executescript("CREATE TABLE answers (a, b); PRAGMA user_version = 77;")
    other.close()
    store = AnswerStore(tmp_path)
    store.find("0")
    settle(store)

    assert works(tmp_path)


# What happens to the file


def cut(file: Path, size: int) -> None:
    os.truncate(file, size)


def fill_with(file: Path, pattern: bytes) -> None:
    file.write_bytes(pattern * 5000)


def make_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "mine").write_text("mine")


DAMAGES = {
    **{
        f"cut to {size}": lambda file, size=size: cut(file, size)
        for size in (0, 1, 50, 100, 4095, 4096, 5000, 8192, 12288)
    },
    "garbage": lambda file: fill_with(file, b"this is no database"),
    "zeros": lambda file: fill_with(file, b"\0"),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"\xff" * 8192),
    "another": lambda file: file.replace(file.with_name("mine")),
    "directory": make_directory,
    "gone": lambda file: shutil.rmtree(file.parent),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("when", ["between", "midway"])
def test_a_damaged_file_is_done_without_or_begun_anew(
    tmp_path, unhurried, caplog, damage, when
):
    directory = tmp_path / "cache"
    file = fill(directory)
    store = AnswerStore(directory)
    if when == "midway":
        store.find("0")

    DAMAGES[damage](file)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for number in range(6):
                found = store.find(f"{number}")
                assert found is None or same(found, number)
                store.keep(f"{number}", answer(number), keep_s=HOUR_S)
    assert len(caplog.records) <= 1
    settle(store)
    if damage == "directory":
        assert (file / "mine").read_text() == "mine"
    else:
        assert works(directory)


def test_a_store_finds_back_to_a_directory_that_was_removed(tmp_path, unhurried):
    directory = tmp_path / "cache"
    fill(directory)
    store = AnswerStore(directory)
    store.find("0")
    shutil.rmtree(directory)

    for number in range(6):
        store.keep(f"{number}", answer(number), keep_s=HOUR_S)

    assert store.find("5") is not None
    settle(store)
    assert (directory / FILE_NAME).is_file()


@pytest.fixture
def unprivileged():
    """A directory, and what makes it read-only and the process one without rights."""
    directory = Path(tempfile.mkdtemp())
    user = os.geteuid()

    def begin() -> None:
        for file in directory.iterdir():
            file.chmod(0o444)
        directory.chmod(0o555)
        if user == 0:  # whom no mode stops
            os.seteuid(NOBODY)

    yield directory, begin
    os.seteuid(user)
    directory.chmod(0o755)
    shutil.rmtree(directory)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other rights")
def test_a_filled_file_that_can_t_be_written_is_read(unprivileged, caplog):
    directory, begin = unprivileged
    fill(directory)
    begin()
    store = AnswerStore(directory)

    with caplog.at_level(logging.WARNING):
        found = [store.find(f"{number}") for number in range(6)]
        store.keep("new", answer(1), keep_s=HOUR_S)
        store.forget("1")

    assert all(same(one, number) for number, one in enumerate(found))
    assert store.find("new") is None
    assert len(caplog.records) == 1
    settle(store)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="Windows has other rights")
def test_an_empty_directory_that_can_t_be_written_is_done_without(unprivileged, caplog):
    directory, begin = unprivileged
    begin()
    store = AnswerStore(directory)

    with caplog.at_level(logging.WARNING):
        for number in range(6):
            store.keep(f"{number}", answer(number), keep_s=HOUR_S)
            assert store.find(f"{number}") is None

    assert len(caplog.records) == 1
    settle(store)


def test_a_full_disk_is_done_without(tmp_path, caplog):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    fill(tmp_path)
    store = AnswerStore(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write then fails

    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, limits[1]))
        with caplog.at_level(logging.WARNING):
            big = Response(url="http://a", status=200, body=bytes(200_000))
            for number in range(5):
                store.keep(f"big{number}", big, keep_s=HOUR_S)
            found = [store.find(f"{number}") for number in range(6)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert all(one is None or same(one, number) for number, one in enumerate(found))
    assert len(caplog.records) <= 1
    settle(store)
    assert works(tmp_path)


def test_a_file_that_is_held_costs_one_wait(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(_store, "BUSY_TIMEOUT_S", 0.05)
    file = fill(tmp_path)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    tries = []
    store = AnswerStore(tmp_path)
    connected = store._connected
    monkeypatch.setattr(store, "_connected", lambda: tries.append(1) or connected())

    with caplog.at_level(logging.WARNING):
        for number in range(20):
            assert store.find(f"{number}") is None
            store.keep(f"{number}", answer(number), keep_s=HOUR_S)

    assert len(tries) == 1
    assert len(caplog.records) == 1
    other.close()
    settle(store)


# Several at once


def _use(directory: Path, seed: int, results) -> None:
    store = AnswerStore(directory)
    chosen = random.Random(seed)
    wrong = found = 0
    for _ in range(300):
        number = chosen.randrange(20)
        one = store.find(f"{number}")
        if one is None:
            store.keep(f"{number}", answer(number), keep_s=HOUR_S)
        else:
            found += 1
            wrong += not same(one, number)
    results.put((found, wrong))
    settle(store)


def test_two_processes_share_a_file(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(target=_use, args=(tmp_path, seed, results)) for seed in (1, 2)
    ]
    for process in processes:
        process.start()
    told = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)

    assert [wrong for _, wrong in told] == [0, 0]
    assert sum(found for found, _ in told) > 300
    assert works(tmp_path)


def test_threads_that_begin_and_close_at_once_get_right_answers(tmp_path):
    problems: list[object] = []

    def use(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(10):
            store = AnswerStore(tmp_path)
            for _ in range(10):
                number = chosen.randrange(20)
                one = store.find(f"{number}")
                if one is not None and not same(one, number):
                    problems.append(number)
                store.keep(f"{number}", answer(number), keep_s=HOUR_S)
            store.close()

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not problems
