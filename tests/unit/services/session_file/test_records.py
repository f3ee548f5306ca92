"""Sessions as files and as Python: strict writing, lenient reading, hostile files."""

from __future__ import annotations

import dataclasses
import json
import random
import string
import types
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_idr
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError
from napari_idr.services.session_file import record
from napari_idr.services.session_file.codec import MAX_ITEMS, MAX_NOTES, as_python
from napari_idr.services.session_file.file import (
    MAX_FILE_BYTES,
    load_session,
    read_session,
    save_session,
    written,
)
from napari_idr.services.session_file.record import (
    SavedImage,
    SavedLayer,
    SavedPlate,
    SavedRef,
    SavedSession,
    SavedView,
)
from napari_idr.services.session_file.script import script

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ("", "CDC20", 'say "A"', "it's\n\\", "Ä 日本 \U0001f9ec", "session = (")


def made(kind: Any, dice: random.Random) -> Any:
    """Return any value of a type that records have."""
    choices = get_args(kind)
    if get_origin(kind) is Literal:
        return dice.choice(choices)
    if get_origin(kind) in (Union, types.UnionType):
        return made(dice.choice(choices), dice)
    if get_origin(kind) is tuple:
        if Ellipsis in choices:
            choices = choices[:1] * dice.randint(0, 2)
        return tuple(made(one, dice) for one in choices)
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        return kind(**{name: made(hints[name], dice) for name in names})
    return {
        str: lambda: dice.choice(TEXTS),
        int: lambda: dice.choice((0, 1, -7, 2**62)),
        float: lambda: dice.choice((0.0, 1.5, -2e300, 1e-9)),
        bool: lambda: dice.random() < 0.5,
        types.NoneType: lambda: None,
    }[kind]()


sessions = st.integers(0, 10_000).map(
    lambda seed: made(SavedSession, random.Random(seed))
)

SOME = SavedSession(
    server="https://idr.org",
    mosaics=(SavedPlate(server="https://idr.org", id=422, name="P1", field=1),),
    images=(
        SavedImage(
            image=SavedRef(server="https://idr.org", id=7, name='say "A"'),
            layers=(SavedLayer(part="channel", contrast=(1.0, 2.5)),),
        ),
    ),
    view=SavedView(zoom=2.0, point=(0.0, 1.5)),
)


def changed(**values: object) -> str:
    return json.dumps({**json.loads(written(SOME)), **values})


@settings(max_examples=25)
@given(sessions)
def test_what_is_written_is_read_again(session: SavedSession) -> None:
    assert read_session(written(session)) == (session, ())


@settings(max_examples=25)
@given(sessions)
def test_what_is_copied_as_python_makes_the_same_record(session: SavedSession) -> None:
    assert eval(as_python(session), dict(vars(record))) == session


def test_a_script_imports_what_it_uses_and_ends_by_showing_it() -> None:
    told = script(SOME)

    compile(told, "session.py", "exec")
    assert "open_session(viewer, session)" in told
    imported = told.partition("from napari_idr import (")[2].partition(")")[0]
    names = [name.strip(" ,") for name in imported.splitlines() if name.strip()]
    assert names == [
        *("SavedImage", "SavedLayer", "SavedPlate", "SavedRef", "SavedSession"),
        *("SavedView", "open_session"),
    ]
    assert set(names) <= set(napari_idr.__all__)


@settings(max_examples=50)
@given(st.text(alphabet=string.printable, max_size=30))
def test_a_name_from_the_archive_is_no_code_of_a_script(name: str) -> None:
    ref = SavedRef(server=name, id=7, name=name)
    saved = dataclasses.replace(
        SOME, images=(SavedImage(image=ref),), plugin_version=name, saved_at=name
    )
    told = script(saved)

    names: dict[str, object] = {**vars(record), "open_session": print}
    lines = told.partition("session = ")
    before = lines[0].partition("import napari\n")[0].splitlines()
    assert all(line.startswith("#") or not line for line in before)
    assert eval(lines[2].partition("\n\nviewer =")[0], names) == saved
    compile(told, "session.py", "exec")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "isn't whole, or no JSON"),
        ("[1, 2]", "no session of napari-idr"),
        ('{"format": "other", "version": 1}', "no session of napari-idr"),
        ("[" * 100_000, "isn't whole, or no JSON"),
        (b"\xff\xfe\x00", "isn't whole, or no JSON"),
        (b" " * (MAX_FILE_BYTES + 1), "too large"),
        (changed(version=True), "no version"),
        (changed(version="1"), "no version"),
        (changed(version=2), "by a newer napari-idr"),
    ],
)
def test_what_is_no_session_is_told_in_a_sentence(text: str | bytes, said: str) -> None:
    with pytest.raises(IDRError, match=said):
        read_session(text)


def test_numbers_that_never_end_are_no_session() -> None:
    with pytest.raises(IDRError):
        read_session(changed(view={"zoom": 1.0}).replace("1.0", "1" * 10_000))


def test_parts_that_cant_be_read_are_told_and_the_rest_comes() -> None:
    plate = {"kind": "plate", "server": "https://idr.org"}
    told = changed(
        mosaics=[
            {**plate, "id": 1},
            {**plate, "id": "2"},
            {**plate, "id": 2**80},
            {**plate, "id": 4, "field": None, "future": [1]},
            {"kind": "sphere", "id": 5},
            7,
        ],
        view={"zoom": float("inf"), "ndisplay": 4, "point": [1.0]},
        future={"a": 1},
    )

    with pytest.raises(IDRError):
        read_session("{}")
    session, notes = read_session(told.replace(" 7]", " {}]"))

    assert [one.id for one in session.mosaics] == [1, 4]
    assert session.view == SavedView(point=(1.0,))
    assert session.images == SOME.images
    assert len(notes) == 7
    assert all(len(note) <= 200 for note in notes)


def test_lists_without_end_are_left_out_and_notes_are_few() -> None:
    session, notes = read_session(
        changed(mosaics=[{"kind": "plate"}] * 500, images=[{}] * (MAX_ITEMS + 1))
    )

    assert session.mosaics == session.images == ()
    assert len(notes) == MAX_NOTES


def test_half_a_character_is_read_as_a_question_mark() -> None:
    session, _ = read_session(changed(server="a\ud800b"))

    assert session.server == "a?b"


def test_a_file_is_written_whole_and_found_again(tmp_path: Path) -> None:
    path = save_session(tmp_path / "CDC20", SOME, cancel=NEVER)

    assert path.name == "CDC20.idr.json"
    assert load_session(path, cancel=NEVER) == (SOME, ())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_file_that_cant_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_session(tmp_path / "a.idr.json", SOME, cancel=NEVER)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(IDRError, match=r"a\.idr\.json can't be written: No space"):
        save_session(path, SavedSession(), cancel=NEVER)

    assert load_session(path, cancel=NEVER) == (SOME, ())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_file_that_isnt_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(IDRError, match=r"b\.idr\.json can't be read: No such file"):
        load_session(tmp_path / "b.idr.json", cancel=NEVER)
