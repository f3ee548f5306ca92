"""The manifest: what it names is there, and napari offers it."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest
import yaml
from npe2 import PluginManifest

import napari_idr

PATH = files(napari_idr) / "napari.yaml"
MANIFEST = PluginManifest.from_file(str(PATH))
COMMANDS = MANIFEST.contributions.commands or []


def test_the_manifest_is_valid_and_says_what_kind_of_plugin_it_is() -> None:
    assert MANIFEST.name == "napari-idr"
    assert {"Dataset", "Visualization"} <= {str(one) for one in MANIFEST.categories}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.id)
def test_each_command_is_there_and_has_a_title_of_its_own(command) -> None:
    module, _, name = command.python_name.partition(":")

    assert callable(getattr(import_module(module), name))
    assert [one.title for one in COMMANDS].count(command.title) == 1


def test_menus_samples_and_widgets_name_commands_that_are_there() -> None:
    given = MANIFEST.contributions
    known = {one.id for one in COMMANDS}
    menus = [item for items in given.menus.values() for item in items]

    assert {item.command for item in menus} <= known
    assert {"napari/layers/visualize", "napari/file/io_utilities"} <= set(given.menus)
    assert len(given.sample_data or []) >= 3
    assert {one.command for one in given.sample_data or []} <= known


def test_the_icon_is_a_drawing_of_ours_in_the_package() -> None:
    package, _, name = str(MANIFEST.icon).partition(":")
    drawing = ET.fromstring((files(package) / name).read_bytes())

    assert drawing.tag.endswith("svg")
    assert "href" not in (files(package) / name).read_text()  # all of it is here


def test_settings_have_titles_and_defaults_that_the_plugin_reads_as_its_own() -> None:
    pages = yaml.safe_load(PATH.read_text())["contributions"]["configurations"]
    named = {
        (page, key): one
        for page, about in pages.items()
        for key, one in about["properties"].items()
    }

    assert all(one["title"] and "default" in one for one in named.values())
    assert {
        *(("connection", key) for key in ("servers", "contact", "at_once")),
        *(("connection", key) for key in ("cache", "cache_folder", "cache_mb")),
        *(("view", key) for key in ("first_tab", "color_style", "scale_bar")),
    } <= set(named)
