"""How much is open, and why that moved: this week and the twelve before."""

from typing import Any

from django.db.models import Count, Min
from django.utils import timezone

from accounts.recalling import renamed
from audits.due import due_days, late
from audits.models import IssueEvent, What, by_severity
from audits.recalling import STAND_INS, issues_at
from audits.trend_words import detail, ways
from audits.trending import WEEK, WEEKS, Week, Why, trend
from notifications.report.scope import Scope

HAPPENED = {"new": What.OPENED, "reopened": What.REOPENED, "fixed": What.FIXED}


def standing(scope: Scope) -> dict[str, Any]:
    """Return score, number and severities of what is open and not justified, now and a week ago."""
    now = _by_score(scope.open_then)
    earlier = scope.narrowed(issues_at(scope.at - WEEK))
    before = _by_score(earlier.filter(fixed_at_then=None, justified_then=False))
    counts, were = by_severity(now.items()), by_severity(before.items())
    return {
        "score": {"now": _sum(now), "before": _sum(before)},
        "open": {
            "now": sum(now.values()),
            "before": sum(before.values()),
            "link": scope.link("issues"),
        },
        "severities": [
            {
                "name": word,
                "now": counts[word],
                "before": were[word],
                "link": scope.link("issues", severity=word),
            }
            for word in counts
        ],
    }


def lateness(scope: Scope) -> dict[str, Any]:
    """Return how many decisions are late, and since when the oldest of these issues is open."""
    overdue = scope.open_then.filter(renamed(late(due_days(scope.at)), STAND_INS))
    found = overdue.aggregate(n=Count("pk"), oldest=Min("opened_at_then"))
    oldest = found["oldest"]
    return {
        "late": {
            "count": found["n"],
            "days": (scope.at - oldest).days if oldest else None,
            "link": scope.link("issues", due="late"),
        }
    }


def moves(scope: Scope, score: int, count: int) -> dict[str, Any]:
    """Return why the score moved in the week, and score and number at the end of each of twelve.

    ``score`` and ``count`` are those of the moment of the report.
    """
    weeks = trend(scope.all_issues, scope.at, WEEKS, score)
    last = weeks[-1]
    main, other = ways(last)
    return {
        "causes": [
            {
                "why": why.value,
                "label": why.label,
                "by": found.by,
                "net": found.net,
                "issues": len(found.issues),
                "detail": detail(why, found),
                "link": scope.link("issues", state="all", moved=why.value),
            }
            for why, found in last.causes.items()
            if found.issues
        ],
        "main": {"why": main.why.value, "text": main.text, "by": main.part} if main else None,
        "other": {"why": other.why.value, "text": other.text, "by": other.part} if other else None,
        "weeks": _ends(weeks, count),
    }


def _ends(weeks: list[Week], count: int) -> list[dict[str, Any]]:
    """Return each week's last day, with score and number of then; the oldest first."""
    found = []
    for week in reversed(weeks):
        found.append(
            {
                "day": timezone.localdate(week.until).isoformat(),
                "score": week.end,
                "open": count,
                "causes": {why.value: week.causes[why].by for why in Why},
            }
        )
        count -= sum(cause.net for cause in week.causes.values())
    return found[::-1]


def happened(scope: Scope) -> dict[str, Any]:
    """Return how many issues came, came back, and were fixed or went in the week."""
    events = IssueEvent.objects.filter(
        what__in=HAPPENED.values(),
        at__gte=scope.at - WEEK,
        at__lte=scope.at,
        issue__in=scope.all_issues.order_by().values("pk"),
    )
    rows = events.order_by().values_list("what").annotate(n=Count("issue", distinct=True))
    counts = dict(rows)
    return {
        name: {
            "count": counts.get(what, 0),
            "link": scope.link("issues", state="all", week=name),
        }
        for name, what in HAPPENED.items()
    }


def _by_score(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("score_then").annotate(n=Count("pk")))


def _sum(counts: dict[int, int]) -> int:
    return sum(score * n for score, n in counts.items())
