"""Issues as they were at a moment, read from what happened to them."""

from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.recalling import as_they_were
from audits.models import Coverage, Issue, IssueEvent, Rule, What
from audits.standing import OPENING, at

STAND_INS = {
    name: f"{name}_then"
    for name in (
        "score",
        "opened_at",
        "fixed_at",
        "justified",
        "unknown",
        "version_id",
        "assignee_id",
    )
}
"""The column that stands in for a field of an issue in the past."""
SCORING = (What.RESCORED, *OPENING)
"""What may give an issue another score; all else leaves it."""
SILENCE = (What.UNKNOWN, What.KNOWN, What.FIXED, *OPENING)


def issues_at(moment: datetime) -> QuerySet[Any]:
    """Return the issues that had been found at a moment, with their state of then.

    What was found (notes, evidence, extent) is not kept: it is as it was found last. Nor is who
    was to decide: it is nobody.
    """
    by_row = Q(opened_at__lte=moment) & (Q(fixed_at=None) | Q(fixed_at__gt=moment))
    moved = _moved_since(moment)
    rows = (
        Issue.objects.filter(Q(opened_at__lte=moment) | (moved & Q(Exists(_events(moment)))))
        .alias(turned=_last(moment, "what", What.FIXED, *OPENING))
        .alias(
            standing=Case(
                When(by_row, then=True),
                When(opened_at__lte=moment, then=False),
                default=Q(turned__in=OPENING),
            )
        )
    )
    opened = When(opened_at__lte=moment, then=F("opened_at"))
    # Only of what was opened again since, the row does not tell how it stood.
    ended = Case(
        When(opened_at__lte=moment, then=F("fixed_at")), default=_last(moment, "at", What.FIXED)
    )
    covered = Coverage.objects.filter(at(moment)).order_by().values("issue")
    return as_they_were(
        rows.annotate(
            score_then=score_at(moment),
            opened_at_then=Case(opened, default=_last(moment, "at", *OPENING)),
            fixed_at_then=Case(When(standing=True, then=None), default=ended),
            justified_then=Case(When(pk__in=covered, then=True), default=False),
            unknown_then=Case(When(~moved, then=F("unknown")), default=_silent(moment)),
            version_id_then=Case(
                When(standing=True, then=_in_force(moment)),
                default=Coalesce(_last(moment, "version_id"), F("version_id")),
                output_field=BigIntegerField(),
            ),
            assignee_id_then=Value(None, output_field=BigIntegerField()),
        ),
        STAND_INS,
    )


def score_at(moment: datetime) -> Any:
    """Return the score of an issue at a moment; only where something happened since, its events."""
    last = Coalesce(_last(moment, "score"), F("score"))
    return Case(When(~_moved_since(moment, *SCORING), then=F("score")), default=last)


def _moved_since(moment: datetime, *what: str) -> Q:
    """Keep the issues to which something happened since; of the others the row tells it all.

    Read once, not issue by issue: what happened since is mostly little.
    """
    events = IssueEvent.objects.filter(at__gt=moment)
    events = events.filter(what__in=what) if what else events
    return Q(pk__in=events.order_by().values("issue"))


def _silent(moment: datetime) -> Any:
    return Coalesce(
        Subquery(
            _events(moment)
            .filter(what__in=SILENCE)
            .annotate(silent=Case(When(what=What.UNKNOWN, then=True), default=Value(False)))
            .values("silent")[:1]
        ),
        Value(False),
    )


def _in_force(moment: datetime) -> Coalesce:
    states = Rule.history.filter(id=OuterRef("rule_id"), history_date__lte=moment)
    last = Subquery(states.order_by("-history_date", "-history_id").values("active_id")[:1])
    return Coalesce(last, F("version_id"), output_field=BigIntegerField())


def _events(moment: datetime) -> QuerySet[IssueEvent]:
    """Return what had happened to an issue by then, the last first."""
    return IssueEvent.objects.filter(issue=OuterRef("pk"), at__lte=moment).order_by("-at", "-pk")


def _last(moment: datetime, column: str, *what: str) -> Subquery:
    rows = _events(moment)
    return Subquery((rows.filter(what__in=what) if what else rows).values(column)[:1])
