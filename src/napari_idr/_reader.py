"""Readers of links, sessions and packs for napari: `napari X`, drops, `viewer.open`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_idr.services.links.reading import read_link
from napari_idr.services.session_file.file import is_session_file
from napari_idr.transport import PACK_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.services.links.layer_data import LayerData

Paths = str | list[str]

NOTHING: list[tuple[None]] = [(None,)]
"""What napari takes for "read, and there is no layer to add"."""


def get_reader(
    path: Paths,
) -> Callable[[Paths], list[LayerData] | list[tuple[None]]] | None:
    """Return what reads links, None for paths that are none; it asks nobody.

    `path` is what npe2 calls a link, or a list of them.
    """
    try:
        link = read_link(_text(path))
    except ValueError:
        return _read  # which says what is wrong with it
    return None if link is None else _read


def _text(paths: str | Sequence[str]) -> str:
    return paths if isinstance(paths, str) else "\n".join(paths)


def _read(paths: Paths) -> list[LayerData] | list[tuple[None]]:
    """Let the browser open what links name; without a window return its layers."""
    link = read_link(_text(paths))
    if link is None:
        raise ValueError("this is no link of the archive")
    viewer = _viewer_with_window()
    if viewer is not None:
        from napari_idr._qt.opening import open_in

        open_in(viewer, link)
        return NOTHING
    from napari_idr._opening import default_server
    from napari_idr.services.links.layer_data import load_layer_data

    return load_layer_data(link, server=default_server())


def get_session_reader(
    path: Paths,
) -> Callable[[Paths], list[LayerData] | list[tuple[None]]] | None:
    """Return what reads sessions, None for other files; it asks nobody.

    `path` is that of a file, or a list of them.
    """
    paths = _listed(path)
    return _read_sessions if paths and all(map(is_session_file, paths)) else None


def _read_sessions(paths: Paths) -> list[LayerData] | list[tuple[None]]:
    """Let the browser open sessions; without a window return their layers."""
    viewer = _viewer_with_window()
    if viewer is not None:
        from napari_idr._qt.open_session import open_session

        for path in _listed(paths):
            open_session(viewer, path, wait=False)
        return NOTHING
    from napari_idr._opening import session_layers

    return [layer for path in _listed(paths) for layer in session_layers(path)]


def get_pack_reader(
    path: Paths,
) -> Callable[[Paths], list[LayerData] | list[tuple[None]]] | None:
    """Return what reads a pack, None for anything else; it asks nobody."""
    paths = _listed(path)
    is_pack = len(paths) == 1 and paths[0].lower().endswith(PACK_SUFFIX)
    return _read_pack if is_pack else None


def _read_pack(paths: Paths) -> list[LayerData] | list[tuple[None]]:
    """Let the browser open a pack; without a window return its plates as layers."""
    path = Path(_listed(paths)[0])
    viewer = _viewer_with_window()
    if viewer is not None:
        from napari_idr._qt.opening import open_pack_in

        open_pack_in(viewer, path)
        return NOTHING
    from napari_idr.services.offline.pack_layers import pack_layers

    return pack_layers(path)


def _listed(paths: Paths) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)


def _viewer_with_window() -> Any:
    """Return the viewer whose window a person works in, None without a window."""
    import napari

    viewer = napari.current_viewer()
    return viewer if getattr(viewer, "window", None) is not None else None
