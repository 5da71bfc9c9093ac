"""Bring rule packs into the database without undoing what an editor changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from django.db import transaction

from accounts.ledger import enter
from audits.merging import merge
from audits.models import Rule
from audits.moving import activate, bring_back, end, locked
from audits.unpacking import PackError, written_in
from audits.versions import check_version, text_of, write_version
from config.plugins import Registry

packs: Registry[ModuleType] = Registry(
    "vervet.packs", base=ModuleType, builtin={"vervet": "audits.packs"}
)

EMPTY: dict[str, Any] = {
    "technologies": [],
    "applies_when": "",
    "identity": "",
    "extent": "",
    "notes": "",
    "score": 5,
    "parameters": {},
    "rationale": "",
    "remediation": "",
    "references": [],
    "controls": [],
    "examples": [],
}

Foreign = Literal["pass", "refuse", "take"]
"""What becomes of a rule that another pack holds already: left to that, told of, or taken over."""


@dataclass(frozen=True)
class Loaded:
    """What loading did, or would do, to one rule."""

    key: str
    what: str
    """new, updated, waiting (updated, and for a second person), kept (an editor changed it; only
    noted what is shipped), retired, back, adopted (a rule of no pack is the pack's from now on),
    refused."""
    fields: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def load_packs(dry_run: bool = False) -> list[Loaded]:
    """Bring every installed pack in; return what changed. Loading twice changes nothing.

    Three ways meet, field by field: what the pack shipped last, what it ships now, and what
    the rule says now. A field that an editor changed stays; the others follow the pack.
    """
    with transaction.atomic():
        done = of_each(lambda name, package: _load(name, dict(shipped(package)), "pass"))
        note_load("rules", done)
        if dry_run:
            transaction.set_rollback(True)
    return done


def of_each(load: Callable[[str, ModuleType], Iterable[Loaded]]) -> list[Loaded]:
    """Bring in what each pack holds of a kind; one that cannot be read is left out and told of.

    What it brought before stays as it is.
    """
    done: list[Loaded] = []
    for name in packs:
        if name not in packs:
            continue
        try:
            with transaction.atomic():
                done += list(load(name, packs[name]))
        except PackError as error:
            done.append(Loaded(name, "left out", problems=(str(error),)))
    return done


def load_folder(
    folder: Path, pack: str, dry_run: bool = False, take_over: bool = False
) -> list[Loaded]:
    """Bring a folder of YAML files in as a pack of its own, as ``load_packs`` does.

    Rules of no pack become the pack's; those of another pack are refused where they differ,
    unless ``take_over`` gives them to this one. Raises PackError where a file cannot be read.
    """
    if pack in packs:
        raise PackError(f"{pack} is an installed pack; choose another name for the folder.")
    given = {rule.key: complete(rule.fields) for rule in written_in(folder)}
    with transaction.atomic():
        done = list(_load(pack, given, "take" if take_over else "refuse"))
        note_load("rules", done)
        if dry_run:
            transaction.set_rollback(True)
    return done


def shipped(package: ModuleType) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, fields) for every rule of a pack; raise PackError with the file's name."""
    try:
        found = written_in(resources.files(package))
    except PackError as error:
        raise PackError(f"Pack {package.__name__}: {error}") from error
    for rule in found:
        yield rule.key, complete(rule.fields)


def complete(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a pack's fields as a version holds them: what is left out is empty, texts trimmed."""
    found: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in {**EMPTY, **fields}.items()
    }
    found["examples"] = [
        {name: value for name, value in example.items() if not _says_nothing(name, value)}
        | {"name": example["name"].strip()}
        for example in found["examples"]
    ]
    return found


def _says_nothing(name: str, value: Any) -> bool:
    return (name == "context" and not value) or (name == "identities" and value is None)


def note_load(what: str, done: Iterable[Loaded]) -> None:
    """Enter what packs brought in, in one entry; nothing where they changed nothing."""
    brought: dict[str, list[str]] = {}
    for one in done:
        if one.what not in ("refused", "left out"):
            brought.setdefault(one.what, []).append(one.key)
    if brought:
        enter(None, "loaded packs", what, None, brought)


def _load(name: str, given: dict[str, dict[str, Any]], foreign: Foreign) -> Iterator[Loaded]:
    rules = {rule.key: rule for rule in Rule.objects.select_related("active")}
    for key, fields in given.items():
        rule = rules.get(key)
        if rule is None:
            yield _create(name, key, fields)
        elif rule.pack != name:
            yield from _meet(name, rule, fields, foreign)
        else:
            if rule.retired_by_pack:
                bring_back(rule)
                yield Loaded(key, "back")
            if rule.shipped != fields:
                yield _merge(rule, fields)
    for key, rule in rules.items():
        if rule.pack == name and key not in given and rule.state != Rule.State.RETIRED:
            end(locked(rule.pk), None, "It left its pack.", by_pack=True)
            yield Loaded(key, "retired")


def _meet(pack: str, rule: Rule, fields: dict[str, Any], foreign: Foreign) -> Iterator[Loaded]:
    """Bring in the text of a rule that another pack holds, or that was made in the admin."""
    same = rule.newest is not None and text_of(rule.newest) == fields
    if rule.pack and foreign != "take":
        if foreign == "refuse" and not same:
            problem = f"It is a rule of the pack {rule.pack}: leave it out, or take it over."
            yield Loaded(rule.key, "refused", problems=(problem,))
        return
    rule = locked(rule.pk)
    rule.pack = pack
    if same:
        rule.shipped = fields
    rule.save()
    yield Loaded(rule.key, "adopted") if same else _merge(rule, fields)


def _create(pack: str, key: str, fields: dict[str, Any]) -> Loaded:
    rule = Rule.objects.create(key=key, pack=pack, shipped=fields)
    version = write_version(rule, fields, reason="Shipped.")
    problems = check_version(version)
    if not problems:
        activate(version)
    return Loaded(key, "new", problems=tuple(problems))


def _merge(rule: Rule, fields: dict[str, Any]) -> Loaded:
    done = merge(rule, fields)
    what = "waiting" if done.waits else "updated" if done.fields else "kept"
    return Loaded(rule.key, what, done.fields, done.problems)
