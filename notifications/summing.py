"""What runs brought of which only the sum is told: so many queries, however many runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet

from accounts.models import Account
from audits.models import SEVERITIES, Cause, Issue, IssueEvent, severity
from items.models import Item, Kind, Run
from notifications.mails import link
from notifications.models import Line, Subscription
from notifications.narrowing import of_wanted_rules
from notifications.telling import ASKED, NEW, heard_of

WORST = 5
# A list is asked for by so many values at once: an address must stay one that mail programs bear.
FEW = 10


@dataclass(frozen=True)
class Sum:
    """Runs of one account of which only the sum is told, for one reason."""

    account: Account
    why: str
    items_link: str
    issues_link: str
    technologies: int
    created: int
    issues: int
    by_severity: list[tuple[str, int]]
    worst: list[Issue]
    tells_issues: bool
    """Whether their number is told: to who wants to hear of new ones also that there is none."""

    @property
    def link(self) -> str:
        """The list of what weighs most of it."""
        return self.issues_link if self.issues else self.items_link


class Created(NamedTuple):
    """An item that a run found for the first time."""

    revision: int
    run: int
    item: int
    technology: str


class Opened(NamedTuple):
    """A new issue that a run brought."""

    event: int
    run: int
    item: int
    technology: str
    issue: int
    rule: int
    score: int


@dataclass(frozen=True)
class Brought:
    """What runs brought that a subscription hears of and is not told by itself."""

    created: list[Created] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)


def summed(lines: QuerySet[Line], told: Subscription) -> list[Sum]:
    """Gather what runs brought by account and reason, in the order of the accounts' names."""
    keys = list(lines.filter(run__isnull=False).values_list("run", flat=True))
    if not keys:
        return []
    runs = list(Run.objects.filter(pk__in=keys).select_related("account").order_by("pk"))
    why = _reasons(runs)
    groups: dict[tuple[str, str], Brought] = {}
    place = {run.pk: (run.account.name, why[run.pk]) for run in runs}
    found = brought(keys, told)
    for item in found.created:
        groups.setdefault(place[item.run], Brought()).created.append(item)
    for issue in sorted(found.opened, key=lambda one: (-one.score, one.event)):
        groups.setdefault(place[issue.run], Brought()).opened.append(issue)
    worst = (
        Issue.objects.select_related("item", "version")
        .defer("item__config")
        .in_bulk([one.issue for group in groups.values() for one in group.opened[:WORST]])
    )
    accounts = {run.account.name: run.account for run in runs}
    return [
        _sum(accounts[name], why, groups[name, why], told, worst) for name, why in sorted(groups)
    ]


def brought(runs: Sequence[int], told: Subscription) -> Brought:
    """Return what runs brought that a subscription hears of and is not told by itself."""
    created, opened = _created(runs, told), _opened(runs, told)
    items = {one.item for one in created} | {one.item for one in opened}
    heard = heard_of(told, items)
    return Brought(
        [one for one in created if one.item in heard], [one for one in opened if one.item in heard]
    )


def _created(runs: Sequence[int], told: Subscription) -> list[Created]:
    if not told.created:
        return []
    alone = Line.objects.filter(subscription=told, revision__run__in=runs).values("revision")
    rows: QuerySet[Any] = Item.history.filter(run__in=runs, kind=Kind.CREATED)
    names = ("history_id", "run_id", "id", "technology")
    return [Created(*row) for row in rows.exclude(pk__in=alone).values_list(*names)]


def _opened(runs: Sequence[int], told: Subscription) -> list[Opened]:
    whats = [what for what in NEW if getattr(told, ASKED.get(what, "issues"))]
    if not whats:
        return []
    alone = Line.objects.filter(subscription=told, event__run__in=runs).values("event")
    rows = of_wanted_rules(told, IssueEvent.objects.filter(run__in=runs))
    rows = rows.filter(what__in=whats, issue__justified=False, score__gte=told.least_score)
    names = ("pk", "run_id", "issue__item_id", "issue__technology", "issue_id", "issue__rule_id")
    return [Opened(*row) for row in rows.exclude(pk__in=alone).values_list(*names, "score")]


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


def _sum(
    account: Account, why: str, found: Brought, told: Subscription, worst: dict[int, Issue]
) -> Sum:
    counts = Counter(severity(one.score) for one in found.opened)
    by_severity = [(word, counts[word]) for _, word in SEVERITIES if counts[word]]
    technologies = {one.technology for one in found.created}
    asked = {"account": [account.pk], "label": told.labels}
    return Sum(
        account=account,
        why=why,
        items_link=_list("items_item", asked | {"technology": technologies}),
        issues_link=_list(
            "audits_issue",
            {
                **asked,
                "technology": {one.technology for one in found.opened},
                "rule": {one.rule for one in found.opened},
                "severity": [word for word, _ in by_severity],
            },
        ),
        technologies=len(technologies),
        created=len(found.created),
        issues=len(found.opened),
        by_severity=by_severity,
        worst=[worst[one.issue] for one in found.opened[:WORST]],
        tells_issues=told.issues or bool(found.opened),
    )


def _list(name: str, asked: dict[str, Any]) -> str:
    """Return the address of the list that shows what was counted, as far as its filters can say."""
    few = {key: values for key, values in asked.items() if 0 < len(values) <= FEW}
    query = {key: ",".join(map(str, sorted(values))) for key, values in few.items()}
    return f"{link(f'admin:{name}_changelist')}?{urlencode(query, safe=',')}"
