"""Settings of Sphinx: how the site is made of this folder and of files beside it.

The pages are written to be read in the repository as well. So links lead from file to
file, and what belongs at the top of the project, like its README, stays there.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING, Any

from napari_idr import __version__
from napari_idr._home import HOME

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

DOCS = PurePosixPath("docs")

SHOWN = {
    "index": "README.md",
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "performance": "benchmarks/README.md",
    "security": "SECURITY.md",
}
"""Pages that show a file from elsewhere, and that file."""

project = "napari-idr"
author = "The napari-idr developers"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_static", "images"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

highlight_language = "none"
default_role = "py:obj"
add_module_names = False
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
# Fields that a docstring lists are described there: autodoc describes them as well.
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_title = f"napari-idr {__version__}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options: dict[str, Any] = {"navigation_with_keys": True}
if HOME:
    html_theme_options["footer_icons"] = [
        {"name": "Source", "url": HOME, "html": "Source", "class": ""}
    ]

FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
"""Code, in which nothing is a link."""

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")
"""The target of a relative link or picture, and the place on its page."""


DOCUMENTED = ("napari_idr", "napari_idr.model", "napari_idr.errors")
"""Modules whose names are written without them, in docstrings and annotations."""


def setup(app: Sphinx) -> None:
    """Have Sphinx read pages by `as_page`, and find names without their module."""
    app.connect("source-read", _on_source_read)
    app.connect("missing-reference", _on_missing_reference)


def _on_missing_reference(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement
) -> Element | None:
    """Return a link to a public name that stands for itself; None if it is none."""
    python = env.get_domain("py")
    if node.get("refdomain") != python.name:
        return None
    for module in DOCUMENTED:
        name = f"{module}.{node['reftarget']}"
        if name in python.data["objects"]:
            return python.resolve_xref(
                env, node["refdoc"], app.builder, "obj", name, node, content
            )
    return None


def _on_source_read(_app: Sphinx, page: str, source: list[str]) -> None:
    file = SHOWN.get(page)
    if file is not None:
        text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
        source[0] = f"{text}\n{source[0]}"
    source[0] = as_page(source[0], page=page, file=file or f"{DOCS / page}.md")


def as_page(text: str, *, page: str, file: str) -> str:
    """Return a file's text with the links that it needs as a page of the site.

    A link to a file that a page shows leads to that page, and one to a folder to its
    index. What isn't part of the site can be downloaded from it.

    >>> as_page("[a](docs/guide.md#b) [c](LICENSE)", page="index", file="README.md")
    '[a](guide.md#b) [c](../LICENSE)'
    >>> as_page("[a](../../README.md#b)", page="cookbook/x", file="docs/cookbook/x.md")
    '[a](../index.md#b)'
    """
    folder = DOCS / PurePosixPath(page).parent

    def target(found: re.Match[str]) -> str:
        place = normpath(PurePosixPath(file).parent / found[1])
        for shown, original in SHOWN.items():
            if place == original:
                place = f"{DOCS / shown}.md"
        if (Path(__file__).parents[1] / place / "index.md").is_file():
            place = f"{place}/index.md"
        return f"]({relpath(place, folder)}{found[2] or ''})"

    return "".join(
        part if part.startswith("```") else LINK.sub(target, part)
        for part in FENCED.split(text)
    )
