"""Bring rule packs into the database without undoing what an editor changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import yaml
from django.db import transaction

from audits.merging import merge
from audits.models import Rule
from audits.moving import activate, bring_back, end, locked
from audits.versions import check_version, write_version
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


class PackError(Exception):
    """A pack's file cannot be read; says where and why."""


@dataclass(frozen=True)
class Loaded:
    """What loading did, or would do, to one rule."""

    key: str
    what: str
    """new, updated, waiting (updated, and for a second person), kept (an editor changed it; only
    noted what is shipped), retired, back."""
    fields: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def load_packs(dry_run: bool = False) -> list[Loaded]:
    """Bring every pack in; return what changed. Loading twice changes nothing.

    Three ways meet, field by field: what the pack shipped last, what it ships now, and what
    the rule says now. A field that an editor changed stays; the others follow the pack.
    """
    done: list[Loaded] = []
    with transaction.atomic():
        for name in packs:
            if name in packs:
                done += _load_pack(name, packs[name])
        if dry_run:
            transaction.set_rollback(True)
    return done


def shipped(package: ModuleType) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, fields) for every rule of a pack; raise PackError with the file's name."""
    for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            pack = yaml.safe_load(file.read_text("utf-8"))
            for rule in pack["rules"]:
                fields = {**EMPTY, "technologies": [pack["technology"]], **rule}
                key = f"{file.name.removesuffix('.yaml')}.{fields.pop('key')}"
                yield key, _checked(fields)
        except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
            raise PackError(f"{package.__name__}/{file.name}: {error!r}") from error


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(EMPTY) - {"title", "expression"}
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    return {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }


def _load_pack(name: str, package: ModuleType) -> Iterator[Loaded]:
    seen = set()
    rules = {rule.key: rule for rule in Rule.objects.select_related("active")}
    for key, fields in shipped(package):
        seen.add(key)
        rule = rules.get(key)
        if rule is None:
            yield _create(name, key, fields)
        else:
            if rule.retired_by_pack:
                bring_back(rule)
                yield Loaded(key, "back")
            if rule.shipped != fields:
                yield _merge(rule, fields)
    for key, rule in rules.items():
        if rule.pack == name and key not in seen and rule.state != Rule.State.RETIRED:
            end(locked(rule.pk), None, "It left its pack.", by_pack=True)
            yield Loaded(key, "retired")


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
