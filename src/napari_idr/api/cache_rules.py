"""Cache rules: which answers are kept on disk, and for how long.

Of these, only what `JsonClient.read` has read whole and without a note.
"""

from __future__ import annotations

import re
from typing import Final

from napari_idr.transport import KeepRule

DAY_S: Final = 86_400.0
"""As long as the archive's own proxy remembers its lists."""

MONTH_S: Final = 30 * DAY_S
"""Pixels and their thumbnails don't change; a month bounds how long we may err."""

JSON: Final = ("application/json",)

FAILURE: Final = re.compile(rb'"(error|Error|Exception|ConcurrencyException)":')
"""Failures that come with status 200."""

KEEP_RULES: Final = (
    KeepRule(
        path=re.compile(r"webgateway/get_thumbnails/"),
        keep_s=MONTH_S,
        media_types=JSON,
    ),
    KeepRule(
        path=re.compile(r"(iviewer/image_data|webclient/imgData)/\d"),
        keep_s=MONTH_S,
        media_types=JSON,
        unless=FAILURE,
    ),
    KeepRule(
        path=re.compile(r"api/v0/m/|webclient/api/|webgateway/(plate|table)/"),
        keep_s=DAY_S,
        media_types=JSON,
        unless=FAILURE,
    ),
)
"""Searches and what a server can do are asked anew each time, while it is there."""

OFFLINE_RULES: Final = (
    KeepRule(
        path=re.compile(
            r"api/v0/$|mapr/api/(config/|autocomplete/\w+/$)"
            r"|searchengine/api/v1/resources/(data_sources/|\w+/keys/)"
            r"|webclient/(keepalive_ping/|annotation/\d+/$)"
            r"|webgateway/render_image/0/0/0/"
        ),
        keep_s=0.0,
        any_answer=True,
    ),
    KeepRule(
        path=re.compile(r"webgateway/render_(image|image_region|shape_mask)/"),
        keep_s=0.0,
        media_types=("image/png", "image/jpeg"),
        apart=True,
    ),
    KeepRule(
        # Good answers of the search engine have an "Error", too: "none".
        path=re.compile(r"mapr/api/|searchengine/api/v1/resources/"),
        keep_s=0.0,
        media_types=JSON,
        apart=True,
    ),
    KeepRule(
        path=re.compile(r"image/\d+/download_urls/|webgateway/original_file_paths/"),
        keep_s=0.0,
        media_types=JSON,
        unless=FAILURE,
    ),
)
"""What is asked anew each time, and kept for when the server can't be reached: what it
can do, by what it can be searched, tables in files, what it draws, and what searches
found: a common one has hundreds of pages. So are the objects of OME-Zarr."""
