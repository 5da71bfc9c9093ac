"""What is open now: how grave, where, since when, and what waits for a decision."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Subquery
from django.utils import timezone

from accounts.recalling import renamed
from audits.due import due_days, late
from audits.models import Coverage, Justification
from audits.models.rules import by_severity
from audits.standing import at
from config.console.dashboard.scope import Scope
from items.naming import technology_label

SHOWN = 6
TECHNOLOGIES = 8
DAY = timedelta(days=1)
# A justification that ends within so many days is named, the sooner the louder.
SOON = 30
ALARMS = ((2, "critical"), (7, "high"), (21, "medium"), (SOON, "low"))


def graveness(scope: Scope) -> dict[str, Any]:
    """Return how many issues there are of each severity, and the sum of their scores."""
    counts: dict[int, int] = defaultdict(int)
    for one in scope.counted:
        counts[one.score] += one.n
    words = by_severity(counts.items())
    parts = [
        {"name": word, "count": count, "link": scope.link("issues", severity=word)}
        for word, count in words.items()
    ]
    return {
        "severities": parts,
        "score": sum(score * count for score, count in counts.items()),
        "open": sum(counts.values()),
        "grave": words["critical"] + words["high"],
    }


def lateness(scope: Scope) -> dict[str, Any]:
    """Return how many decisions are late, and since when the oldest of these issues is open."""
    policies = due_days(None if scope.moment.now else scope.at)
    overdue = scope.issues.filter(renamed(late(policies), scope.stand_ins))
    found = overdue.aggregate(n=Count("pk"), oldest=Min(scope.named("opened_at")))
    link = scope.link("issues", due="late")
    return {"late": found["n"], "late_oldest": found["oldest"], "late_link": link}


def by_account(scope: Scope, slices: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return each account with what is wrong there and how fresh that knowledge is."""
    counts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in scope.counted:
        counts[one.account].append((one.score, one.n))
    gaps = dict(scope.gaps.order_by().values_list("account_id").annotate(n=Count("pk")))
    looked = defaultdict(list)
    for read in slices:
        looked[read["account_id"]].append(read)
    rows = []
    for account in scope.accounts:
        mine, only = counts[account.pk], {"account": account.pk}
        rows.append(
            {
                "account": account,
                "score": sum(score * count for score, count in mine),
                "issues": sum(count for _, count in mine),
                "issues_link": scope.link("issues", **only),
                "parts": [
                    (word, count, scope.link("issues", severity=word, **only))
                    for word, count in by_severity(mine).items()
                    if count
                ],
                "gaps": gaps.get(account.pk, 0),
                "gaps_link": scope.link("gaps", **only),
                "runs_link": scope.link("runs", **only),
                **_freshness(looked[account.pk], now),
            }
        )
    _share(rows, least=3)
    return sorted(rows, key=lambda row: (-row["score"], row["account"].name))


def _share(rows: list[dict[str, Any]], least: int) -> None:
    highest = max((row["score"] for row in rows), default=0) or 1
    for row in rows:
        row["share"] = max(least, round(100 * row["score"] / highest)) if row["score"] else 0


def _freshness(slices: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Say since when nothing of an account was left unread: the oldest of its last looks."""
    if not slices or any(one["read_at"] is None for one in slices):
        waiting = sum(1 for one in slices if one["read_at"] is None)
        return {"read_at": None, "waiting": waiting, "tone": "medium"}
    oldest = min(one["read_at"] for one in slices)
    stale = timedelta(seconds=max(3600, settings.SCAN_INTERVAL * 4))
    tone = "good" if now - oldest < stale else "medium" if now - oldest < DAY else "critical"
    return {"read_at": oldest, "waiting": 0, "tone": tone}


def by_technology(scope: Scope, slices: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the technologies with the highest score, and how many have nothing open."""
    sums: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for one in scope.counted:
        sums[one.technology] += one.score * one.n
        counts[one.technology] += one.n
    rows = [
        {
            "technology": name,
            "score": score,
            "count": counts[name],
            "label": technology_label(name),
            "link": scope.link("issues", technology=name),
        }
        for name, score in sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    ]
    _share(rows, least=2)
    clean = {one["technology"] for one in slices} - {row["technology"] for row in rows}
    more = len(rows) - TECHNOLOGIES
    return {"technologies": rows[:TECHNOLOGIES], "others": max(0, more), "clean": len(clean)}


def waiting(scope: Scope) -> dict[str, Any]:
    """Return the issues that stand longest without a decision, and the newest."""
    opened, score = scope.named("opened_at"), f"-{scope.named('score')}"
    week = scope.issues.filter(**{f"{opened}__gte": scope.at - 7 * DAY})
    return {
        "oldest": _first(scope, opened, score, "pk"),
        "oldest_link": scope.link("issues", order="oldest"),
        "newest": _first(scope, f"-{opened}", score, "pk"),
        "newest_link": scope.link("issues", order="newest", age="week"),
        "new": week.count(),
    }


def _first(scope: Scope, *order: str) -> list[Any]:
    """Return the first open issues of an order: what is shown of them is read of these only."""
    keys = list(scope.issues.order_by(*order).values_list("pk", flat=True)[:SHOWN])
    rows = scope.issues.filter(pk__in=keys).order_by(*order)
    shown = rows.select_related("version", "item__account")
    return list(shown.defer("item__config", "evidence"))


def ending(scope: Scope) -> dict[str, Any]:
    """Return the justifications that end soon, the next one first, with what they cover."""
    today = timezone.localdate(scope.at)
    covered = Coverage.objects.filter(at(scope.at), justification=OuterRef("id")).order_by()
    counted = covered.values("justification").annotate(n=Count("pk")).values("n")
    rows = scope.justifications.filter(
        state=Justification.State.IN_FORCE, until__lte=today + timedelta(days=SOON)
    )
    found = rows.select_related("rule__active", "account", "by").annotate(n=Subquery(counted))
    lines = []
    for one in found.order_by("until", "id")[:SHOWN]:
        days = ((one.until or today) - today).days
        tone = next(tone for most, tone in ALARMS if days <= most)
        lines.append({"row": one, "days": days, "tone": tone})
    return {
        "ending": lines,
        "ending_count": rows.count(),
        "ending_link": scope.link("justifications", ends="month"),
    }
