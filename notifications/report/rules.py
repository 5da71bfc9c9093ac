"""Which rules came into force, went out of it or changed in a week, and who did it."""

from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse

from accounts.models import User
from audits.models import Rule, RuleVersion
from audits.trending import WEEK
from notifications.report.scope import Scope


class Turn(NamedTuple):
    """When a rule was last turned to the version that it stood at."""

    version: int
    """0: it was not in force."""
    at: datetime
    by: int | None


def rules(scope: Scope) -> dict[str, Any]:
    """Return the rules that do not stand where they stood a week ago, what people did first."""
    before, after = _turns(scope, scope.at - WEEK), _turns(scope, scope.at)
    pairs = [(before[rule].version if rule in before else 0, now) for rule, now in after.items()]
    moved = [(was, now) for was, now in pairs if was != now.version]
    wanted = {pk for was, now in moved for pk in (was, now.version)}
    versions = RuleVersion.objects.select_related("author", "approved_by").in_bulk(wanted)
    people = User.objects.in_bulk({now.by for _, now in moved if now.by})
    told = [_told(versions.get(was), versions.get(now.version), now, people) for was, now in moved]
    asked = set(scope.told.technologies)
    kept = [one for one in told if not asked or asked & set(one["technologies"])]
    return {"rules": sorted(kept, key=lambda one: (not one["by"], one["title"]))}


def _turns(scope: Scope, moment: datetime) -> dict[int, Turn]:
    rows = Rule.history.filter(history_date__lte=moment)
    if scope.rules is not None:
        rows = rows.filter(id__in=scope.rules)
    found: dict[int, Turn] = {}
    fields = ("id", "state", "active_id", "history_date", "history_user_id")
    for rule, state, active, at, by in rows.order_by("history_date", "history_id").values_list(
        *fields
    ):
        version = active or 0 if state == Rule.State.ACTIVE else 0
        if rule not in found or found[rule].version != version:
            found[rule] = Turn(version, at, by)
    return found


def _told(
    before: RuleVersion | None, after: RuleVersion | None, turn: Turn, people: dict[int, User]
) -> dict[str, Any]:
    """Say what became of one rule; of one that is no longer in force, by its last text."""
    shown = after or before or RuleVersion()
    person = shown.author if after else people.get(turn.by or 0)
    return {
        "title": shown.title,
        "technologies": shown.technologies,
        "what": "changed"
        if before and after
        else "now in force"
        if after
        else "no longer in force",
        "number": shown.number,
        "before": before.number if before else None,
        "by": person.username if person else "",
        "approved_by": shown.approved_by.username if after and shown.approved_by else "",
        "reason": shown.reason if after else "",
        "at": turn.at.isoformat(),
        "link": reverse("admin:audits_rule_change", args=[shown.rule_id]),
    }
