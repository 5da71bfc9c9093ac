"""The line runs one way: accounts, items, audits, notifications, config; plugins below all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINE = ("accounts", "items", "audits", "notifications", "config")
BELOW_ALL = "config.plugins"
FILES = sorted(path for app in LINE for path in (ROOT / app).rglob("*.py"))
BANNED = {"utils", "helpers", "common", "services"}


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_what_comes_after_it(path: Path) -> None:
    app = path.relative_to(ROOT).parts[0]
    if path == ROOT / "config/plugins.py":
        allowed: tuple[str, ...] = ()
    else:
        allowed = LINE[: LINE.index(app) + 1]
    wrong = [
        name
        for name in imported(path)
        if name.split(".")[0] in LINE
        and name.split(".")[0] not in allowed
        and not (name + ".").startswith(f"{BELOW_ALL}.")
        and not (name == "config" and app != "config")
    ]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_hides_in_a_function(path: Path) -> None:
    if path.name == "apps.py":
        return  # Django asks for it: models are not ready when an app's module is read.
    tree = ast.parse(path.read_text())
    hidden = [
        ast.unparse(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
        and any(name.split(".")[0] in LINE for name in _names(inner))
    ]
    assert not hidden


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names]


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not [path for path in FILES if BANNED & {path.stem, path.parent.name}]


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.read_text().strip()
        and path.name not in ("apps.py",)
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_an_app_reads_no_tests_and_nothing_outside_the_project() -> None:
    for path in FILES:
        assert not [name for name in imported(path) if name.split(".")[0] == "tests"], path
