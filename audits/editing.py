"""Save what an editor wrote as the next version of a rule, and let it decide if it holds."""

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audits.linting import faults
from audits.loading import activate, check_version, example_values, write_version
from audits.models import Rule, RuleVersion

KEY = r"[a-z0-9_]+([.-][a-z0-9_]+)*"


@dataclass(frozen=True)
class Saved:
    """What became of an edit."""

    version: RuleVersion
    new: bool
    """Whether a version was written; not where nothing differs from the newest."""
    active: bool
    """Whether the version decides from now on."""
    problems: tuple[str, ...] = ()
    """Why it does not, where it should."""


def create_rule(key: str) -> Rule:
    """Make a rule without a version; raise ValidationError where the key cannot be used."""
    if not re.fullmatch(KEY, key):
        raise ValidationError(
            {"key": "Small letters, digits, dots and dashes: aws.s3.bucket.my-rule"}
        )
    if Rule.objects.filter(key=key).exists():
        raise ValidationError({"key": "Another rule has this key."})
    return Rule.objects.create(key=key)


@transaction.atomic
def save_version(
    rule: Rule, fields: dict[str, Any], by: Any, reason: str, into_force: bool, seen: int
) -> Saved:
    """Write the next version; make it active where asked and where nothing speaks against it.

    ``seen`` is the number of the version that was edited. Raises ValidationError, by field,
    for a text that cannot be kept, and where somebody else saved meanwhile.
    """
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    found = faults(fields)
    if found:
        raise ValidationError(found)
    newest = rule.newest
    if newest and newest.number != seen:
        raise ValidationError(
            f"Version {newest.number} was saved meanwhile. Open the rule again and repeat your "
            "edit on it; what you wrote still stands below."
        )
    if newest and fields == {**newest.values(), "examples": example_values(newest)}:
        return _settled(newest, into_force, new=False)
    if rule.state == Rule.State.ACTIVE and not reason.strip():
        raise ValidationError({"reason": "This rule is in force: say why it changes."})
    version = write_version(rule, fields, reason=reason.strip(), author=by)
    return _settled(version, into_force, new=True)


def _settled(version: RuleVersion, into_force: bool, new: bool) -> Saved:
    rule = version.rule
    in_force = rule.state == Rule.State.ACTIVE and rule.active_id == version.pk
    if in_force or not into_force:
        return Saved(version, new, in_force, () if in_force else tuple(check_version(version)))
    problems = tuple(check_version(version))
    if not problems:
        activate(version)
    return Saved(version, new, not problems, problems)


def put_into_force(version: RuleVersion, reason: str) -> list[str]:
    """Let a version decide from now on; return what speaks against it, and then leave it."""
    problems = check_version(version)
    if not problems:
        told_why(version.rule, reason)
        activate(version)
    return problems


def told_why(rule: Any, reason: str) -> None:
    """Note why a rule is moved, in simple-history's way; kept with the next save."""
    rule._change_reason = reason[:100]


def retire(rule: Rule, reason: str) -> None:
    """Let a rule decide no more; what it found is closed at the next judging."""
    rule.state = Rule.State.RETIRED
    told_why(rule, reason)
    rule.save()
