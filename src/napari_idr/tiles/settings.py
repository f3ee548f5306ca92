"""What a person may want to change about viewing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewingSettings:
    """How much is kept, and how eagerly it is asked for.

    Parameters
    ----------
    memory_bytes
        What the decoded tiles of all open images may take together.
    workers
        Requests at once, for all open images together.
    settle_s
        How long a plane has to stay before it is asked for, and a view that is zoomed
        or moved quickly: what lies in between is never sent. A window without a
        graphics card takes up to 0.1 s from one to the next.
    planes_ahead
        Planes asked for in the direction of travel once the shown one is complete.
    read_bytes
        The largest array that is put together at one asking; a whole pyramid would
        be a terabyte, and a sentence is better than a full memory.
    """

    memory_bytes: int = 512 * 2**20
    workers: int = 4
    settle_s: float = 0.15
    planes_ahead: int = 2
    read_bytes: int = 2 * 2**30
