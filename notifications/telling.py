"""Write down who must be told of what: outbox lines, in the transaction of what they tell."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.models import Account
from audits.models import Cause, IssueEvent, What
from audits.showing import shown
from items.models import Item, Kind, Run
from items.recording import BATCH, Changes
from notifications.flapping import steady_events, steady_revisions
from notifications.models import Delivery, Line, Subscription
from notifications.narrowing import narrowed, wants_rule

# What is news each by itself, by the kind of run; anything else is told in the run's sum.
SINGLE_CAUSES = {
    Run.Kind.LOOKED: (Cause.CLOUD, Cause.COVERAGE, Cause.TIME),
    Run.Kind.PUSHED: (Cause.CLOUD, Cause.COVERAGE, Cause.TIME),
    Run.Kind.JUDGED: (Cause.CLOUD, Cause.TIME),
}
NEW = (What.OPENED, What.REOPENED, What.LAPSED)
TOLD = (*NEW, What.FIXED)
ASKED = {What.REOPENED: "reopened", What.FIXED: "fixed"}
"""Which wish of a subscription an event answers; any other: new issues."""
WANTED = {
    Kind.CREATED: "created",
    Kind.BACK: "created",
    Kind.CHANGED: "changed",
    Kind.GONE: "gone",
}


def tell(changes: Changes, events: Sequence[IssueEvent]) -> None:
    """Add a line for each subscription and each thing that it wants; send nothing.

    A first look and what a rule's new version brings are one line a run, for who wants anything
    of what that sums up.
    """
    run = changes.run
    revisions = _revisions(changes)
    first = {item.pk for item in _first_looked_at(changes)}
    news = [event for event in events if event.what in TOLD and not event.issue.justified]
    single: list[IssueEvent] = []
    summed: list[IssueEvent] = []
    for event in news:
        alone = is_single(run.kind, event.cause) and event.issue.item_id not in first
        if alone or event.what in NEW:  # That a rule finds something no more is no news.
            (single if alone else summed).append(event)
    if not (revisions or first or news):
        return
    items = first | {item for item, _ in revisions.values()}
    items |= {event.issue.item_id for event in news}
    groups = frozenset(run.account.groups.values_list("pk", flat=True))
    for subscription in subscriptions():
        if not is_about(subscription, run.account_id, groups, run.technology):
            continue
        heard = heard_of(subscription, items)
        wanted = [
            pk
            for pk, (item, kind) in revisions.items()
            if item in heard and getattr(subscription, WANTED[kind])
        ]
        scored = [event for event in single if wants(subscription, event, heard)]
        in_sum = (first & heard and subscription.created) or any(
            wants(subscription, event, heard) for event in summed
        )
        wanted, scored = steady_revisions(subscription, wanted), steady_events(subscription, scored)
        if wanted or scored or in_sum:
            write(subscription, wanted, scored, run if in_sum else None)


def tell_of_questions(events: Sequence[IssueEvent]) -> None:
    """Add a line for each issue that a person opened, and for each subscription that wants it."""
    places: dict[tuple[int, str], list[IssueEvent]] = {}
    for event in events:
        if event.what in NEW:
            place = event.issue.account_id, event.issue.technology
            places.setdefault(place, []).append(event)
    if not places:
        return
    groups: dict[int, set[int]] = {}
    rows = Account.groups.through._default_manager.filter(account__in={pk for pk, _ in places})
    for account, group in rows.values_list("account_id", "accountgroup_id"):
        groups.setdefault(account, set()).add(group)
    for subscription in subscriptions():
        about = [
            event
            for (account, technology), found in places.items()
            if is_about(subscription, account, frozenset(groups.get(account, ())), technology)
            for event in found
        ]
        heard = heard_of(subscription, {event.issue.item_id for event in about})
        scored = [event for event in about if wants(subscription, event, heard)]
        if scored:
            write(subscription, [], scored, None)


def _first_looked_at(changes: Changes) -> Iterable[Item]:
    return (item for item in changes.created if item.place in changes.first_looks)


def heard_of(subscription: Subscription, items: set[int]) -> set[int]:
    """Return which of some items a subscription hears of: what it names, and its owner sees.

    However many there are, a query has its time for each portion of them.
    """
    keys = sorted(items)
    cuts = range(0, len(keys), settings.PORTION)
    parts = (set(keys[start : start + settings.PORTION]) for start in cuts)
    return {item for part in parts for item in _heard_of(subscription, part)}


def _heard_of(subscription: Subscription, items: set[int]) -> set[int]:
    items = narrowed(subscription, items)
    if subscription.view is None or not items:
        return items
    seen = None
    if subscription.names_accounts():
        wanted = subscription.accounts_wanted()
        seen = frozenset(wanted.values_list("identifier", flat=True))
    return shown(subscription.view, items, seen)


def wants(subscription: Subscription, event: IssueEvent, heard: set[int]) -> bool:
    """Say whether a subscription is told of an event; ``heard`` are the items it hears of."""
    asked = getattr(subscription, ASKED.get(What(event.what), "issues"))
    worth = asked and event.score >= subscription.least_score
    return worth and event.issue.item_id in heard and wants_rule(subscription, event.version)


def _revisions(changes: Changes) -> dict[int, tuple[int, Kind]]:
    """Return the item and kind of each revision that is news, by the revision's key."""
    news = {item.pk: Kind(kind) for kind, item in changes.news()}
    if not news:
        return {}
    rows = Item.history.filter(run=changes.run, id__in=news).values_list("history_id", "id", "kind")
    return {row: (item, news[item]) for row, item, kind in rows if kind == news[item]}


def subscriptions() -> list[Subscription]:
    """Return those that are on, with what they are about."""
    rows = Subscription.objects.filter(on=True).select_related("view", "framework", "owner")
    return list(rows.prefetch_related("accounts", "groups", "rules"))


def is_about(one: Subscription, account: int, groups: frozenset[int], technology: str) -> bool:
    """Say whether a subscription wants to hear of a slice; ``groups`` are the account's."""
    accounts = {account.pk for account in one.accounts.all()}
    wanted = {group.pk for group in one.groups.all()}
    in_scope = not (accounts or wanted) or account in accounts or bool(groups & wanted)
    return in_scope and (not one.technologies or technology in one.technologies)


def is_single(kind: str, cause: str) -> bool:
    """Say whether news of a cause is told each by itself, not in the run's sum."""
    return cause in SINGLE_CAUSES[Run.Kind(kind)]


def wants_issue(one: Subscription, score: int) -> bool:
    """Say whether a subscription is told of a new issue, by itself or in a sum."""
    return one.issues and score >= one.least_score


def write(
    subscription: Subscription, revisions: list[int], events: list[IssueEvent], run: Run | None
) -> None:
    """Add lines to the message that a subscription's news is gathered in."""
    lines = [Line(revision_id=pk) for pk in revisions]
    lines += [Line(event=event) for event in events]
    lines += [Line(run=run)] if run else []
    add(subscription, lines)


def add(subscription: Subscription, lines: Sequence[Line]) -> None:
    """Add lines, in a transaction, to the message that a subscription's news is gathered in."""
    delivery = _gathering(subscription)
    for line in lines:
        line.delivery, line.subscription = delivery, subscription
    Line.objects.bulk_create(lines, batch_size=BATCH, ignore_conflicts=True)


def _gathering(subscription: Subscription) -> Delivery:
    """Return the mail that is being gathered, locked until the commit.

    Who sends it waits for that lock, so that no line is added to a mail that has gone.
    """
    open_ones = Delivery.objects.filter(
        subscription=subscription,
        kind=Delivery.Kind.ALERT,
        state=Delivery.State.GATHERING,
        attempts=0,
    )
    delivery = open_ones.select_for_update().first()
    if delivery:
        return delivery
    now = timezone.now()
    alerts = Delivery.objects.filter(subscription=subscription, kind=Delivery.Kind.ALERT)
    due = subscription.timing.due(
        now, lambda start, end: alerts.filter(due_at__gte=start, due_at__lt=end).count()
    )
    Delivery.objects.bulk_create(
        [Delivery(subscription=subscription, since=now, due_at=due)], ignore_conflicts=True
    )
    return open_ones.select_for_update().get()
