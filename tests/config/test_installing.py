"""Vervet as a package: what its wheel holds, and that it runs without the tree."""

import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from config.serving import ROOT
from tests.packages import away_from_here, built, installed, ran

APPS = ("accounts", "items", "audits", "notifications", "config")
SAY_WHERE = (
    "import django; django.setup(); from django.template.loader import get_template; "
    "from django.contrib.staticfiles.finders import find; "
    "print(get_template('console/base.html').origin); print(find('vervet/vervet.css'))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(wheel, tmp_path_factory.mktemp("site"))


def in_tree(folder: str, pattern: str = "*") -> set[str]:
    """Return the files below a folder of the tree, as paths from its top."""
    found = (path for path in (ROOT / folder).rglob(pattern) if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    wanted = {"manage.py"}
    for app in APPS:
        wanted |= in_tree(app)
    for folder in ("templates", "static"):
        wanted |= {f"config/{name}" for name in in_tree(folder)}
    inside = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == wanted


def test_it_needs_what_the_requirements_name(wheel: Path) -> None:
    (metadata,) = (name for name in ZipFile(wheel).namelist() if name.endswith("/METADATA"))
    told = ZipFile(wheel).read(metadata).decode()
    lines = (ROOT / "requirements.in").read_text().splitlines()
    wanted = {line.partition("#")[0].strip() for line in lines} - {""}
    begins = "Requires-Dist: "
    named = {line.removeprefix(begins) for line in told.splitlines() if line.startswith(begins)}
    extra = {line for line in named if "; extra ==" in line}
    assert named - extra == wanted
    assert extra == {'weasyprint>=68; extra == "pdf"'}


def test_an_installed_vervet_runs_where_it_is_started(place: Path, tmp_path: Path) -> None:
    environment = away_from_here(place)
    vervet = str(place / "bin" / "vervet")
    assert "loadpacks" in ran([vervet, "--help"], cwd=tmp_path, env=environment)
    said = ran([vervet, "check", "--fail-level", "WARNING"], cwd=tmp_path, env=environment)
    assert "no issues" in said
    assert {path.name for path in tmp_path.iterdir()} == {"var"}, "its files lie where it runs"
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    said = ran([sys.executable, "-c", SAY_WHERE], cwd=tmp_path, env=environment)
    assert [line.startswith(str(place)) for line in said.splitlines()] == [True, True]
