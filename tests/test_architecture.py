"""The line runs one way: accounts, items, audits, notifications, config; plugins below all."""

import ast
import re
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


# -- no provider in the core --------------------------------------------------------------------

WORDS = (
    # As they call themselves, what they are built on, and what only one of them calls so.
    "aws|amazon|amazonaws|boto|botocore|arn|ec2|s3|iam|sts|cloudtrail|cloudfront|guardduty|dynamodb"
    "|gcp|google|googleapis|gcloud|gserviceaccount|bigquery|pubsub|gke"
    "|azure|microsoft|entra|nsg|aks|cosmosdb"
    # How they write.
    "|ippermissions|ipprotocol|securityrules"
)
WORD = re.compile(rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:(?:{WORDS})[0-9]?s?)(?![a-z])")
PROVIDERS = ("aws", "gcp", "azure")
# What is about one provider by its nature, beside folders and modules that are named after one.
ABOUT_PROVIDERS = (
    "audits/packs/",
    "audits/carrying/",  # Rules of other tools, which are about providers' things.
    "notifications/notifiers/chats.py",  # Its content type names who made it.
    "audits/functions/access_levels.py",
    "audits/functions/actions.py",
    "audits/functions/conditions.py",
    "audits/functions/denials.py",
    "audits/functions/entities.py",
    "audits/functions/members.py",
    "audits/functions/policies.py",
    "audits/functions/principals.py",
    "audits/functions/reach.py",
)
# Rules are about a provider's things, so the examples of what they may call are, too.
EXAMPLE = re.compile(r"^ *(Example|On|With|Gives): .*$", re.MULTILINE)
CORE = [
    path
    for folder in (*LINE[:-1], "templates/mail", "templates/evidence")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts
]


def named_after_a_provider(path: Path) -> bool:
    names = [*path.parent.parts, path.stem, path.stem.partition("_")[0]]
    return any(name in PROVIDERS for name in names)


def without_contents(text: str) -> str:
    """Leave out the tables of contents of registries: to name what there is, is their work."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg == "builtin":
            for number in range(node.value.lineno - 1, node.value.end_lineno or 0):
                lines[number] = ""
    return "\n".join(lines)


def provider_words(path: Path) -> list[str]:
    text = path.read_text()
    if path.suffix == ".py":
        text = without_contents(text)
    if path.is_relative_to(ROOT / "audits/functions"):
        text = EXAMPLE.sub("", text)
    return [match[0] for match in WORD.finditer(text)]


def test_the_core_names_no_provider() -> None:
    """Accounts, items, audits and notifications: their code, comments, help texts and templates."""
    found = {
        str(one): words
        for path in CORE
        if not named_after_a_provider(one := path.relative_to(ROOT))
        and not str(one).startswith(ABOUT_PROVIDERS)
        and (words := provider_words(path))
    }
    assert not found


def test_what_is_excepted_from_that_is_there_and_needs_it() -> None:
    for place in ABOUT_PROVIDERS:
        files = [path for path in CORE if str(path.relative_to(ROOT)).startswith(place)]
        assert any(map(provider_words, files)) or place == "audits/packs/", place


@pytest.mark.parametrize(
    "text",
    [
        "AWS's",
        "class AwsAccount:",
        "an ARN",
        "ARNs",
        "PolicyArn",
        "s3:Get",
        "_gcp_rule",
        "boto3",
        "https://www.googleapis.com/",
        "Microsoft.Network",
        "# as Azure does",
        "x@p.iam.example",
    ],
)
def test_a_word_of_a_provider_is_found_however_it_is_written(text: str) -> None:
    assert WORD.search(text)


@pytest.mark.parametrize(
    "text", ["learn", "warning", "earns", "lists", "costs", "awsome", "ghosts"]
)
def test_a_word_of_ours_is_taken_for_none(text: str) -> None:
    assert not WORD.search(text)
