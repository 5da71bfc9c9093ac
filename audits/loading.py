"""Bring rule packs into the database without undoing what an editor changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import yaml
from django.db import transaction

from audits.examples import failures
from audits.linting import faults
from audits.models import Rule, RuleExample, RuleVersion
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
    """new, updated, kept (an editor changed it; only noted what is shipped), retired."""
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
        elif rule.shipped != fields:
            yield _merge(rule, fields)
        elif rule.state == Rule.State.RETIRED and rule.active:
            rule.state = Rule.State.ACTIVE
            rule.save()
            yield Loaded(key, "back")
    for key, rule in rules.items():
        if rule.pack == name and key not in seen and rule.state != Rule.State.RETIRED:
            rule.state = Rule.State.RETIRED
            rule.save()
            yield Loaded(key, "retired")


def _create(pack: str, key: str, fields: dict[str, Any]) -> Loaded:
    rule = Rule.objects.create(key=key, pack=pack, shipped=fields)
    version = write_version(rule, fields, reason="Shipped.")
    problems = check_version(version)
    if not problems:
        activate(version)
    return Loaded(key, "new", problems=tuple(problems))


def _merge(rule: Rule, fields: dict[str, Any]) -> Loaded:
    newest = rule.newest
    assert newest is not None  # noqa: S101  (a rule is made together with its first version)
    ours = {**newest.values(), "examples": example_values(newest)}
    followed = {name: fields[name] for name in fields if ours[name] == rule.shipped.get(name)}
    merged = ours | followed
    rule.shipped = fields
    rule.save()
    changed = tuple(name for name in merged if merged[name] != ours[name])
    if not changed:
        return Loaded(rule.key, "kept")
    version = write_version(rule, merged, reason="The pack changed.")
    problems = check_version(version)
    if rule.active_id == newest.pk and not problems:
        activate(version)
    return Loaded(rule.key, "updated", changed, tuple(problems))


def example_values(version: RuleVersion) -> list[dict[str, Any]]:
    """Return a version's examples as a pack writes them."""
    return [
        {
            "name": example.name,
            "fires": example.fires,
            "config": example.config,
            **({"context": example.context} if example.context else {}),
            **({"identities": example.identities} if example.identities is not None else {}),
        }
        for example in version.examples.all()
    ]


def write_version(
    rule: Rule, fields: dict[str, Any], reason: str, author: Any = None
) -> RuleVersion:
    """Add the next version of a rule, with its examples; the pointer stays where it is."""
    newest = rule.newest
    values = {name: fields[name] for name in RuleVersion.FIELDS}
    version = RuleVersion.objects.create(
        rule=rule,
        number=newest.number + 1 if newest else 1,
        reason=reason,
        author=author,
        **values,
    )
    RuleExample.objects.bulk_create(
        RuleExample(version=version, **{"context": {}, "identities": None, **example})
        for example in fields["examples"]
    )
    return version


def check_version(version: RuleVersion) -> list[str]:
    """Return why a version cannot be made active: faults in its text, examples that fail."""
    found = [f"{name}: {fault}" for name, fault in faults(version.values()).items()]
    return found or failures(version, list(version.examples.all()))


def activate(version: RuleVersion) -> None:
    """Let a version decide from now on."""
    rule = version.rule
    rule.active, rule.state = version, Rule.State.ACTIVE
    rule.save()
