"""What could not be seen: checks without an answer, gaps, and how reading went."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from audits.models import Rule
from audits.standing import standing
from config.console.dashboard.scope import Scope
from items.models import Run

SHOWN = 6
DAY = timedelta(days=1)


def answers(scope: Scope, now: datetime) -> dict[str, Any]:
    """Return of how many checks there is an answer: one rule on one item each."""
    rules = Rule.objects.values_list("pk", flat=True)  # Those in force then are found by it.
    found = standing(now, [one.pk for one in scope.accounts], rules)
    tally = found.of(found.rules)
    share = tally.coverage
    shown = None
    if share is not None:
        shown = 100.0 if share == 1 else min(99.9, round(share * 100, 1))
    return {
        "share": shown,
        "checks": tally.answered + tally.silent,
        "silent": tally.silent,
    }


def unseen(scope: Scope) -> dict[str, Any]:
    """Return the widest gaps, and the rules that most often have no answer."""
    spots = scope.spots.order_by().values("rule_id", "rule__active__title", "rule__key")
    rows = spots.annotate(count=Count("pk"), since=Min("since")).order_by("-count", "rule__key")
    return {
        "gaps": scope.gaps.select_related("account").order_by("-count", "since")[:SHOWN],
        "gap_count": scope.gaps.count(),
        "spots": [
            {
                "title": row["rule__active__title"] or row["rule__key"],
                "count": row["count"],
                "since": row["since"],
                "link": scope.link("spots", rule=row["rule_id"]),
            }
            for row in rows[:SHOWN]
        ],
        "spot_count": scope.spots.count(),
    }


def reading(scope: Scope, now: datetime) -> dict[str, Any]:
    """Return the last 24 hours of reading, each as good as its worst run."""
    start = now.replace(minute=0, second=0, microsecond=0) - DAY
    looked = scope.runs.filter(kind=Run.Kind.LOOKED, started_at__gte=now - DAY).order_by()
    counted = (
        looked.annotate(hour=TruncHour("started_at"))
        .values("hour")
        .annotate(
            runs=Count("pk"),
            failed=Count("pk", filter=Q(state=Run.State.FAILED, ended_at__lte=now)),
            gaps=Count("pk", filter=Q(gaps__gt=0, ended_at__lte=now)),
        )
    )
    by_hour: dict[datetime, Any] = {row["hour"]: row for row in counted}
    return {
        "hours": [_hour(start + timedelta(hours=n), by_hour) for n in range(25)],
        "run_count": sum(row["runs"] for row in by_hour.values()),
        "runs_link": scope.link("runs", kind="looked", started="day"),
    }


def _hour(hour: datetime, by_hour: dict[datetime, Any]) -> dict[str, str]:
    row = by_hour.get(hour)
    words, colour = "nothing read", ""
    if row:
        words = f"{row['runs']} runs, {row['gaps']} with gaps, {row['failed']} failed"
        colour = "failed" if row["failed"] else "partly" if row["gaps"] else "whole"
    return {"colour": colour, "words": f"{timezone.localtime(hour):%H}:00: {words}"}
