"""Bodies that were packed for the way (`Content-Encoding`)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from napari_idr.errors import Cancelled, IDRError, ResponseFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCEPTED: Final = "gzip, deflate"
"""What we can unpack."""

PLAIN: Final = ("", "identity")

PIECE_BYTES: Final = 1 << 16
"""Most that is unpacked at once: a small body may claim to be an endless one."""

MAX_EMPTY_PARTS: Final = 16
"""Parts of a gzip with nothing in them, of which one may end it: more are no answer
but a way to keep us busy."""

GZIP_WBITS: Final = 31
ZLIB_WBITS: Final = 15
RAW_WBITS: Final = -15
"""The formats that zlib tells apart by this number."""


def decoded(chunks: Iterable[bytes], encoding: str, *, url: str) -> Iterator[bytes]:
    """Yield what is in a packed body, in pieces of a bounded size.

    Parameters
    ----------
    chunks
        The body as it comes.
    encoding
        The header's value; see RFC 9110, 8.4.1.
    url
        Named in the errors.

    Raises
    ------
    ResponseFormatError
        The encoding isn't known, or the body isn't encoded so.
    """
    name = encoding.strip().lower()
    if name in PLAIN:
        yield from chunks
    elif name in ("gzip", "x-gzip", "deflate"):
        try:
            yield from _inflated(chunks, name == "deflate", url)
        except (IDRError, Cancelled):
            raise
        # zlib runs out of memory too, and refuses what it thinks can't be asked.
        except Exception as error:
            raise ResponseFormatError(
                f"the answer says it is {name} and isn't", url=url
            ) from error
    else:
        raise ResponseFormatError(
            f"the answer is encoded as {name[:40]!r}, which isn't known", url=url
        )


def _inflated(chunks: Iterable[bytes], deflate: bool, url: str) -> Iterator[bytes]:
    engine = None
    begun = False
    filled, empty_parts = False, 0
    for chunk in chunks:
        rest = chunk
        while rest:
            if engine is None:
                if begun and not rest.strip(b"\0"):
                    break  # padding after the last part of a gzip
                engine = zlib.decompressobj(_wbits(rest, deflate))
                begun, filled = True, False
            if piece := engine.decompress(rest, PIECE_BYTES):
                filled = True
                yield piece
            rest = engine.unconsumed_tail
            if engine.eof:
                rest, engine = engine.unused_data, None
                empty_parts += not filled
                if empty_parts > MAX_EMPTY_PARTS:
                    raise ResponseFormatError("the answer is endlessly empty", url=url)
            elif not rest and len(piece) == PIECE_BYTES:
                # All is taken in, and more may come out.
                while piece := engine.decompress(b"", PIECE_BYTES):
                    yield piece
    if engine is not None:
        raise ResponseFormatError("the answer's encoding is cut short", url=url)


def _wbits(beginning: bytes, deflate: bool) -> int:
    """Return the format; "deflate" means zlib's, and servers send it bare as well."""
    if not deflate:
        return GZIP_WBITS
    # A header of zlib's has the method 8 (RFC 1950, 2.2).
    return ZLIB_WBITS if beginning[0] & 0x0F == 8 else RAW_WBITS
