"""The first page: what is open, where, since when, and what cannot be seen."""

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncHour
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from accounts.seeing import granted, visible
from audits.approving import waiting_for
from audits.models import BlindSpot, Issue, IssueEvent, What
from audits.models.rules import SEVERITIES
from config.console.page import page
from items.models import Gap, Item, Run, Slice
from items.naming import technology_label

SHOWN = 6
TECHNOLOGIES = 8
DAYS = 14
WEEK = timedelta(days=7)
OPENED = (What.OPENED, What.REOPENED)


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the state of everything that the person may see; every number leads to its list."""
    seen = Seen(request.user)
    accounts = list(seen.accounts.order_by("name"))
    context: dict[str, Any] = {
        "nothing_granted": not (request.user.is_superuser or granted(request.user)),
        "no_accounts": not accounts,
        "may_add": request.user.has_perm("accounts.add_account"),
        "lists": _lists(),
        "asked": waiting_for(request.user).count(),
    }
    if accounts:
        context |= _figures(seen, accounts)
    return page(request, "dashboard", "Dashboard", context)


class Seen:
    """The rows behind the page, as far as one person may see them."""

    def __init__(self, user: Any) -> None:
        self.accounts: QuerySet[Account] = visible(Account.objects.watched(), user)
        self.issues: QuerySet[Issue] = visible(Issue.objects.unjustified(), user)
        self.events: QuerySet[IssueEvent] = visible(IssueEvent.objects.all(), user)
        self.gaps: QuerySet[Gap] = visible(Gap.objects.filter(until=None), user)
        self.spots: QuerySet[BlindSpot] = visible(BlindSpot.objects.filter(until=None), user)
        self.slices: QuerySet[Slice] = visible(
            Slice.objects.filter(account__in=Account.objects.watched()), user
        )
        self.runs: QuerySet[Run] = visible(Run.objects.all(), user)
        self.items: QuerySet[Item] = visible(Item.objects.living(), user)


def _lists() -> dict[str, str]:
    names = {
        "issues": "audits_issue",
        "items": "items_item",
        "gaps": "items_gap",
        "spots": "audits_blindspot",
        "runs": "items_run",
        "accounts": "accounts_account",
        "proposals": "audits_proposal",
    }
    return {name: reverse(f"admin:{model}_changelist") for name, model in names.items()}


def _figures(seen: Seen, accounts: list[Account]) -> dict[str, Any]:
    now = timezone.now()
    severities, score = _severities(seen.issues)
    events = seen.events.filter(at__gte=now - WEEK)
    happened = events.aggregate(
        opened=Count("pk", filter=Q(what__in=OPENED)), fixed=Count("pk", filter=Q(what=What.FIXED))
    )
    slices: list[Any] = list(seen.slices.values("account_id", "read_at", "has_gaps"))
    issues = seen.issues.select_related("version", "item__account").defer(
        "item__config", "evidence"
    )
    return {
        "score": score,
        "open": sum(part["count"] for part in severities),
        "grave": sum(part["count"] for part in severities if part["name"] in ("critical", "high")),
        "severities": severities,
        "opened": happened["opened"],
        "new": seen.issues.filter(opened_at__gte=now - WEEK).count(),
        "fixed": happened["fixed"],
        "accounts": _by_account(seen, accounts, slices, now),
        "technologies": _by_technology(seen.issues),
        "oldest": issues.order_by("opened_at", "-score")[:SHOWN],
        "newest": issues.order_by("-opened_at", "-score")[:SHOWN],
        "gaps": seen.gaps.select_related("account").order_by("-count", "since")[:SHOWN],
        "gap_count": seen.gaps.count(),
        "spots": _spots(seen.spots),
        "spot_count": seen.spots.count(),
        "slices": len(slices),
        "whole": sum(1 for one in slices if one["read_at"] and not one["has_gaps"]),
        "read": any(one["read_at"] for one in slices),
        "item_count": seen.items.count(),
        "hours": _hours(seen.runs, now),
        "trend": _trend(seen.events, now.date()),
    }


def _severities(issues: QuerySet[Issue]) -> tuple[list[dict[str, Any]], int]:
    """Return how many issues there are of each severity, and the sum of their scores."""
    counts = dict(issues.order_by().values_list("score").annotate(n=Count("pk")))
    words: dict[str, int] = {word: 0 for _, word in SEVERITIES}
    for score, count in counts.items():
        words[next(word for least, word in SEVERITIES if score >= least)] += count
    parts = [{"name": word, "count": count} for word, count in words.items()]
    return parts, sum(score * count for score, count in counts.items())


def _by_account(
    seen: Seen, accounts: list[Account], slices: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return each account with what is wrong there and how fresh that knowledge is."""
    counts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    grouped = seen.issues.order_by().values_list("account_id", "score")
    for account_id, score, count in grouped.annotate(n=Count("pk")):
        counts[account_id].append((score, count))
    gaps = dict(seen.gaps.order_by().values_list("account_id").annotate(n=Count("pk")))
    rows = []
    for account in accounts:
        mine = counts[account.pk]
        words = {word: 0 for _, word in SEVERITIES}
        for score, count in mine:
            words[next(word for least, word in SEVERITIES if score >= least)] += count
        rows.append(
            {
                "account": account,
                "score": sum(score * count for score, count in mine),
                "issues": sum(count for _, count in mine),
                "parts": [(word, count) for word, count in words.items() if count],
                "gaps": gaps.get(account.pk, 0),
                **_freshness([one for one in slices if one["account_id"] == account.pk], now),
            }
        )
    highest = max((row["score"] for row in rows), default=0) or 1
    for row in rows:
        row["share"] = max(3, round(100 * row["score"] / highest)) if row["score"] else 0
    return sorted(rows, key=lambda row: (-row["score"], row["account"].name))


def _freshness(slices: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Say since when nothing of an account was left unread: the oldest of its last looks."""
    if not slices or any(one["read_at"] is None for one in slices):
        waiting = sum(1 for one in slices if one["read_at"] is None)
        return {"read_at": None, "waiting": waiting, "tone": "medium"}
    oldest = min(one["read_at"] for one in slices)
    late = timedelta(seconds=max(3600, settings.SCAN_INTERVAL * 4))
    tone = "good" if now - oldest < late else "medium" if now - oldest < WEEK / 7 else "critical"
    return {"read_at": oldest, "waiting": 0, "tone": tone}


def _by_technology(issues: QuerySet[Issue]) -> list[dict[str, Any]]:
    grouped = issues.order_by().values("item__technology")
    rows = list(grouped.annotate(score=Sum("score"), count=Count("pk")).order_by("-score"))
    highest = max((row["score"] for row in rows), default=0) or 1
    return [
        {
            "technology": row["item__technology"],
            "label": technology_label(row["item__technology"]),
            "score": row["score"],
            "count": row["count"],
            "share": max(2, round(100 * row["score"] / highest)),
        }
        for row in rows[:TECHNOLOGIES]
    ]


def _spots(spots: QuerySet[BlindSpot]) -> list[dict[str, Any]]:
    grouped = spots.order_by().values("rule_id", "rule__active__title", "rule__key")
    rows = grouped.annotate(count=Count("pk"), since=Min("since")).order_by("-count", "rule__key")
    return [
        {
            "rule": row["rule_id"],
            "title": row["rule__active__title"] or row["rule__key"],
            "count": row["count"],
            "since": row["since"],
        }
        for row in rows[:SHOWN]
    ]


def _hours(runs: QuerySet[Run], now: datetime) -> list[dict[str, str]]:
    """Return the last 24 hours of reading, each as good as its worst run."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    looked = runs.filter(kind=Run.Kind.LOOKED, started_at__gte=start).order_by()
    counted = (
        looked.annotate(hour=TruncHour("started_at"))
        .values("hour")
        .annotate(
            runs=Count("pk"),
            failed=Count("pk", filter=Q(state=Run.State.FAILED)),
            gaps=Count("pk", filter=Q(gaps__gt=0)),
        )
    )
    by_hour = {row["hour"]: row for row in counted}
    cells = []
    for step in range(24):
        hour = start + timedelta(hours=step)
        row = by_hour.get(hour)
        words = "nothing read"
        colour = ""
        if row:
            words = f"{row['runs']} runs, {row['gaps']} with gaps, {row['failed']} failed"
            colour = "none"
            colour = "failed" if row["failed"] else "partly" if row["gaps"] else "whole"
        local = timezone.localtime(hour)
        cells.append({"colour": colour, "words": f"{local:%H}:00: {words}"})
    return cells


def _trend(events: QuerySet[IssueEvent], today: date) -> str:
    """Return how many issues were opened and fixed a day, as the chart takes it."""
    start = today - timedelta(days=DAYS - 1)
    recent = events.filter(at__date__gte=start, what__in=(*OPENED, What.FIXED))
    grouped = recent.order_by().annotate(day=TruncDate("at")).values_list("day", "what")
    counts: dict[tuple[date, bool], int] = defaultdict(int)
    for day, what, count in grouped.annotate(n=Count("pk")):
        counts[day, what in OPENED] += count
    if not counts:
        return ""
    days = [start + timedelta(days=step) for step in range(DAYS)]
    sets = (
        ("Opened", True, "var(--color-red-500)", 1),
        ("Fixed", False, "var(--color-green-500)", -1),
    )
    return json.dumps(
        {
            "labels": [[f"{day.day}", f"{day:%b}"] for day in days],
            "datasets": [
                {
                    "label": label,
                    "data": [sign * counts[day, opened] for day in days],
                    "backgroundColor": colour,
                    "stack": "issues",
                    "borderRadius": 2,
                    "maxBarThickness": 28,
                    "displayYAxis": True,
                }
                for label, opened, colour, sign in sets
            ],
        }
    )
