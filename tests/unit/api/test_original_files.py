"""The files that images were imported from: where they are, and how they come."""

from __future__ import annotations

import pytest

from napari_idr import IDRClient
from napari_idr.api import original_files
from napari_idr.cancel import CancelToken
from napari_idr.demo.omero.original_files import FILE_BYTES
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    DownloadError,
    NotFoundError,
)
from napari_idr.model import ImageId, OriginalFile
from napari_idr.transport import Response

NO_ZARR = ImageId(9001)


@pytest.fixture
def image_id(idr_archive):
    """An image of which the IDR has no OME-Zarr, but its file."""
    images = idr_archive.world.images.values()
    return ImageId(next(one.id for one in images if not one.zarr))


@pytest.fixture
def idr(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        yield client


@pytest.fixture
def file(idr, image_id):
    [found] = idr.original_files(image_id)
    return found


def parts(folder):
    return [one for one in folder.iterdir() if one.name.endswith(".idr-part")]


def test_a_server_that_tells_addresses_is_believed(idr, file, image_id):
    assert file.url.startswith(f"{idr.url}/files/{image_id}/")
    assert file.can_be_downloaded
    assert idr.original_file_size(file) == FILE_BYTES


def test_an_ome_zarr_is_a_folder_and_no_download(idr, idr_archive, tmp_path):
    images = idr_archive.world.images.values()
    image = next(one for one in images if one.zarr and one.zarr.startswith("zarr"))

    [found] = idr.original_files(ImageId(image.id))

    assert found.is_folder
    assert found.name.startswith("7101.zarr")
    assert not found.can_be_downloaded
    with pytest.raises(DownloadError, match="can't be downloaded"):
        idr.download_original(found, tmp_path)


def test_of_another_server_the_paths_are_known_and_it_is_asked_once(client, archive):
    first, second = sorted(archive.world.images)[:2]
    archive.requests.clear()

    [found] = client.original_files(ImageId(first))
    client.original_files(ImageId(second))

    assert found.url is None
    assert found.path.startswith("demo/20160517/")
    asked = [one.path for one in archive.requests]
    assert sum("download_urls" in path for path in asked) == 1


def test_a_path_of_the_idr_s_own_folder_has_an_address():
    found = original_files.file_of_path("uod/idr/filesets/idr0165-x/a b#1.tif")

    assert found.url == (
        "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0165-x/a%20b%231.tif"
    )
    assert original_files.file_of_path("uod/idr/filesets/../../x").url is None


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_an_unknown_image_is_said_to_be_unknown(face, request):
    routes = request.getfixturevalue("routes" if face == "classic" else "idr_routes")
    client = IDRClient(routes.url, transport=routes)

    with pytest.raises(NotFoundError):
        client.original_files(ImageId(999_999_999))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "https://me:pw@a.org/b"]
)
def test_an_address_of_another_kind_is_none(url):
    assert original_files.file_of_url("a.tif", url).url is None


def test_lists_of_different_lengths_are_read_by_their_addresses(routes):
    told = (
        b'{"client_paths": ["a", "b"], "download_urls": ["https://a.org/c/d%20e.tif"]}'
    )
    sent = routes.send

    def send(request, *, cancel):
        if "download_urls" in request.path:
            headers = {"content-type": "application/json"}
            return Response(url=routes.url, status=200, headers=headers, body=told)
        return sent(request, cancel=cancel)

    routes.send = send

    [found] = IDRClient(routes.url, transport=routes).original_files(ImageId(1))

    assert (found.name, found.url) == ("d e.tif", "https://a.org/c/d%20e.tif")


def test_a_file_comes_whole_and_under_its_name(idr, file, tmp_path):
    told = []

    path = idr.download_original(
        file, tmp_path, progress=lambda done, total: told.append((done, total))
    )

    assert path.stat().st_size == FILE_BYTES
    assert told[-1] == (FILE_BYTES, FILE_BYTES)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_was_cancelled_is_gone_on_with(idr, idr_archive, file, tmp_path):
    cancel = CancelToken()

    with pytest.raises(Cancelled):
        idr.download_original(
            file, tmp_path, progress=lambda *_: cancel.cancel(), cancel=cancel
        )
    [part] = parts(tmp_path)
    come = part.stat().st_size
    idr_archive.requests.clear()
    path = idr.download_original(file, tmp_path)

    assert 0 < come < FILE_BYTES
    sent = sum(one.bytes_sent for one in idr_archive.requests if "/files/" in one.path)
    assert sent <= FILE_BYTES - come + 1000
    whole = tmp_path / "whole"
    whole.mkdir()
    assert path.read_bytes() == idr.download_original(file, whole).read_bytes()
    assert parts(tmp_path) == []


def test_what_came_of_another_version_isn_t_gone_on_with(idr, file, tmp_path):
    old = tmp_path / original_files.part_name(file.name, file.url, '"old"')
    old.write_bytes(b"old")

    path = idr.download_original(file, tmp_path)

    assert path.stat().st_size == FILE_BYTES
    assert parts(tmp_path) == []


def test_a_line_that_breaks_is_gone_on_with_by_itself(idr, idr_archive, file, tmp_path):
    idr.original_file_size(file)
    idr_archive.faults.truncate("files/", times=2)

    try:
        path = idr.download_original(file, tmp_path)
    except ConnectionFailedError:  # the question for its size was cut as well
        path = idr.download_original(file, tmp_path)

    assert path.stat().st_size == FILE_BYTES


def test_a_file_that_is_there_stays(idr, file, tmp_path):
    (tmp_path / file.name).write_text("mine")

    with pytest.raises(DownloadError, match="exists already"):
        idr.download_original(file, tmp_path)

    assert (tmp_path / file.name).read_text() == "mine"
    assert idr.download_original(file, tmp_path, overwrite=True).stat().st_size


def test_a_file_without_an_address_can_t_be_downloaded(idr, tmp_path):
    with pytest.raises(DownloadError, match="can't be downloaded"):
        idr.download_original(OriginalFile(path="a.tif"), tmp_path)
