"""Give a rule another score, and change nothing else."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audits.editing import Saved, Then, save_version
from audits.merging import three_ways
from audits.models import Rule, RuleVersion
from audits.moving import locked
from audits.versions import text_of, write_version


def scored(rule: Rule) -> RuleVersion | None:
    """Return the version whose score a rule has: that in force, in shadow, or the newest."""
    if rule.state == Rule.State.ACTIVE:
        return rule.active
    return rule.shadow or rule.newest


@transaction.atomic
def rescore(rule: Rule, score: int, by: Any, reason: str, seen: int) -> Saved:
    """Write what a rule says with another score, and take it to where that stood.

    A draft beside it stays what is edited next, with the new score unless it has its own.
    ``seen`` is the number of the version whose score was shown. Raises ValidationError where
    no reason is given, and where another version took its place meanwhile.
    """
    rule = locked(rule.pk)
    base, newest = scored(rule), rule.newest
    if base is None or newest is None or base.number != seen:
        raise ValidationError("Another version took its place meanwhile: look at it again.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why the score changes."})
    old = text_of(base)
    new = {**old, "score": score}
    then = {rule.active_id: Then.FORCE, rule.shadow_id: Then.SHADOW}.get(base.pk, Then.DRAFT)
    if rule.state == Rule.State.RETIRED:
        then = Then.DRAFT
    saved = save_version(rule, new, by, reason, then, seen=newest.number)
    if newest != base and saved.new:
        text = three_ways(old, new, text_of(newest))
        write_version(rule, text, f"Version {newest.number}, kept as the draft.", newest.author)
    return saved
