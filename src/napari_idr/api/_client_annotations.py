"""The client's questions about what was written, and what is attached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_idr.cancel import NEVER

if TYPE_CHECKING:
    import os

    from napari_idr.api._annotations import Annotations, Ids
    from napari_idr.api._downloads import Downloads, Progress
    from napari_idr.api._tables import Tables
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        FileAnnotation,
        MapAnnotation,
        PlateId,
        ScreenId,
        Table,
        WellId,
    )


class AnnotationQuestions:
    """Key-value pairs, attached files and tables."""

    _annotations: Annotations
    _downloads: Downloads
    _tables: Tables

    def map_annotations(
        self,
        *,
        screen: Ids = None,
        project: Ids = None,
        dataset: Ids = None,
        plate: Ids = None,
        run: Ids = None,
        well: Ids = None,
        image: Ids = None,
        namespace: str | None = None,
        cancel: CancelToken = NEVER,
    ) -> tuple[MapAnnotation, ...]:
        """Return the key-value pairs of objects: one number or many of each kind.

        One annotation that is linked to several of them comes once for each, and
        its `parent` says for which. Objects that don't exist have none.
        """
        return tuple(
            self._annotations.map_annotations(
                {
                    "screen": screen,
                    "project": project,
                    "dataset": dataset,
                    "plate": plate,
                    "run": run,
                    "well": well,
                    "image": image,
                },
                namespace=namespace,
                cancel=cancel,
            )
        )

    def file_annotations(
        self,
        *,
        screen: Ids = None,
        project: Ids = None,
        dataset: Ids = None,
        plate: Ids = None,
        run: Ids = None,
        well: Ids = None,
        image: Ids = None,
        namespace: str | None = None,
        cancel: CancelToken = NEVER,
    ) -> tuple[FileAnnotation, ...]:
        """Return the files attached to objects, each with its size in bytes."""
        return tuple(
            self._annotations.file_annotations(
                {
                    "screen": screen,
                    "project": project,
                    "dataset": dataset,
                    "plate": plate,
                    "run": run,
                    "well": well,
                    "image": image,
                },
                namespace=namespace,
                cancel=cancel,
            )
        )

    def download(
        self,
        file_annotation: FileAnnotation,
        directory: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        cancel: CancelToken = NEVER,
    ) -> Path:
        """Bring an attached file to a directory; return where it is.

        Look at its `size` first: one attachment of the IDR has a terabyte. It
        comes under a temporary name, and never outside the directory. A file that
        is there already stays, unless `overwrite` says otherwise.

        Raises
        ------
        DownloadError
            The file exists, there is no room, or not the whole of it came.
        """
        return self._downloads.download(
            file_annotation,
            Path(directory),
            overwrite=overwrite,
            progress=progress,
            cancel=cancel,
        )

    def table(
        self,
        *,
        screen: ScreenId | None = None,
        plate: PlateId | None = None,
        well: WellId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Table:
        """Return the rows of a screen, a plate or a well from the study's table.

        Raises
        ------
        NotFoundError
            There is no table, or no such object.
        """
        match screen, plate, well:
            case _, None, None if screen is not None:
                return self._tables.of_screen(screen, cancel=cancel)
            case None, _, None if plate is not None:
                return self._tables.of_plate(plate, cancel=cancel)
            case None, None, _ if well is not None:
                return self._tables.of_well(well, cancel=cancel)
            case _:
                raise ValueError("name one screen, one plate or one well")
