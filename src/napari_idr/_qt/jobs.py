"""All task slots of a browser, as one line of status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_idr._qt.task_slot import TaskSlot, Workers

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class _Job:
    slot: TaskSlot
    message: str = ""
    loud: bool = True


class Jobs(QObject):
    """Owns the slots: says which runs, stops them all, tries the last failure again.

    A quiet job (suggestions) is never shown and its failures aren't either.
    """

    changed = Signal()
    failed = Signal(object)  # the exception of a loud job

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workers = Workers()
        self._jobs: dict[str, _Job] = {}
        self._order: list[str] = []
        self._again: Callable[[], None] | None = None

    def slot(
        self,
        name: str,
        *,
        loud: bool = True,
        receive: Callable[..., None] | None = None,
    ) -> TaskSlot:
        """Return the slot of one concern, made when first asked for.

        `receive` is then connected to its results.
        """
        job = self._jobs.get(name)
        if job is None:
            slot = TaskSlot(self.workers, self)
            slot.setObjectName(name)
            job = self._jobs[name] = _Job(slot=slot, loud=loud)
            slot.busyChanged.connect(self._on_busy)
            if receive is not None:
                slot.finished.connect(receive)
            if loud:
                slot.failed.connect(self._on_failed)
        return job.slot

    def start(
        self, name: str, message: str, job: Callable[..., object], *args: object
    ) -> None:
        """Run a job in a slot; `message` say what it does, for the status."""
        slot = self.slot(name)
        self._jobs[name].message = message
        if name in self._order:
            self._order.remove(name)
        self._order.append(name)
        slot.submit(job, *args)

    @property
    def message(self) -> str | None:
        """What the newest loud job that still runs does; None if none runs."""
        for name in reversed(self._order):
            job = self._jobs[name]
            if job.slot.busy and job.loud:
                return job.message
        return None

    def cancel_all(self) -> None:
        """Stop everything that runs."""
        for job in self._jobs.values():
            job.slot.cancel()

    def retry(self) -> None:
        """Do the job that failed last again."""
        again, self._again = self._again, None
        if again is not None:
            again()

    def remember_retry(self, again: Callable[[], None]) -> None:
        """Say what `retry` does next, where it wasn't a job that failed."""
        self._again = again

    def _on_busy(self, _: bool) -> None:
        self.changed.emit()

    def _on_failed(self, error: object) -> None:
        sender = self.sender()
        if isinstance(sender, TaskSlot):
            self._again = sender.retry
        self.failed.emit(error)
