"""Tell subscribers what is no change and no issue: gaps, justifications that end, edited rules.

Such rows are found, not sent by what makes them: once a minute those of the last day are looked for
of which a subscription has no line.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.utils.timezone import localdate

from accounts.seeing import visible
from audits.models import Justification, Reminder, Rule, RuleVersion
from items.models import Gap
from notifications.models import Line, Subscription
from notifications.narrowing import wants_rule
from notifications.telling import add, is_about, subscriptions

# What is older is no news: it was there before somebody wanted to hear of it.
NEWS = timedelta(days=1)


def notice(now: datetime) -> int:
    """Add the lines that are missing; return how many."""
    return sum(_tell(told, now) for told in subscriptions() if _wanted(told))


def _wanted(told: Subscription) -> list[str]:
    return [name for name in FOUND if getattr(told, name)]


def _tell(told: Subscription, now: datetime) -> int:
    since = max(told.created_at, now - NEWS)
    with transaction.atomic():
        lines = [line for name in _wanted(told) for line in FOUND[name](told, since, now)]
        if lines:
            add(told, lines)
    return len(lines)


def _gaps(told: Subscription, since: datetime, _: datetime) -> Iterator[Line]:
    """Yield what can no longer be read; to who named items it is told on their pages only."""
    if told.names_items() or told.labels or told.tags or told.view:
        return
    rows = _untold(told, "gap", Gap.objects.filter(since__gte=since, until=None))
    for gap in _in_sight(told, rows).select_related("account").order_by("pk"):
        groups = frozenset(gap.account.groups.values_list("pk", flat=True))
        if is_about(told, gap.account_id, groups, gap.technology):
            yield Line(gap=gap)


def _endings(told: Subscription, since: datetime, now: datetime) -> Iterator[Line]:
    """Yield the justifications of which it is time to say that they end, or hold no more."""
    due = Reminder.objects.filter(
        on__gte=localdate(since),
        on__lte=localdate(now),
        justification__state=Justification.State.IN_FORCE,
    )
    rows = _in_sight(told, _untold(told, "reminder", due))
    joined = rows.select_related("justification__rule__active", "justification__item")
    for reminder in joined.order_by("on", "pk"):
        if _is_of(told, reminder.justification):
            yield Line(reminder=reminder)


def _is_of(told: Subscription, one: Justification) -> bool:
    """Say whether a justification concerns what a subscription names."""
    version = one.rule.active if one.rule else None
    if version and not wants_rule(told, version):
        return False
    if told.names_items() and not told.items.filter(pk=one.item_id or 0).exists():
        return False
    account = one.account_id or (one.item.account_id if one.item else 0)
    if account and not told.accounts_wanted().filter(pk=account).exists():
        return False
    kinds = {one.item.technology} if one.item else set(version.technologies if version else ())
    return not told.technologies or bool(kinds & set(told.technologies))


def _rule_changes(told: Subscription, since: datetime, _: datetime) -> Iterator[Line]:
    """Yield each time that another version of a rule, or none, came into force."""
    if told.watching or (told.owner and not told.owner.has_perm("audits.view_rule")):
        return
    rows = _untold(told, "move", moves().filter(history_date__gte=since))
    versions = RuleVersion.objects.in_bulk({row.then or row.was for row in rows} - {None})
    for row in rows:
        version = versions.get(row.then or row.was)
        if version and _is_about_rule(told, version):
            yield Line(move=row)


def moves() -> QuerySet[Any]:
    """Return the states of rules by which another version, or none, came into force: that is
    ``then``, and ``was`` is what it replaced."""
    rows = Rule.history.model._default_manager.annotate(
        then=Case(When(state=Rule.State.ACTIVE, then=F("active_id")))
    )
    earlier = rows.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    rows = rows.annotate(was=Subquery(earlier.order_by("-history_id").values("then")[:1]))
    replaced = Q(then__isnull=False, was__isnull=False) & ~Q(then=F("was"))
    began, ended = Q(then__isnull=False, was=None), Q(then=None, was__isnull=False)
    return rows.filter(replaced | began | ended).order_by("history_id")


def _is_about_rule(told: Subscription, version: RuleVersion) -> bool:
    kinds = set(version.technologies)
    return wants_rule(told, version) and (
        not told.technologies or bool(kinds & set(told.technologies))
    )


def _untold(told: Subscription, name: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    lines = Line.objects.filter(subscription=told, **{f"{name}__isnull": False})
    return rows.exclude(pk__in=lines.values(name))


def _in_sight(told: Subscription, rows: QuerySet[Any]) -> QuerySet[Any]:
    return visible(rows, told.owner) if told.owner else rows


FOUND: dict[str, Callable[[Subscription, datetime, datetime], Iterator[Line]]] = {
    "gaps": _gaps,
    "endings": _endings,
    "rule_changes": _rule_changes,
}
"""By the wish of a subscription: the lines that are missing."""
