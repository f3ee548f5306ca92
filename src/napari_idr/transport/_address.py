"""What people type or paste, as the address of a server."""

from __future__ import annotations

from urllib.parse import urlsplit

PAGES = ("webclient", "webgateway", "iviewer", "mapr", "searchengine", "api", "study")
"""Where a pasted link leaves the server's address and names one of its pages."""


def server_address(text: str) -> str:
    """Return the address of the server that a text names, without a final slash.

    A missing scheme means https, or http for this machine.

    >>> server_address("idr.openmicroscopy.org")
    'https://idr.openmicroscopy.org'
    >>> server_address("https://idr.openmicroscopy.org/webclient/?show=plate-1")
    'https://idr.openmicroscopy.org'
    >>> server_address(" http://omero.example.org:8080/omero/ ")
    'http://omero.example.org:8080/omero'
    >>> server_address("127.0.0.1:4080")
    'http://127.0.0.1:4080'

    Raises
    ------
    ValueError
        The text is no address of a web server.
    """
    trimmed = text.strip()
    if not trimmed or any(c.isspace() or not c.isprintable() for c in trimmed):
        raise ValueError(f"{_quoted(text)} is not the address of a server")
    if "://" not in trimmed:
        trimmed = f"{_scheme(trimmed)}://{trimmed}"
    try:
        parts = urlsplit(trimmed)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{_quoted(text)} is not the address of a server") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f"{_quoted(text)} is neither an http nor an https address")
    if not host or not _is_host(host):
        raise ValueError(f"{_quoted(text)} names no server")
    if parts.username or parts.password:
        raise ValueError("an address with a user name in it is not accepted")
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme.lower()}://{host}" + ("" if port is None else f":{port}")
    return origin + _prefix(parts.path)


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own.

    >>> is_loopback("http://127.0.0.1:4080"), is_loopback("https://example.org")
    (True, False)
    """
    return _is_this_machine(urlsplit(address).hostname or "")


def _quoted(text: str) -> str:
    """Return a text in the quotes of sentences, with what can't be seen escaped."""
    return f"“{repr(text)[1:-1]}”"


def _scheme(rest: str) -> str:
    host = urlsplit(f"//{rest}").hostname or ""
    return "http" if _is_this_machine(host) else "https"


def _is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _is_host(host: str) -> bool:
    if ":" in host:  # an IPv6 address; urlsplit has checked its brackets
        return True
    labels = host.removesuffix(".").split(".")
    return all(
        label and label.replace("-", "").replace("_", "").isalnum() for label in labels
    )


def _prefix(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part in PAGES:
            break
        if part:
            kept.append(part)
    return "".join(f"/{part}" for part in kept)
