"""The command ``napari-idr demo``: serve the default world until Ctrl+C."""

import sys
import time
from contextlib import suppress

from napari_idr.demo._exchange import Face
from napari_idr.demo._server import serve


def run(
    port: int = 0,
    face: Face = "classic",
    delay_ms: float = 0.0,
    thumbnail_ms: float = 0.0,
) -> None:
    """Serve the default world until Ctrl+C; print its address first."""
    served = serve(face=face, port=port, delay_ms=delay_ms, thumbnail_ms=thumbnail_ms)
    with suppress(KeyboardInterrupt), served as archive:
        sys.stdout.write(f"{archive.url}\n")
        sys.stdout.flush()
        while True:
            # A signal that comes as a sleep begins is looked at when it ends.
            time.sleep(1)
