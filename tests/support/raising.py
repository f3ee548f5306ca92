"""Every exception that libraries define, to be thrown where they might."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings

LIBRARIES = (
    "requests",
    "urllib3",
    "PIL",
    "zarr",
    "numcodecs",
    "http",
    "ssl",
    "socket",
    "json",
    "zlib",
    "email",
)

ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What ends a program or a generator, and is no failure."""


def exceptions_of(library: str) -> list[type[Exception]]:
    """Return the exception classes that can be found in a library's modules."""
    package = importlib.import_module(library)
    modules = [package]
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{library}."):
        if "test" in found.name or found.name.endswith("__main__"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                modules.append(importlib.import_module(found.name))
        except Exception:  # noqa: BLE001 - it wants what isn't installed
            continue
    kinds = {
        thing
        for module in modules
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and issubclass(thing, Exception)
        and not issubclass(thing, ENDS)
    }
    return sorted(kinds, key=lambda kind: (kind.__module__, kind.__qualname__))


def an(kind: type[Exception]) -> Exception:
    """Return an exception of a class, made as well as can be."""
    for arguments in (("what <happened> at 0x7f00deadbeef",), (), ("a", 1), (b"", 0)):
        try:
            return kind(*arguments)
        except Exception:  # noqa: BLE001 - it wants other arguments
            continue
    return kind.__new__(kind)
