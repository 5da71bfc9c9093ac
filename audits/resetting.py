"""Bring back what a pack ships: the whole of a rule, or some of its fields."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from audits.editing import Saved, Then, save_version
from audits.loading import complete
from audits.models import Rule
from audits.versions import text_of


def shipped_text(rule: Rule) -> dict[str, Any]:
    """Return the whole text that the rule's pack shipped last; empty where no pack has it."""
    return complete(rule.shipped) if rule.shipped else {}


def reset(
    rule: Rule,
    names: Iterable[str],
    by: Any,
    reason: str,
    then: Then = Then.DRAFT,
    seen: int = 0,
) -> Saved:
    """Write the next version with the named fields as shipped, and take it the usual way.

    From then on these fields follow the pack again. ``seen`` is the number of the version that
    was looked at. Raises ValidationError where there is nothing shipped or nothing to change,
    where no reason is given, and where somebody else saved meanwhile.
    """
    text, newest = shipped_text(rule), rule.newest
    if not text or newest is None:
        raise ValidationError("No pack ships this rule: there is nothing to go back to.")
    if not reason.strip():
        raise ValidationError("Say why it goes back to what is shipped.")
    ours = text_of(newest)
    changed = [name for name in text if name in set(names) and text[name] != ours[name]]
    if not changed:
        raise ValidationError("Choose a field that differs from what is shipped.")
    fields = ours | {name: text[name] for name in changed}
    return save_version(rule, fields, by, reason, then, seen)
