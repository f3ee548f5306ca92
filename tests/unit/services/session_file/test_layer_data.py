"""A session without a window: layers of its plates and images, as they were saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_idr
from napari_idr import IDRClient, IDRError
from napari_idr._reader import get_session_reader
from napari_idr.cancel import NEVER
from napari_idr.services.session_file.file import save_session
from napari_idr.services.session_file.layer_data import load_session_layers
from napari_idr.services.session_file.record import (
    SavedImage,
    SavedLayer,
    SavedPlate,
    SavedRef,
    SavedSession,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo


def saved(archive: demo.Archive) -> SavedSession:
    """Return a session of a plate and of the image of its first well."""
    with IDRClient(archive.url, cache=False) as client:
        study = next(one for one in client.studies() if one.ref.kind == "screen")
        plate = client.plates(study.id)[0]  # type: ignore[arg-type]
        image = next(iter(client.plate_grid(plate.id))).image_id
    url = archive.url
    look = {"visible": True, "opacity": 0.5, "blending": "additive"}
    return SavedSession(
        server=url,
        mosaics=(SavedPlate(server=url, id=plate.id, name=plate.name),),
        images=(
            SavedImage(
                image=SavedRef(server=url, id=image),
                layers=(
                    SavedLayer(
                        part="channel",
                        place=1,
                        name="mine",
                        contrast=(3.0, 200.0),
                        colormap="#00ff00",
                        gamma=0.7,
                        **look,  # type: ignore[arg-type]
                    ),
                ),
            ),
        ),
    )


def test_plates_and_images_are_layers_that_look_as_they_were_saved(
    archive: demo.Archive,
) -> None:
    session = saved(archive)

    layers, missing = load_session_layers(session)

    assert missing == ()
    (channel, look, kind), (canvas, told, _) = layers
    assert kind == "image"
    assert look["name"] == "mine"
    assert (look["contrast_limits"], look["gamma"]) == ((3.0, 200.0), 0.7)
    assert (look["colormap"], look["blending"]) == ("#00ff00", "additive")
    assert look["metadata"]["idr"]["image"]["id"] == session.images[0].image.id
    first = channel[0] if isinstance(channel, list) else channel
    assert np.asarray(first).any()
    assert np.asarray(canvas).any()
    assert told["metadata"]["idr"]["plate"]["id"] == session.mosaics[0].id


def test_what_needs_a_window_or_is_gone_is_told(archive: demo.Archive) -> None:
    url = archive.url
    session = SavedSession(
        server=url,
        mosaics=(SavedPlate(server=url, id=987654, name="lost"),),
        images=(SavedImage(image=SavedRef(server=url, id=987655)),),
    )

    layers, missing = load_session_layers(session)

    assert layers == ()
    assert [one.what for one in missing] == ["plate lost", "image 987655"]


def test_napari_without_a_window_opens_the_file_of_a_session(
    archive: demo.Archive, tmp_path: Path
) -> None:
    path = tmp_path / "mine.idr.json"
    save_session(path, saved(archive), cancel=NEVER)
    viewer = ViewerModel()

    read = get_session_reader(str(path))
    layers = napari_idr.open_session(viewer, path)

    assert read is not None
    assert [kind for _, _, kind in read(str(path))] == ["image", "image"]
    assert [layer.name for layer in viewer.layers] == [one.name for one in layers]
    assert viewer.layers[0].name == "mine"
    assert viewer.layers[0].contrast_limits == [3.0, 200.0]
    assert get_session_reader(str(tmp_path / "other.json")) is None


def test_a_session_of_which_nothing_is_there_is_an_error(
    archive: demo.Archive,
) -> None:
    session = SavedSession(
        server=archive.url,
        mosaics=(SavedPlate(server=archive.url, id=987654, name="lost"),),
    )

    with pytest.raises(IDRError, match="lost"):
        napari_idr.open_session(ViewerModel(), session)
