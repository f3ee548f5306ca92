"""Files that images were imported from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalFile:
    """A file that an image was imported from; several images may share one.

    Attributes
    ----------
    path
        Where it was when it was imported, as the archive tells it.
    url
        Where it can be had from, None where nothing tells.
    is_folder
        Whether it is an OME-Zarr: a folder of many objects, which isn't downloaded as
        one file.
    """

    path: str
    url: str | None = None
    is_folder: bool = False

    @property
    def name(self) -> str:
        """What the file is called, without its folders; of an OME-Zarr, its part.

        >>> OriginalFile(path="uod/idr/filesets/idr0001/a b.tif").name
        'a b.tif'
        >>> OriginalFile(path="idr/zarr/7101.zarr/A/1/0", is_folder=True).name
        '7101.zarr/A/1/0'
        """
        parts = self.path.rstrip("/").split("/")
        for place, part in enumerate(parts):
            if self.is_folder and part.endswith(".zarr"):
                return "/".join(parts[place:])
        return self.path.rstrip("/").rpartition("/")[2] or self.path

    @property
    def can_be_downloaded(self) -> bool:
        """Whether it is one file at a known address."""
        return self.url is not None and not self.is_folder
