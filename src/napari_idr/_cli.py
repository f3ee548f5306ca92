"""`napari-idr`: open the browser in napari, or start the demo archive."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from napari_idr import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command == "demo":
        from napari_idr import demo

        demo.run(
            port=options.port,
            face=options.face,
            delay_ms=options.delay_ms,
            thumbnail_ms=options.thumbnail_ms,
        )
        return 0
    return _browse(options.server)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-idr", description="Browse the Image Data Resource in napari."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(server=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    browse = commands.add_parser(
        "browse", help="open napari with the browser (default)"
    )
    browse.add_argument("--server", help="the address of an OMERO.web server")
    demo = commands.add_parser("demo", help="serve a small archive of invented studies")
    demo.add_argument("--port", type=int, default=0, help="0, the default, finds one")
    demo.add_argument("--face", choices=("classic", "idr"), default="classic")
    demo.add_argument("--delay-ms", type=int, default=0, help="of every answer")
    demo.add_argument("--thumbnail-ms", type=int, default=0, help="of every thumbnail")
    return parser


def _browse(server: str | None) -> int:
    if server:
        os.environ["NAPARI_IDR_SERVER"] = server
    try:
        import napari

        viewer = napari.Viewer()
    except ImportError as error:
        sys.stderr.write(
            f"napari can't open a window ({error}); a Qt binding may be missing: "
            "pip install 'napari-idr[all]'\n"
        )
        return 1
    viewer.window.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    napari.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
