"""Carry files of another tool over: read them, turn them into our rules, and check these."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audits.carrying import custodian, scoutsuite
from audits.carrying.exampling import examples
from audits.carrying.outcome import Carried, Left, Outcome
from audits.importing import LARGEST
from audits.linting import faults
from audits.plain_yaml import NotPlain, read_yaml


class Unreadable(Exception):
    """A file cannot be read; says which and why."""


def from_custodian(files: Sequence[Path]) -> list[Outcome]:
    """Return what becomes of the policies in YAML files; raise Unreadable."""
    return [one for file in files for one in _sound(custodian.carry(_documents(file), file.name))]


def from_scoutsuite(files: Sequence[Path], ruleset: Path | None = None) -> list[Outcome]:
    """Return what becomes of rules, one JSON file each, or folders of them; raise Unreadable."""
    found: dict[str, Any] = {}
    for given in files:
        for file in sorted(given.glob("*.json")) if given.is_dir() else [given]:
            found[file.stem] = _json(file)
    return _sound(scoutsuite.carry(found, _json(ruleset) if ruleset else None))


def _sound(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Leave out what our language refuses; give the others examples, as far as they are found."""
    return [_with_examples(_or_left(one)) for one in outcomes]


def _with_examples(one: Outcome) -> Outcome:
    if isinstance(one, Left):
        return one
    found = examples(one.fields)
    given = {example["fires"] for example in found}
    lacking = [
        word for fires, word in ((True, "fires"), (False, "does not fire")) if fires not in given
    ]
    notes = [f"no example that {word} could be made" for word in lacking]
    return replace(one, fields={**one.fields, "examples": found}, notes=(*one.notes, *notes))


def _or_left(one: Outcome) -> Outcome:
    if isinstance(one, Carried):
        found = faults(one.fields)
        if found:
            field, text = next(iter(found.items()))
            return Left(one.name, f"its {field} cannot be kept: {text.splitlines()[0]}")
    return one


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise Unreadable(f"{file.name} has more than {LARGEST:,} bytes.")
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file}: {error}") from error


def _documents(file: Path) -> list[Any]:
    try:
        return read_yaml(_read(file)).documents
    except NotPlain as error:
        raise Unreadable(f"{file.name}, {error}") from error


def _json(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unreadable(f"{file.name}: {error}") from error
