"""Files that come with images and studies: listed, sized and downloaded."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from napari_idr.errors import DownloadError, IDRError
from napari_idr.model import FileAnnotation, OriginalFile
from napari_idr.services.plain_text import plain_text
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_idr.api import IDRClient
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, Study

__all__ = [
    "DownloadOrder",
    "DownloadProgress",
    "Downloaded",
    "FileKind",
    "ListedFile",
    "bytes_text",
    "download_files",
    "list_attached_files",
    "list_original_files",
    "plan_download",
]

FileKind = Literal["original", "attached"]

MOST_SIZED: Final = 100
"""Files whose sizes are asked for, a request each; of more, some plates have
thousands, the sizes aren't told."""

PROGRESS_S: Final = 0.2
"""Between two reports of how much has come."""

COUNTED_BYTES: Final = 1_000_000
"""More bytes are counted in kB, and more kB in MB: bars count to two thousand millions.
"""

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file that an image was imported from, or that is attached to a study.

    `url` is where it can be had, None where that isn't known; `size` is in bytes, None
    where it isn't known or hasn't been asked for.
    """

    file: OriginalFile | FileAnnotation
    url: str | None
    size: int | None = None

    @property
    def name(self) -> str:
        """What it is called, without its folders."""
        return plain_text(self.file.name) or "file"

    @property
    def path(self) -> str:
        """Its name, with the folders it was in when it was imported."""
        file = self.file
        return file.path if isinstance(file, OriginalFile) else file.name

    @property
    def can_be_downloaded(self) -> bool:
        """Whether it is one file at a known address."""
        file = self.file
        return file.can_be_downloaded if isinstance(file, OriginalFile) else True

    @property
    def label(self) -> str:
        """Its name, its size if that is known, and what keeps it from being had."""
        file = self.file
        notes = [] if self.size is None else [bytes_text(self.size)]
        if isinstance(file, OriginalFile) and file.is_folder:
            notes.append("OME-Zarr")
        elif self.url is None:
            notes.append("address not known")
        return " · ".join([self.name, *notes])

    @property
    def copied(self) -> str:
        """What is copied of it: its address, else its path."""
        return self.url or self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOrder:
    """Files that are to be downloaded, and what that takes."""

    kind: FileKind
    files: tuple[ListedFile, ...]

    @property
    def total(self) -> int:
        """How many bytes they have, as far as known."""
        return sum(one.size or 0 for one in self.files)

    @property
    def words(self) -> str:
        """How many files there are and how much they have, before anything comes.

        >>> file = OriginalFile(path="a.tif", url="https://a.org/a.tif")
        >>> one = ListedFile(file=file, url=file.url, size=1_500_000)
        >>> DownloadOrder(kind="original", files=(one, one)).words
        '2 files, 3.0 MB'
        """
        count = counted(len(self.files), "file", "files")
        unknown = sum(one.size is None for one in self.files)
        if unknown == len(self.files):
            return f"{count}, size not known"
        rest = f" and {unknown} of unknown size" if unknown else ""
        return f"{count}, {bytes_text(self.total)}{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress:
    """How much has come: of which file, and of all together, in bytes."""

    name: str
    done: int
    total: int

    @property
    def counts(self) -> tuple[int, int, str]:
        """What has come, what there is, and the unit of both.

        >>> DownloadProgress(name="a", done=150_000, total=5_000_000_000).counts
        (0, 5000, 'MB')
        """
        unit = 2 if self.total > COUNTED_BYTES * 1000 else 1
        unit = unit if self.total > COUNTED_BYTES else 0
        return self.done // 1000**unit, self.total // 1000**unit, UNITS[unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """How a download ended: the files that are there, and those that aren't."""

    order: DownloadOrder
    directory: Path
    paths: tuple[Path, ...]
    failures: tuple[tuple[ListedFile, IDRError], ...]

    @property
    def problem(self) -> IDRError | None:
        """What went wrong first, None if all is there."""
        return self.failures[0][1] if self.failures else None

    @property
    def missing(self) -> DownloadOrder:
        """What another try would bring."""
        return replace(self.order, files=tuple(one for one, _ in self.failures))

    @property
    def message(self) -> str:
        """What came, where it is, and what didn't."""
        total = len(self.order.files)
        if not self.paths:
            came = "Nothing was downloaded."
        elif total == 1:
            came = f"Downloaded: {self.paths[0]}."
        else:
            came = f"{len(self.paths)} of {total} files downloaded to {self.directory}."
        if not self.failures:
            return came
        names = ", ".join(one.name for one, _ in self.failures[:3])
        more = len(self.failures) - 3
        return f"{came} Not there: {names}{f' and {more} more' if more > 0 else ''}."


def bytes_text(size: int) -> str:
    """Return a number of bytes for people, in units of a thousand.

    >>> bytes_text(512), bytes_text(300_000), bytes_text(1_065_853_300_065)
    ('512 bytes', '300 kB', '1.1 TB')
    """
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 99.95 else 0
    return f"{value:.{digits}f} {UNITS[unit]}"


def list_original_files(
    client: IDRClient, image_id: ImageId, *, cancel: CancelToken
) -> tuple[ListedFile, ...]:
    """Return the files that an image was imported from, without their sizes."""
    found = client.original_files(image_id, cancel=cancel)
    return tuple(ListedFile(file=one, url=one.url) for one in found)


def list_attached_files(
    client: IDRClient, study: Study, *, cancel: CancelToken
) -> tuple[ListedFile, ...]:
    """Return the files attached to a study, with their sizes."""
    ref = study.ref
    if ref.kind == "screen":
        found = client.file_annotations(screen=ref.id, cancel=cancel)
    else:
        found = client.file_annotations(project=ref.id, cancel=cancel)
    return tuple(
        ListedFile(
            file=one,
            url=f"{client.url}/webclient/annotation/{one.id}/",
            size=one.size,
        )
        for one in found
    )


def plan_download(
    client: IDRClient,
    kind: FileKind,
    files: Sequence[ListedFile],
    *,
    cancel: CancelToken,
) -> DownloadOrder:
    """Return what a download takes: sizes that aren't known are asked for.

    Files that can't be downloaded are left out.

    Raises
    ------
    DownloadError
        None of them can be.
    """
    wanted = [one for one in files if one.can_be_downloaded]
    if not wanted:
        raise DownloadError("no address is known from which these files can be had")
    if len(wanted) <= MOST_SIZED:
        wanted = [
            replace(one, size=client.original_file_size(one.file, cancel=cancel))
            if isinstance(one.file, OriginalFile) and one.size is None
            else one
            for one in wanted
        ]
    return DownloadOrder(kind=kind, files=tuple(wanted))


def download_files(
    client: IDRClient,
    order: DownloadOrder,
    directory: Path,
    on_progress: Callable[[DownloadProgress], None],
    *,
    cancel: CancelToken,
) -> Downloaded:
    """Bring files to a directory, one after the other; one that fails isn't the end.

    Original files go on from what came before; see `IDRClient.download_original`.

    Parameters
    ----------
    client
        Asks for them.
    order
        What to bring.
    directory
        Where to.
    on_progress
        Told in this thread how much has come.
    cancel
        Ends it.
    """
    paths: list[Path] = []
    failures: list[tuple[ListedFile, IDRError]] = []
    before, told = 0, 0.0

    def progress_of(listed: ListedFile) -> Callable[[int, int], None]:
        def report(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > PROGRESS_S or done == total:
                told = time.monotonic()
                all_bytes = max(order.total, before + total)
                on_progress(
                    DownloadProgress(
                        name=listed.name, done=before + done, total=all_bytes
                    )
                )

        return report

    for listed in order.files:
        cancel.check()
        file = listed.file
        report = progress_of(listed)
        try:
            if isinstance(file, OriginalFile):
                path = client.download_original(
                    file, directory, progress=report, cancel=cancel
                )
            else:
                path = client.download(file, directory, progress=report, cancel=cancel)
        except IDRError as error:
            failures.append((listed, error))
        else:
            paths.append(path)
            before += listed.size or path.stat().st_size
    return Downloaded(
        order=order,
        directory=directory,
        paths=tuple(paths),
        failures=tuple(failures),
    )
