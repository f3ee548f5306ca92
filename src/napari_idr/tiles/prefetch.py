"""Where somebody is in a stack, and where they are heading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

ALL = -1
"""In place of an index: all planes along that axis are shown (a volume)."""


class Plane(NamedTuple):
    """A plane of a stack; `ALL` where a whole axis is shown."""

    t: int
    z: int


STILL = Plane(0, 0)
"""The heading of somebody who hasn't moved."""


@dataclass(slots=True)
class Prefetch:
    """The shown plane, since when, and the direction it was reached from.

    `due` is when the shown plane may be asked for, as told by `time.monotonic`: the
    first at once, the others when they have stayed for `settle_s`.
    """

    settle_s: float
    plane: Plane | None = None
    heading: Plane = STILL
    due: float = 0.0

    def move(self, plane: Plane, now: float) -> None:
        """Go to a plane; nothing changes when it is shown already.

        >>> travel = Prefetch(settle_s=0.05)
        >>> travel.move(Plane(0, 4), now=10.0)
        >>> travel.due, travel.ahead(2, size_t=1, size_z=9)
        (10.0, [])
        >>> travel.move(Plane(0, 5), now=11.0)
        >>> travel.due, travel.ahead(2, size_t=1, size_z=9)
        (11.05, [Plane(t=0, z=6), Plane(t=0, z=7)])
        """
        if plane == self.plane:
            return
        if self.plane is None:
            self.due = now
        else:
            step = Plane(plane.t - self.plane.t, plane.z - self.plane.z)
            self.heading = Plane(_sign(step.t), _sign(step.z))
            self.due = now + self.settle_s
        self.plane = plane

    def ahead(self, count: int, *, size_t: int, size_z: int) -> list[Plane]:
        """Return the planes that come next, the nearest first.

        There are none before the first move, beyond the ends, in volumes, and after
        a jump along both axes.
        """
        if self.plane is None or ALL in self.plane or all(self.heading):
            return []
        if not any(self.heading):
            return []
        next_ones = [
            Plane(
                self.plane.t + step * self.heading.t,
                self.plane.z + step * self.heading.z,
            )
            for step in range(1, count + 1)
        ]
        return [p for p in next_ones if 0 <= p.t < size_t and 0 <= p.z < size_z]


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
