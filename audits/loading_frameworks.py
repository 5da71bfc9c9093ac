"""Bring frameworks and their controls into the database, without undoing what an editor changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

from django.db import transaction

from audits.loading import Loaded, note_load, of_each
from audits.models import Control, Framework
from audits.plain_yaml import NotPlain, read_yaml
from audits.unpacking import PackError

FOLDER = "frameworks"
TEXTS = ("name", "edition", "title", "notes")


@dataclass(frozen=True)
class Shipped:
    """A framework as a pack's file has it."""

    key: str
    fields: dict[str, str]
    controls: dict[str, dict[str, Any]]
    """By number: title, section, order, and whether a configuration can tell."""


def load_frameworks(dry_run: bool = False) -> list[Loaded]:
    """Bring the frameworks of every pack in; return what changed. Twice changes nothing.

    Three ways meet, field by field, as with rules. What an editor added stays. A control that
    left its pack goes, unless an editor changed it.
    """
    with transaction.atomic():
        done = of_each(_load_all)
        note_load("frameworks", done)
        if dry_run:
            transaction.set_rollback(True)
    return done


def shipped_frameworks(package: ModuleType) -> Iterator[Shipped]:
    """Yield every framework of a pack; raise PackError with the file's name."""
    folder = resources.files(package) / FOLDER
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            try:
                (text,) = read_yaml(file.read_text("utf-8")).documents
                yield _read(text)
            except NotPlain as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}, {error}") from error
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}: {error!r}") from error


def _read(text: dict[str, Any]) -> Shipped:
    controls: dict[str, dict[str, Any]] = {}
    for section, rows in text["sections"].items():
        for number, said in rows.items():
            if str(number) in controls:
                raise ValueError(f"{number} is there twice")
            people = isinstance(said, dict)
            if people and set(said) != {"people"}:
                raise ValueError(f"{number}: quote a title with a comma")
            controls[str(number)] = {
                "title": said["people"] if people else said,
                "section": section,
                "order": len(controls),
                "automated": not people,
            }
    return Shipped(text["key"], {name: text[name].strip() for name in TEXTS}, controls)


def _load_all(pack: str, package: ModuleType) -> Iterator[Loaded]:
    for one in shipped_frameworks(package):
        yield from _load(pack, one)


def _load(pack: str, one: Shipped) -> Iterator[Loaded]:
    framework = Framework.objects.filter(key=one.key).first()
    if framework and framework.pack and framework.pack != pack:
        problem = f"The pack {framework.pack} has a framework {one.key} already; it keeps it."
        yield Loaded(one.key, "left out", problems=(problem,))
        return
    if framework is None:
        taken = Framework.objects.filter(name=one.fields["name"]).first()
        if taken:
            problem = f"There is a framework named {taken.name} already: {taken.key}."
            yield Loaded(one.key, "left out", problems=(problem,))
            return
        framework = Framework(key=one.key, pack=pack, shipped={})
    yield from _follow(framework, one.fields, one.key)
    kept = {control.number: control for control in framework.controls.all()}
    for number, fields in one.controls.items():
        control = kept.get(number) or Control(framework=framework, number=number)
        yield from _follow(control, fields, f"{framework.name} {number}")
    for number, control in kept.items():
        if number not in one.controls and control.shipped:
            if _present(control, control.shipped) == control.shipped:
                control.delete()
            else:
                control.shipped = {}
                control.save()
            yield Loaded(f"{framework.name} {number}", "retired")


def _follow(row: Framework | Control, fields: dict[str, Any], key: str) -> Iterator[Loaded]:
    """Let a row follow what is shipped where nobody changed it; write only what differs."""
    new = row.pk is None
    before = row.shipped
    if before == fields:
        return
    present = _present(row, fields)
    followed = [
        name
        for name in fields
        if new or (name in before and present[name] == before[name] != fields[name])
    ]
    for name in followed:
        setattr(row, name, fields[name])
    row.shipped = fields
    row.save()
    yield Loaded(key, "new" if new else "updated" if followed else "kept", tuple(followed))


def _present(row: Framework | Control, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}
