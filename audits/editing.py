"""Save what an editor wrote as the next version of a rule, and take it where it should go."""

import enum
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.ledger import enter
from accounts.states import differing
from audits.linting import faults
from audits.models import Proposal, Rule, RuleVersion
from audits.moving import Moved, decides, demand_reason, into_shadow, locked, put_into_force
from audits.versions import text_of, write_version

KEY = r"[a-z0-9_]+([.-][a-z0-9_]+)*"


class Then(enum.StrEnum):
    """Where a version goes once it is saved."""

    DRAFT = "draft"
    SHADOW = "shadow"
    FORCE = "force"


@dataclass(frozen=True)
class Saved:
    """What became of an edit."""

    version: RuleVersion
    new: bool
    """Whether a version was written; not where nothing differs from the newest."""
    active: bool
    """Whether the version decides now."""
    moved: Moved
    """What became of the wish to try it or to put it into force."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it does not go where it should."""
        return self.moved.problems

    @property
    def proposal(self) -> Proposal | None:
        """What waits for a second person."""
        return self.moved.proposal


def create_rule(key: str) -> Rule:
    """Make a rule without a version; raise ValidationError where the key cannot be used."""
    if not re.fullmatch(KEY, key):
        raise ValidationError(
            {"key": "Small letters, digits, dots and dashes: acme.server.my-rule"}
        )
    if Rule.objects.filter(key=key).exists():
        raise ValidationError({"key": "Another rule has this key."})
    return Rule.objects.create(key=key)


def save_version(
    rule: Rule | str,
    fields: dict[str, Any],
    by: Any,
    reason: str,
    then: Then = Then.DRAFT,
    seen: int = 0,
) -> Saved:
    """Write the next version of a rule, or the first of a new one given by its key.

    ``seen`` is the number of the version that was edited. Raises ValidationError, by field,
    for a text that cannot be kept, and where somebody else saved meanwhile. What speaks
    against trying it or putting it into force is returned: it is kept as a draft then.
    """
    found = faults(fields)
    if found:
        raise ValidationError(found)
    with transaction.atomic():
        row = create_rule(rule) if isinstance(rule, str) else locked(rule.pk)
        version, new = _write(row, fields, by, reason.strip(), seen)
        if new and then == Then.FORCE:  # Before it is kept: nothing may raise after that.
            demand_reason(reason, row)
    moved = _go(version, then, by, reason)
    version.refresh_from_db(fields=["rule"])
    return Saved(version, new, decides(version, version.rule), moved)


def restore(rule: Rule, number: int, by: Any, reason: str, then: Then = Then.FORCE) -> Saved:
    """Write a version equal to an earlier one, and take it the way of every other.

    Raises ValidationError where no reason is given, where there is no such version, and where
    its text cannot be kept any more, as when a function that it calls is gone.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is restored."})
    old = rule.versions.filter(number=number).first()
    newest = rule.newest
    if old is None or newest is None:
        raise ValidationError(f"There is no version {number}.")
    why = f"Version {number} restored: {reason.strip()}"[:500]
    return save_version(rule, text_of(old), by, why, then, seen=newest.number)


def _write(
    rule: Rule, fields: dict[str, Any], by: Any, reason: str, seen: int
) -> tuple[RuleVersion, bool]:
    """Return the version that says this, and whether it had to be written."""
    newest = rule.newest
    if newest and newest.number != seen:
        raise ValidationError(
            f"Version {newest.number} was saved meanwhile. Open the rule again and repeat your "
            "edit on it; what you wrote still stands below."
        )
    if newest and fields == text_of(newest):
        return newest, False
    if rule.state == Rule.State.ACTIVE and not reason:
        raise ValidationError({"reason": "This rule is in force: say why it changes."})
    version = write_version(rule, fields, reason=reason, author=by)
    before, after = differing(text_of(newest) if newest else {}, text_of(version))
    enter(
        by,
        "saved",
        rule,
        {"version": newest.number, **before} if newest else None,
        {"version": version.number, **after, "reason": reason},
    )
    return version, True


def _go(version: RuleVersion, then: Then, by: Any, reason: str) -> Moved:
    if then == Then.FORCE:
        return put_into_force(version, by, reason)
    if then == Then.SHADOW:
        return into_shadow(version, by, reason)
    return Moved(True)
