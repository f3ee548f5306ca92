"""Files that images were imported from: where they are, their sizes, downloads."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from napari_idr.api.downloads import (
    FCNTL,
    lock_file,
    place_file,
    require_place,
    safe_file_name,
    write_stream,
)
from napari_idr.api.json_client import is_json, read_json, status_error
from napari_idr.api.zarr.location import METADATA_FILES, zarr_candidates
from napari_idr.errors import (
    ConnectionFailedError,
    DownloadError,
    PageError,
    RequestTimeoutError,
    ResponseFormatError,
    StatusError,
)
from napari_idr.model import OriginalFile
from napari_idr.transport import ByteRange, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_idr.api.containers import Containers
    from napari_idr.api.downloads import Progress
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId
    from napari_idr.transport import Response

logger = logging.getLogger(__name__)

PLACES: Final = (("uod/idr/filesets/", "https://ftp.ebi.ac.uk/pub/databases/IDR/"),)
"""Where files are that were imported from a folder: columns `replace_this` and
`with_this` of `_data/download_urls.tsv` in IDR/idr.openmicroscopy.org. Folders with
files in other places belong to a study each, and aren't listed here."""

PAGE: Final = re.compile(r"https://github\.com/([^/]+/[^/]+)/blob/(.+)")
FILE_OF_PAGE: Final = r"https://raw.githubusercontent.com/\1/\2"
"""A page of GitHub that shows a file, and the file itself."""

ZARR: Final = re.compile(r"\.zarr(/|$)")

TOTAL: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
"""The header `Content-Range` (RFC 9110, 14.4)."""

PART_ENDING: Final = "idr-part"
TRIES: Final = 3
"""How often a download goes on by itself after the line broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remote:
    """A file as its server describes it: its bytes and what tells its version."""

    size: int | None
    version: str
    takes_ranges: bool


class OriginalFiles:
    """The files that images were imported from. Thread-safe."""

    def __init__(self, json_client: JsonClient, containers: Containers) -> None:
        self._json_client = json_client
        self._containers = containers
        self._tells_urls: bool | None = None

    def files(
        self, image_id: ImageId, *, cancel: CancelToken
    ) -> tuple[OriginalFile, ...]:
        """Return the files of an image, none for one that was made by the server.

        A server that tells addresses is asked for them; of others the paths are known,
        and the addresses of those that the IDR keeps in one place.

        GET /image/{image_id}/download_urls/, once for all if the server has none
        GET /webgateway/original_file_paths/{image_id}/
        """
        if self._tells_urls is not False:
            found = self._told(image_id, cancel)
            if found:
                return found
        path = f"webgateway/original_file_paths/{image_id}/"
        try:
            has_files, paths = self._json_client.read(
                path, reader=_read_paths, cancel=cancel
            )
        except StatusError:
            # an unknown image is an error of the server's
            self._containers.require("image", image_id, cancel=cancel)
            raise
        if not has_files:
            self._containers.require("image", image_id, cancel=cancel)
            return ()
        return tuple(map(file_of_path, paths))

    def _told(self, image_id: ImageId, cancel: CancelToken) -> tuple[OriginalFile, ...]:
        """Return files with the addresses that the server tells, none if it doesn't."""
        path = f"image/{image_id}/download_urls/"
        try:
            response = self._json_client.response(path, cancel=cancel)
            if response.status != 200 or not is_json(response):
                # a page or a redirect is what servers without this answer
                if response.status < 500:
                    self._tells_urls = False
                    response.set_aside()
                return ()
            self._tells_urls = True
            found = _read_urls(read_json(response))
            response.set_aside()
        except ResponseFormatError as error:
            logger.info("no addresses of original files: %s", error)
            return ()
        except ConnectionFailedError as error:
            # A server that tells none wasn't asked again, and nothing of it is kept.
            if not error.nobody:
                raise
            return ()
        return found

    def size(self, file: OriginalFile, *, cancel: CancelToken) -> int | None:
        """Return how many bytes a file has, None if its server doesn't say.

        GET {file.url} with a range of one byte

        Raises
        ------
        DownloadError
            The file is at no known address, or is a folder.
        """
        return self._remote(file, cancel).size

    def download(
        self,
        file: OriginalFile,
        directory: Path,
        *,
        overwrite: bool,
        progress: Progress | None,
        cancel: CancelToken,
    ) -> Path:
        """Bring a file to a directory; return where it is.

        What has come stays there under a temporary name when the line breaks, when it
        is cancelled or the program ends, and the next download of the same version of
        the file goes on from it, where the server sends parts.

        GET {file.url}

        Raises
        ------
        DownloadError
            It is at no known address, a file of that name is there, there is no room,
            or what came hasn't the size that was announced.
        """
        target = directory / safe_file_name(file.name)
        try:
            require_place(target, 0, overwrite=overwrite)
            remote = self._remote(file, cancel)
            part = directory / part_name(target.name, file.url or "", remote.version)
            with _open_part(part) as out:
                have = out.seek(0, 2)
                missing = max(0, (remote.size or 0) - have)
                require_place(target, missing, overwrite=overwrite)
                self._bring(file, remote, out, progress, cancel)
                if FCNTL is None:  # an open file can't be renamed there
                    out.close()
                place_file(part, target, overwrite=overwrite)
            _remove(part)
            _remove_others(directory, target.name)
        except OSError as error:
            reason = error.strerror or "the disk refuses it"
            raise DownloadError(f"{target.name} can't be stored: {reason}") from error
        return target

    def _bring(
        self,
        file: OriginalFile,
        remote: _Remote,
        out: IO[bytes],
        progress: Progress | None,
        cancel: CancelToken,
    ) -> None:
        """Write what is missing, and go on where the line breaks."""
        for tried in range(1, TRIES + 1):
            have = out.seek(0, 2)
            try:
                self._go_on(file, remote, out, have, progress, cancel)
            except RequestTimeoutError:
                raise
            except ConnectionFailedError as error:  # the line broke
                if tried == TRIES or out.seek(0, 2) == have:
                    raise
                logger.info("%s goes on: %s", file.name, error)
            else:
                return

    def _go_on(
        self,
        file: OriginalFile,
        remote: _Remote,
        out: IO[bytes],
        have: int,
        progress: Progress | None,
        cancel: CancelToken,
    ) -> None:
        size = remote.size
        if size is not None and have == size:
            return
        if (size is not None and have > size) or not remote.takes_ranges:
            out.seek(0)
            out.truncate()
            have = 0
        # of a part no other encoding comes, which would be another version of it
        part = ByteRange(have) if remote.takes_ranges else None
        request = _request(file, byte_range=part)
        with self._json_client.transport.stream(request, cancel=cancel) as stream:
            response = stream.response
            if part is not None and response.status == 200:  # all of it, again
                out.seek(0)
                out.truncate()
                have = 0
            elif response.status != (200 if part is None else 206):
                raise status_error(response)
            if _version(response) != remote.version or (
                part is not None
                and response.status == 206
                and _span(response) != (have, size)
            ):
                raise DownloadError(
                    f"{file.name} was changed while it came; begin anew",
                    url=response.url,
                )
            if response.content_type == "text/html" and not _is_page(file):
                raise PageError("a page came instead of the file", url=response.url)
            write_stream(stream, out, size, progress, cancel, before=have)

    def _remote(self, file: OriginalFile, cancel: CancelToken) -> _Remote:
        """Ask a file's server for its size by its first byte."""
        if not file.can_be_downloaded:
            raise DownloadError(f"{file.name} can't be downloaded as a file")
        request = _request(file, byte_range=ByteRange(0, 1))
        response = self._json_client.transport.send(request, cancel=cancel)
        span = _span(response)
        if response.status == 206 and span is not None:
            size: int | None = span[1]
        elif response.status in (200, 416):  # whole, or empty
            size = _length(response)
        else:
            raise status_error(response)
        version = _version(response)
        return _Remote(
            size=size,
            version=version,
            takes_ranges=response.status == 206 and bool(version),
        )


def _read_urls(node: Node) -> tuple[OriginalFile, ...]:
    """Return files of the lists of paths and of addresses, which may differ in length.

    `{"client_paths": [...], "download_urls": [...]}`: idr-gallery, views.download_urls.
    """
    urls = _texts(node, "download_urls")
    paths = _texts(node, "client_paths")
    if len(paths) != len(urls):
        paths = tuple(unquote(urlsplit(url).path) for url in urls)
    return tuple(
        file_of_path(path) if not url else file_of_url(path, url)
        for path, url in zip(paths, urls, strict=True)
    )


def _texts(node: Node, key: str) -> tuple[str, ...]:
    """Return a list of texts, "" for what is null in it; none where there is none."""
    listed = node.find_children(key)
    return tuple("" if one.is_null else one.read(str) for one in listed)


def _read_paths(answer: Node) -> tuple[bool, tuple[str, ...]]:
    """Read whether an image has files, and their paths as they were imported from."""
    return bool(answer.members()), tuple(filter(None, _texts(answer, "client")))


def file_of_url(path: str, url: str) -> OriginalFile:
    """Return the file that an address leads to.

    >>> page = "https://github.com/IDR/idr0163/blob/main/a/b.companion.ome"
    >>> file_of_url("idr0163/a/b.companion.ome", page).url
    'https://raw.githubusercontent.com/IDR/idr0163/main/a/b.companion.ome'
    """
    if ZARR.search(path) or ZARR.search(url):
        found = (*zarr_candidates(url), _safe_url(url))
        return OriginalFile(path=_folder(path), url=found[0], is_folder=True)
    return OriginalFile(path=path, url=_safe_url(PAGE.sub(FILE_OF_PAGE, url)))


def file_of_path(path: str) -> OriginalFile:
    """Return the file of a path at import, with its address where that is known.

    >>> file_of_path("uod/idr/filesets/idr0165/Figure 1.ome.tif").url
    'https://ftp.ebi.ac.uk/pub/databases/IDR/idr0165/Figure%201.ome.tif'
    >>> file_of_path("home/me/a.tif").url is None
    True
    """
    if (zarr := zarr_candidates(path)) and ZARR.search(path):
        return OriginalFile(path=_folder(path), url=zarr[0], is_folder=True)
    plain = path.lstrip("/")
    for folder, place in PLACES:
        if plain.startswith(folder) and ".." not in plain.split("/"):
            url = place + quote(plain.removeprefix(folder))
            if ZARR.search(path):
                return OriginalFile(
                    path=_folder(path), url=_folder(url), is_folder=True
                )
            return OriginalFile(path=path, url=url)
    return OriginalFile(path=path)


def _folder(path: str) -> str:
    """Return the folder of an OME-Zarr, of which a file was imported.

    >>> _folder("https://a.org/b.zarr/.zattrs")
    'https://a.org/b.zarr'
    """
    return METADATA_FILES.sub("", path)


def part_name(name: str, url: str, version: str) -> str:
    """Return what a file is called until it is whole: another for each version of it.

    >>> part_name("a.tif", "https://a.org/a.tif", '"1"')
    '.a.tif.464181b5.idr-part'
    """
    text = f"{url}\n{version}".encode()
    digest = hashlib.sha256(text).hexdigest()[:8]
    return f".{name[:100]}.{digest}.{PART_ENDING}"


@contextlib.contextmanager
def _open_part(part: Path) -> Iterator[IO[bytes]]:
    """Open what has come of a file, to be gone on with; one program at a time does.

    Where nothing came, nothing stays.
    """
    with part.open("ab") as file:
        if lock_file(file) is False:
            raise DownloadError("the file is being downloaded already")
        try:
            yield file
        finally:
            empty = not file.closed and file.seek(0, 2) == 0
    if empty:
        _remove(part)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _remove_others(directory: Path, name: str) -> None:
    """Remove what had come of other versions of a file that is whole now."""
    start = f".{name[:100]}."
    pattern = re.compile(re.escape(start) + rf"[0-9a-f]{{8}}\.{PART_ENDING}")
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if pattern.fullmatch(path.name):
                _remove(path)


def _request(file: OriginalFile, *, byte_range: ByteRange | None) -> Request:
    parts = urlsplit(file.url or "")
    path = parts.path.lstrip("/")
    if parts.query:
        path = f"{path}?{parts.query}"
    return Request(
        path=path, origin=f"{parts.scheme}://{parts.netloc}", byte_range=byte_range
    )


def _safe_url(url: str) -> str | None:
    """Return an address that can be asked; None for one of another kind.

    >>> _safe_url("https://a.org/b.tif"), _safe_url("file:///etc/passwd")
    ('https://a.org/b.tif', None)
    """
    try:
        parts = urlsplit(url)
        has_user = parts.username is not None or parts.password is not None
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or has_user:
        return None
    return url


def _is_page(file: OriginalFile) -> bool:
    return file.name.lower().endswith((".htm", ".html"))


def _span(response: Response) -> tuple[int, int] | None:
    """Return where a part begins, and how many bytes there are in all."""
    told = TOTAL.fullmatch(response.headers.get("content-range", "").strip())
    return None if told is None else (int(told[1]), int(told[3]))


def _length(response: Response) -> int | None:
    if response.status == 416:
        told = re.fullmatch(r"bytes \*/(\d+)", _header(response, "content-range"))
        return None if told is None else int(told[1])
    told_size = _header(response, "content-length")
    is_plain = not _header(response, "content-encoding")
    return int(told_size) if told_size.isdecimal() and is_plain else None


def _version(response: Response) -> str:
    """Return what tells one version of a file from another, "" if nothing does."""
    return _header(response, "etag") or _header(response, "last-modified")


def _header(response: Response, name: str) -> str:
    headers: Mapping[str, str] = response.headers
    return headers.get(name, "").strip()
