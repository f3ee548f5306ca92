"""What is built of the project can be installed, and napari finds the plugin in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from napari_idr import __version__
from napari_idr._home import HOME

ROOT = Path(__file__).parents[2]

NEEDED = (
    "pyproject.toml README.md LICENSE CHANGELOG.md CONTRIBUTING.md SECURITY.md "
    "CITATION.cff Makefile napari.yaml hatch_build.py "
    "src examples docs tests benchmarks tools packaging"
)
"""What the distributions are built from, and what the sdist is to hold."""


INFO = f"napari_idr-{__version__}.dist-info"


@dataclass(frozen=True)
class Built:
    """A source distribution, and the wheel that was built from it."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("project")
    copy = folder / "napari-idr"
    copy.mkdir()
    for name in NEEDED.split():
        source = ROOT / name
        if source.is_dir():
            skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, copy / name, ignore=skip)
        else:
            shutil.copy2(source, copy / name, follow_symlinks=False)
    done = run(sys.executable, "-m", "build", "--no-isolation", str(copy), cwd=folder)
    assert "Successfully built" in done
    sdist, wheel = sorted((copy / "dist").iterdir(), key=lambda path: path.suffix)
    return Built(sdist=sdist, wheel=wheel)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel, and the libraries of this one.

    They are read from here by a path file, which leaves an editable installation of
    the plugin aside: path files of a folder that one names aren't read.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = Path(run(str(python), "-c", SITE_FOLDER).strip())
    with zipfile.ZipFile(built.wheel) as wheel:
        wheel.extractall(site)
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return python


SITE_FOLDER = "import sysconfig; print(sysconfig.get_path('purelib'))"


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd or Path("/")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names_in(distribution: Path) -> set[str]:
    if distribution.suffix == ".whl":
        with zipfile.ZipFile(distribution) as wheel:
            return set(wheel.namelist())
    with tarfile.open(distribution) as sdist:
        return {
            str(PurePosixPath(*PurePosixPath(name).parts[1:]))
            for name in sdist.getnames()
        }


def sources() -> set[str]:
    package = ROOT / "src" / "napari_idr"
    return {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix in (".py", ".yaml", ".typed")
    }


def test_the_wheel_holds_the_package_with_its_manifest_and_types(built: Built):
    names = names_in(built.wheel)

    assert sources() <= names
    assert {"napari_idr/napari.yaml", "napari_idr/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {
        "napari_idr",
        INFO,
    }


def test_the_wheel_names_its_licence_readme_and_entry_points(built: Built):
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = wheel.read(f"{INFO}/METADATA").decode()
        entry_points = wheel.read(f"{INFO}/entry_points.txt").decode()
        assert f"{INFO}/licenses/LICENSE" in wheel.namelist()

    head, _, readme = metadata.partition("\n\n")
    assert "License-Expression: BSD-3-Clause" in head
    assert "Requires-Python: >=3.11" in head
    assert "Classifier: Framework :: napari" in head
    assert readme.startswith("# napari-idr")
    assert not re.search(r"\]\((?!https:|#)", readme)
    assert bool(HOME) == ("Project-URL: Source Code" in head)
    assert "napari-idr = napari_idr:napari.yaml" in entry_points
    assert "napari-idr = napari_idr._cli:main" in entry_points


def test_no_qt_binding_is_required(built: Built):
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = wheel.read(f"{INFO}/METADATA").decode()

    required = [
        line.lower()
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    assert any("napari>=" in line for line in required)
    assert not any(
        qt in line for line in required for qt in ("pyqt", "pyside", "[all]")
    )


def test_the_source_distribution_holds_all_that_builds_and_tests_it(built: Built):
    names = names_in(built.sdist)

    assert {f"src/{name}" for name in sources()} <= names
    for name in NEEDED.split():
        assert name in names or any(one.startswith(f"{name}/") for one in names), name
    assert "docs/images/first-plate.png" in names
    assert not any("__pycache__" in name for name in names)


def test_the_installed_wheel_is_what_python_imports(installed: Path):
    where = run(str(installed), "-c", "import napari_idr; print(napari_idr.__file__)")

    assert Path(where.strip()).is_relative_to(installed.parents[1])


def test_napari_finds_the_manifest_of_the_installed_wheel(installed: Path):
    found = run(
        str(installed),
        "-c",
        "from npe2 import PluginManager\n"
        "manager = PluginManager()\n"
        "manager.discover(include_npe1=False)\n"
        "manifest = manager.get_manifest('napari-idr')\n"
        "print(manifest.package_version, manifest.display_name)\n"
        "for widget in manifest.contributions.widgets:\n"
        "    print(widget.display_name)",
    )

    assert found.splitlines()[:2] == [f"{__version__} IDR", "Browse the IDR"]


def test_what_the_manifest_names_can_be_imported(installed: Path):
    said = run(str(installed), "-m", "npe2", "validate", "--imports", "napari-idr")

    assert "Manifest is valid" in said or "✔" in said


def test_the_command_of_the_installed_wheel_tells_its_version(installed: Path):
    said = run(str(installed), "-m", "napari_idr._cli", "--version")

    assert said == f"{__version__}\n"


def test_the_manifest_at_the_top_is_a_link_to_that_of_the_package():
    link = ROOT / "napari.yaml"

    assert link.is_symlink()
    assert link.resolve() == ROOT / "src/napari_idr/napari.yaml"
