"""How a server is asked, and what is known of it after the first questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_idr.model import Capabilities, SearchKey

__all__ = ["ConnectionSettings", "Opening"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How a server is asked: see `IDRClient`."""

    at_once: int = 4
    timeout_s: float = 30.0
    cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is known of a server after the first questions."""

    capabilities: Capabilities
    keys: tuple[SearchKey, ...]
