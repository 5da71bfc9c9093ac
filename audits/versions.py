"""The texts of a rule: written once, read whole, and held against their examples."""

from typing import Any

from audits.examples import failures
from audits.linting import faults
from audits.models import Rule, RuleExample, RuleVersion


def text_of(version: RuleVersion) -> dict[str, Any]:
    """Return a version's whole text as a pack holds it, examples included."""
    return {**version.values(), "examples": example_values(version)}


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
    """Add the next version of a rule, with its examples; the pointers stay where they are."""
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
    """Return why a version cannot be tried or decide: faults in its text, examples that fail."""
    found = [f"{name}: {fault}" for name, fault in faults(version.values()).items()]
    return found or failures(version, list(version.examples.all()))
