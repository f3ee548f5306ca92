"""`napari-idr`: open the browser in napari, serve the demo archive, check a server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_idr._opening import SERVER_VARIABLE, plan_link
from napari_idr._version import __version__
from napari_idr.services.links.reading import LINK_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence


COMMANDS: Final = ("browse", "open", "demo", "check")

CANT_ASK: Final = 2
"""Exit status of `check` where the server couldn't be asked, as of a wrong option."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] not in COMMANDS and not given[0].startswith("-"):
        given.insert(0, "open")
    options = _parser().parse_args(given)
    if options.command == "demo":
        from napari_idr import demo

        demo.run(
            port=options.port,
            face=options.face,
            delay_ms=options.delay_ms,
            thumbnail_ms=options.thumbnail_ms,
        )
        return 0
    if options.command == "check":
        return _check(options.url, report=options.report, timeout_s=options.timeout)
    return _browse(options.server, getattr(options, "links", ()))


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
    opening = commands.add_parser(
        "open",
        help="open links or ids in napari; the word may be left out",
        description=f"Open {LINK_HELP}; a number is the id of an image.",
    )
    opening.add_argument("links", nargs="+", metavar="LINK")
    opening.add_argument("--server", help="where a link names none")
    demo = commands.add_parser("demo", help="serve a small archive of invented studies")
    demo.add_argument("--port", type=int, default=0, help="0, the default, finds one")
    demo.add_argument("--face", choices=("classic", "idr"), default="classic")
    demo.add_argument("--delay-ms", type=int, default=0, help="of every answer")
    demo.add_argument("--thumbnail-ms", type=int, default=0, help="of every thumbnail")
    check = commands.add_parser(
        "check", help="hold a server against what this version believes of it"
    )
    check.add_argument("url", nargs="?", metavar="URL", help="default: the IDR")
    check.add_argument("--report", type=Path, metavar="FILE", help="in Markdown")
    check.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="longest silence"
    )
    return parser


def _check(url: str | None, *, report: Path | None, timeout_s: float) -> int:
    """Ask a server; 0 if all is as believed, 1 if not, 2 if it can't be asked."""
    from napari_idr.api import DEFAULT_URL
    from napari_idr.check import all_well, as_markdown, as_table, hold
    from napari_idr.errors import IDRError
    from napari_idr.services.explain import explain
    from napari_idr.transport import HttpTransport, server_address

    try:
        address = server_address(url or os.environ.get(SERVER_VARIABLE) or DEFAULT_URL)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return CANT_ASK
    transport = HttpTransport(address, timeout_s=timeout_s, connections=1)
    try:
        verdicts = tuple(hold(transport, address))
    except IDRError as error:
        sys.stderr.write(f"{explain(error, host=address)}\n")
        return CANT_ASK
    finally:
        transport.close()
    sys.stdout.write(f"{address}\n\n{as_table(verdicts)}")
    if report is not None:
        try:
            report.write_text(as_markdown(verdicts, address), encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"the report can't be written: {error}\n")
            return CANT_ASK
    return 0 if all_well(verdicts) else 1


def _browse(server: str | None, links: Sequence[str] = ()) -> int:
    if server:
        os.environ[SERVER_VARIABLE] = server
    try:
        link = plan_link("\n".join(links), server=server) if links else None
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return CANT_ASK
    try:
        import napari

        viewer = napari.Viewer()
    except ImportError as error:
        sys.stderr.write(
            f"napari can't open a window ({error}); a Qt binding may be missing: "
            "pip install 'napari-idr[all]'\n"
        )
        return 1
    if link is None:
        viewer.window.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    else:
        from napari_idr._qt.opening import open_in

        open_in(viewer, link)
    napari.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
