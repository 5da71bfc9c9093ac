"""Items as they were at a moment, each with the configuration that it had."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.recalling import completed
from items.models import Item, Kind

ABSENT = (Kind.GONE, Kind.IGNORED)


def items_at(moment: datetime) -> QuerySet[Item]:
    """Return the items that were known at a moment, gone ones with them, as they were.

    What is asked of the query itself is asked of the items' rows: where something is, and what
    it is, never changes; for the rest there are ``absent()``, ``changed_within()`` and
    ``called()``. So a list of the past costs what a list of now costs.
    """

    def states(rows: Sequence[Any]) -> Mapping[int, Any]:
        records = Item.history.filter(in_force(moment), id__in=[row.pk for row in rows])
        if rows and "config" not in vars(rows[0]):
            records = records.defer("config")
        return {state.id: state for state in records}

    return completed(Item.objects.filter(first_seen__lte=moment), states)


def living_at(moment: datetime) -> QuerySet[Item]:
    """Return the rows of now of the items that were there at a moment: to be counted.

    What was gone then is read once, by an index of its own; all revisions are ten times as many.
    """
    gone = Item.history.filter(in_force(moment), kind__in=ABSENT).order_by().values("id")
    return Item.objects.filter(first_seen__lte=moment).exclude(pk__in=gone)


def in_force(moment: datetime) -> Q:
    """Keep the revisions that were in force at a moment, one an item."""
    return Q(history_date__lte=moment) & (Q(until=None) | Q(until__gt=moment))


def absent(moment: datetime) -> Q:
    """Keep the items that were gone at a moment."""
    gone = Item.history.filter(in_force(moment), id=OuterRef("pk"), kind__in=ABSENT)
    return Q(Exists(gone))


def changed_within(since: datetime, until: datetime) -> Q:
    """Keep the items that changed after one moment and not after another."""
    revisions = Item.history.filter(history_date__gt=since, history_date__lte=until)
    return Q(Exists(revisions.filter(id=OuterRef("pk"))))


def called(text: str, moment: datetime) -> Q:
    """Keep the items whose name, id or full name of then holds a text."""
    holds = Q(name__icontains=text) | Q(full_name__icontains=text)
    # Each found by the index of texts; asked row by row, every item would be compared.
    same = Item.objects.filter(Q(uid__icontains=text) | (Q(changed_at__lte=moment) & holds))
    then = Item.history.filter(in_force(moment), holds)
    other = Q(changed_at__gt=moment) & Q(pk__in=then.order_by().values("id"))
    return Q(pk__in=same.order_by().values("pk")) | other
