"""What runs brought of which only the sum is told: so many queries, however many runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import Account
from audits.models import SEVERITIES, Cause, Issue, IssueEvent, severity
from items.models import Item, Kind, Run
from notifications.mails import link
from notifications.models import Line, Subscription
from notifications.narrowing import of_named
from notifications.telling import ASKED, NEW

WORST = 5


@dataclass(frozen=True)
class Sum:
    """Runs of one account of which only the sum is told, for one reason."""

    account: Account
    why: str
    link: str
    technologies: int
    created: int
    issues: int
    by_severity: list[tuple[str, int]]
    worst: list[Issue]


def summed(lines: QuerySet[Line], told: Subscription) -> list[Sum]:
    """Gather runs by account and reason, in the order of the accounts' names.

    Counts what a subscription wants to hear of and is not told by itself.
    """
    keys = list(lines.filter(run__isnull=False).values_list("run", flat=True))
    if not keys:
        return []
    runs = list(Run.objects.filter(pk__in=keys).select_related("account").order_by("pk"))
    why = _reasons(runs)
    events = _opened(keys, told)
    created = _created(keys, told)
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if events.get(run.pk) or created.get(run.pk):
            groups.setdefault((run.account.name, why[run.pk]), []).append(run)
    found = {name: _worst_first(events, same) for name, same in groups.items()}
    worst = (
        Issue.objects.select_related("item", "version")
        .defer("item__config")
        .in_bulk([issue for rows in found.values() for _, _, issue in rows[:WORST]])
    )
    return [_sum(name[1], groups[name], found[name], created, worst) for name in sorted(groups)]


# The score as a negative number, the event and the issue: so they sort worst first.
Event = tuple[int, int, int]


def _reasons(runs: Iterable[Run]) -> dict[int, str]:
    causes: dict[int, set[str]] = {}
    judged = [run.pk for run in runs if run.kind == Run.Kind.JUDGED]
    rows = IssueEvent.objects.filter(run__in=judged).order_by().values_list("run", "cause")
    for run, cause in rows.distinct():
        causes.setdefault(run, set()).add(cause)
    return {
        run.pk: "read for the first time"
        if run.kind != Run.Kind.JUDGED
        else ", ".join(str(Cause(one).label) for one in sorted(causes.get(run.pk, ())))
        or "judged again"
        for run in runs
    }


def _opened(runs: list[int], told: Subscription) -> dict[int, list[Event]]:
    rows = summed_events(runs, told)
    opened: dict[int, list[Event]] = {}
    for run, key, score, issue in rows.values_list("run", "pk", "score", "issue"):
        opened.setdefault(run, []).append((-score, key, issue))
    return opened


def _created(runs: list[int], told: Subscription) -> dict[int, dict[str, int]]:
    """Return how many items each run found for the first time, by technology."""
    rows = summed_revisions(runs, told)
    created: dict[int, dict[str, int]] = {}
    counted = rows.order_by().values_list("run", "technology").annotate(Count("pk"))
    for run, technology, count in counted:
        created.setdefault(run, {})[technology] = count
    return created


def summed_events(runs: list[int], told: Subscription) -> QuerySet[IssueEvent]:
    """Return the new issues of runs that are wanted and not told by themselves."""
    whats = [what for what in NEW if getattr(told, ASKED.get(what, "issues"))]
    if not whats:
        return IssueEvent.objects.none()
    alone = Line.objects.filter(subscription=told, event__run__in=runs).values("event")
    return (
        of_named(told, IssueEvent.objects.filter(run__in=runs))
        .filter(what__in=whats, issue__justified=False, score__gte=told.least_score)
        .exclude(pk__in=alone)
    )


def summed_revisions(runs: list[int], told: Subscription) -> QuerySet[Any]:
    """Return the new items of runs that are wanted and not told by themselves."""
    rows: QuerySet[Any] = Item.history.filter(run__in=runs, kind=Kind.CREATED)
    if not told.created:
        return rows.none()
    alone = Line.objects.filter(subscription=told, revision__run__in=runs).values("revision")
    return rows.exclude(pk__in=alone)


def _worst_first(events: dict[int, list[Event]], runs: Iterable[Run]) -> list[Event]:
    return sorted(event for run in runs for event in events.get(run.pk, ()))


def _sum(
    why: str,
    runs: list[Run],
    events: list[Event],
    created: dict[int, dict[str, int]],
    worst: dict[int, Issue],
) -> Sum:
    account = runs[0].account
    counts = Counter(severity(-score) for score, _, _ in events)
    found = [created[run.pk] for run in runs if run.pk in created]
    return Sum(
        account=account,
        why=why,
        link=f"{link('admin:audits_issue_changelist')}?account={account.pk}",
        technologies=len({technology for one in found for technology in one}),
        created=sum(count for one in found for count in one.values()),
        issues=len(events),
        by_severity=[(word, counts[word]) for _, word in SEVERITIES if counts[word]],
        worst=[worst[issue] for _, _, issue in events[:WORST]],
    )
