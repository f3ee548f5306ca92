"""Attached files come whole, to the directory, and nowhere else."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import threading
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api import downloads, safe_file_name
from napari_idr.cancel import CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    DownloadError,
    NotFoundError,
    ResponseFormatError,
    ServerError,
)
from napari_idr.model import AnnotationId, ScreenId

NAME = "idr0902 screenA, annotation µ.csv"


@pytest.fixture
def file(client):
    [found] = [
        one
        for one in client.file_annotations(screen=ScreenId(3102))
        if one.name == NAME
    ]
    return found


def test_a_file_comes_whole_and_under_its_name(client, file, tmp_path):
    told = []

    path = client.download(
        file, tmp_path, progress=lambda done, total: told.append((done, total))
    )

    assert path == tmp_path / NAME
    assert path.stat().st_size == file.size
    assert path.read_text("utf-8").startswith("Plate")
    assert told[-1] == (file.size, file.size)
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_file_that_is_there_stays(client, archive, file, tmp_path):
    (tmp_path / NAME).write_text("mine")
    archive.requests.clear()

    with pytest.raises(DownloadError, match="exists already"):
        client.download(file, tmp_path)

    assert (tmp_path / NAME).read_text() == "mine"
    assert len(archive.requests) == 0


def test_a_file_that_is_there_is_replaced_when_asked(client, file, tmp_path):
    (tmp_path / NAME).write_text("old")

    client.download(file, tmp_path, overwrite=True)

    assert (tmp_path / NAME).stat().st_size == file.size


def test_a_file_that_came_up_meanwhile_stays(client, archive, file, tmp_path):
    def came_up(done, total):
        (tmp_path / NAME).write_text("mine")

    with pytest.raises(DownloadError, match="exists already"):
        client.download(file, tmp_path, progress=came_up)

    assert (tmp_path / NAME).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_is_not_followed_out_of_the_directory(client, file, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / NAME).symlink_to(outside)

    client.download(file, inside, overwrite=True)

    assert outside.read_text() == "mine"
    assert not (inside / NAME).is_symlink()


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "..\\evil.csv"])
def test_a_name_doesn_t_lead_out_of_the_directory(client, file, tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()

    path = client.download(replace(file, name=name), inside)

    assert path == inside / "evil.csv"
    assert list(tmp_path.iterdir()) == [inside]


def test_a_terabyte_is_refused_before_anything_is_sent(client, archive, tmp_path):
    huge = max(client.file_annotations(screen=ScreenId(3101)), key=lambda f: f.size)
    archive.requests.clear()

    with pytest.raises(DownloadError, match="don't fit"):
        client.download(replace(huge, size=2**60), tmp_path)

    assert len(archive.requests) == 0


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_size_than_announced_is_told(client, file, tmp_path, difference):
    with pytest.raises(DownloadError, match="bytes"):
        client.download(replace(file, size=file.size + difference), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lay", "error"),
    [
        (lambda faults: faults.truncate("annotation"), ConnectionFailedError),
        (lambda faults: faults.drop("annotation"), ConnectionFailedError),
        (lambda faults: faults.wrong_type("annotation"), ResponseFormatError),
        (lambda faults: faults.answer_next(500), ServerError),
        (lambda faults: faults.answer_next(404), NotFoundError),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    client, archive, file, tmp_path, lay, error
):
    lay(archive.faults)

    with pytest.raises(error):
        client.download(file, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_download_can_be_cancelled_and_leaves_nothing(
    client, archive, file, tmp_path
):
    archive.faults.slow("annotation", bytes_per_s=1000)
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()

    with pytest.raises(Cancelled):
        client.download(file, tmp_path, cancel=cancel)

    assert list(tmp_path.iterdir()) == []


def test_no_directory_is_told(client, file, tmp_path):
    with pytest.raises(DownloadError, match="not a directory"):
        client.download(file, tmp_path / "nowhere")


def test_an_annotation_without_a_file_is_not_found(client, file, tmp_path):
    with pytest.raises(NotFoundError):
        client.download(replace(file, id=AnnotationId(1)), tmp_path)


@given(st.text(max_size=300))
def test_any_name_is_made_good_on_every_system(name):
    safe = safe_file_name(name)

    assert safe == safe_file_name(safe)
    assert 1 <= len(safe.encode()) <= 140
    assert not set(safe) & set('/\\<>:"|?*\0')
    assert safe not in (".", "..")
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in safe)


@pytest.mark.parametrize("name", ["CON", "con.txt", "LPT1.csv", "NUL .tar.gz", "COM¹"])
def test_a_name_of_a_device_gets_another(name):
    assert safe_file_name(name).startswith("_")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "file"),
        ("..", "file"),
        ("a/../..", "file"),
        ("/", "file"),
        ("\u202e\u200b", "file"),
        ("gpj.\u202eexe.png", "gpj.exe.png"),
        ("a\nb\x00\x7fc.csv", "abc.csv"),
        ("plate 1.csv. . ", "plate 1.csv"),
        ("a\\b/c:d.csv", "c_d.csv"),
        ("a\ud800b.csv", "ab.csv"),
        ("Aux.tar.gz", "_Aux.tar.gz"),
        ("com0", "_com0"),
    ],
)
def test_what_no_system_or_no_person_would_read_right_is_left_out(name, safe):
    assert safe_file_name(name) == safe


def test_a_long_name_keeps_its_ending():
    assert safe_file_name("é" * 300 + ".csv").endswith("é.csv")


def test_what_a_killed_download_has_left_goes_with_the_next(client, file, tmp_path):
    left = tmp_path / f".{'0' * 16}.idr-part"
    others = [tmp_path / ".mine.idr-part", tmp_path / f".{'0' * 16}.idr-part.txt"]
    for path in (left, *others):
        path.write_bytes(b"part")

    client.download(file, tmp_path)

    assert not left.exists()
    assert all(path.exists() for path in others)


@pytest.mark.skipif(downloads.FCNTL is None, reason="open files can't be removed")
def test_what_another_download_is_writing_stays(client, file, tmp_path):
    writing: list[list[str]] = []

    def other(done, total):
        if not writing:
            writing.append([])
            client.download(replace(file, name="other.csv"), tmp_path)
            writing.append([one.name for one in tmp_path.glob(".*")])

    path = client.download(file, tmp_path, progress=other)

    assert len(writing[1]) == 1
    assert path.stat().st_size == file.size
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([NAME, "other.csv"])


@pytest.mark.parametrize("age_s", [90_000, 10])
def test_where_files_cant_be_locked_a_part_goes_after_a_day(
    client, file, tmp_path, monkeypatch, age_s
):
    monkeypatch.setattr(downloads, "FCNTL", None)
    left = tmp_path / f".{'0' * 16}.idr-part"
    left.write_bytes(b"part")
    then = time.time() - age_s
    os.utime(left, (then, then))

    path = client.download(file, tmp_path)

    assert left.exists() is (age_s < 1000)
    assert path.stat().st_size == file.size


@pytest.mark.parametrize(
    ("there", "name"),
    [
        ("DATA.csv", "data.CSV"),
        ("straße.csv", "STRASSE.csv"),
        ("re\u0301sume\u0301.csv", "r\u00e9sum\u00e9.csv"),
    ],
)
def test_a_name_that_most_systems_take_for_another_s_is_taken(
    client, file, tmp_path, there, name
):
    (tmp_path / there).write_text("mine")

    with pytest.raises(DownloadError, match="exists already"):
        client.download(replace(file, name=name), tmp_path)

    assert [one.name for one in tmp_path.iterdir()] == [there]


def test_the_name_is_never_there_without_the_whole_file(
    client, file, tmp_path, monkeypatch
):
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    for step in ("link", "replace", "rename"):
        monkeypatch.setattr(os, step, killed)
    with pytest.raises(KeyboardInterrupt):
        client.download(file, tmp_path)

    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_links_gets_files_too(
    client, file, tmp_path, monkeypatch, taken
):
    def refuse(*args, **kwargs):
        if taken:
            (tmp_path / NAME).write_text("mine")
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)

    if taken:
        with pytest.raises(DownloadError, match="exists already"):
            client.download(file, tmp_path)
        assert (tmp_path / NAME).read_text() == "mine"
    else:
        assert client.download(file, tmp_path).stat().st_size == file.size
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("call", ["disk_usage", "iterdir", "unlink"])
def test_what_a_disk_refuses_is_an_error_of_ours(
    client, file, tmp_path, monkeypatch, call
):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "not for you")

    monkeypatch.setattr(
        *{
            "disk_usage": (shutil, "disk_usage", refuse),
            "iterdir": (pathlib.Path, "iterdir", refuse),
            "unlink": (pathlib.Path, "unlink", refuse),
        }[call]
    )

    if call != "disk_usage":  # the file is there, and what is left goes another time
        assert client.download(file, tmp_path).stat().st_size == file.size
    else:
        with pytest.raises(DownloadError, match="can't be stored"):
            client.download(file, tmp_path)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (None, "nothing more fits: 5 bytes are free, and 16,777,216 are left"),
        (7, "7 bytes don't fit: 5 bytes are free, and 16,777,216 are left"),
    ],
)
def test_a_full_disk_is_said_with_what_is_left_for_others(
    client, file, tmp_path, monkeypatch, size, said
):
    free = shutil.disk_usage(tmp_path)._replace(free=5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)

    with pytest.raises(DownloadError, match=said):
        client.download(replace(file, size=size), tmp_path)


def test_a_file_whose_size_is_not_told_comes_whole(client, file, tmp_path):
    told = []

    path = client.download(
        replace(file, size=None),
        tmp_path,
        progress=lambda done, total: told.append((done, total)),
    )

    assert path.stat().st_size == file.size
    assert all(done == total for done, total in told)


@pytest.mark.parametrize(
    "name", ["CONIN$", "conout$.txt", "a" * 300 + " .", "x" * 139 + " y"]
)
def test_names_that_windows_has_for_itself_or_would_change_are_others(name):
    safe = safe_file_name(name)

    assert safe.partition(".")[0].upper() not in ("CONIN$", "CONOUT$")
    assert safe == safe.rstrip(". ")
