"""What a subscription would have sent: told again from what was recorded, as its wishes are now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Min

from audits.models import IssueEvent
from items.models import Item, Kind, Run
from items.recording import BATCH
from notifications.alerts import alert
from notifications.flapping import QUIET, tells_all
from notifications.mails import Mail
from notifications.models import Delivery, Line, Subscription
from notifications.telling import NEW, TOLD, WANTED, heard_of, is_single, wants

# Beyond this a rehearsal would take long; the last of them count.
MOST = 20_000


@dataclass
class Rehearsed:
    """One mail that would have gone."""

    since: datetime
    due: datetime
    revisions: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    runs: set[int] = field(default_factory=set)


# When something happened, what of a line it is, and its key.
Moment = tuple[datetime, str, int]
# Items with the run that found them when their slice was looked at for the first time.
FirstLooks = set[tuple[int, int]]


class Revised(NamedTuple):
    """A revision without its configuration."""

    key: int
    item: int
    run: int | None
    kind: str
    at: datetime
    account: int
    technology: str
    digest: str


def rehearse(told: Subscription, since: datetime, until: datetime) -> list[Rehearsed]:
    """Return the mails about changes and issues that would have gone between two moments.

    The accounts' groups, the tags and what the owner may see are those of today.
    """
    mails: list[Rehearsed] = []
    for at, what, key in _moments(told, since, until):
        if not mails or mails[-1].due <= at:
            due = told.timing.due(
                at, lambda start, end: sum(start <= mail.due < end for mail in mails)
            )
            mails.append(Rehearsed(at, due))
        mail = mails[-1]
        if what == "revision":
            mail.revisions.append(key)
        elif what == "event":
            mail.events.append(key)
        else:
            mail.runs.add(key)
    return mails


def written_again(told: Subscription, mails: Sequence[Rehearsed], number: int) -> Mail | None:
    """Return one of the mails as it would have been; nothing of it stays in the database."""
    with transaction.atomic():
        Line.objects.filter(subscription=told).delete()
        deliveries = Delivery.objects.bulk_create(
            Delivery(subscription=told, since=one.since, due_at=one.due, state=Delivery.State.SENT)
            for one in mails
        )
        lines = [
            line
            for one, mail in zip(deliveries, mails, strict=True)
            for line in _lines(told, one, mail)
        ]
        Line.objects.bulk_create(lines, batch_size=BATCH, ignore_conflicts=True)
        mail = alert(deliveries[number])
        transaction.set_rollback(True)
    return mail


def _lines(told: Subscription, delivery: Delivery, mail: Rehearsed) -> Iterator[Line]:
    keys = {"revision_id": mail.revisions, "event_id": mail.events, "run_id": mail.runs}
    for name, rows in keys.items():
        for key in rows:
            yield Line(delivery=delivery, subscription=told, **{name: key})


def _moments(told: Subscription, since: datetime, until: datetime) -> list[Moment]:
    revisions = _revisions(told, since, until)
    first = _first_looks(revisions)
    events = _events(told, since, until)
    items = {row.item for row in revisions} | {event.issue.item_id for event in events}
    heard = heard_of(told, items)
    found = [*_of_changes(told, revisions, first, heard), *_of_issues(told, events, first, heard)]
    states = {"revision": {row.key: (row.item, row.kind, row.digest) for row in revisions}}
    states["event"] = {one.pk: (one.issue_id, str(one.what), "") for one in events}
    return sorted(found) if tells_all(told) else list(_steady(sorted(found), states))


def _steady(moments: Iterable[Moment], states: Mapping[str, Mapping[int, Any]]) -> Iterator[Moment]:
    """Leave out what flaps, as in ``flapping.py``."""
    heard: dict[Any, datetime] = {}
    for at, what, key in moments:
        if what in states:
            state = what, states[what][key]
            if state in heard and at - heard[state] < QUIET:
                continue
            heard[state] = at
        yield at, what, key


def _revisions(told: Subscription, since: datetime, until: datetime) -> list[Revised]:
    rows = Item.history.filter(
        history_date__gte=since, history_date__lt=until, kind__in=[*WANTED], **_scope(told, "")
    ).order_by("-history_date", "-history_id")
    names = ("history_id", "id", "run_id", "kind", "history_date", "account_id", "technology")
    return [Revised(*row) for row in rows.values_list(*names, "digest")[:MOST]]


def _first_looks(revisions: Iterable[Revised]) -> FirstLooks:
    """Return what was found by the first look at its slice, or sent before there was any.

    A place that was refused then and read later counts as read: that is not kept.
    """
    created = [row for row in revisions if row.kind == Kind.CREATED and row.run]
    looks = Run.objects.filter(
        kind=Run.Kind.LOOKED,
        state=Run.State.DONE,
        account__in={row.account for row in created},
        technology__in={row.technology for row in created},
    )
    first = looks.order_by().values_list("account", "technology").annotate(Min("pk"))
    began = {(account, technology): run for account, technology, run in first}
    return {
        (row.item, row.run)
        for row in created
        if row.run and row.run <= began.get((row.account, row.technology), row.run)
    }


def _events(told: Subscription, since: datetime, until: datetime) -> list[IssueEvent]:
    rows = IssueEvent.objects.filter(
        at__gte=since, at__lt=until, what__in=TOLD, score__gte=told.least_score
    ).filter(issue__justified=False, **_scope(told, "issue__"))
    joined = rows.select_related("issue", "version", "run")
    return list(joined.order_by("-at", "-pk")[:MOST])


def _scope(told: Subscription, path: str) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    if told.names_accounts():
        scope[f"{path}account__in"] = told.accounts_wanted().values("pk")
    if told.technologies:
        scope[f"{path}technology__in"] = told.technologies
    return scope


def _of_changes(
    told: Subscription, revisions: list[Revised], first: FirstLooks, heard: set[int]
) -> Iterator[Moment]:
    for row in revisions:
        if row.item not in heard or not getattr(told, WANTED[Kind(row.kind)]):
            continue
        if row.run and (row.item, row.run) in first:
            yield row.at, "run", row.run
        else:
            yield row.at, "revision", row.key


def _of_issues(
    told: Subscription, events: list[IssueEvent], first: FirstLooks, heard: set[int]
) -> Iterator[Moment]:
    for event in events:
        if not wants(told, event, heard):
            continue
        alone = event.run is None or is_single(event.run.kind, event.cause)
        run = event.run_id or 0
        if alone and (event.issue.item_id, run) not in first:
            yield event.at, "event", event.pk
        elif event.what in NEW:
            yield event.at, "run", run
