"""What became of items between two moments: what came, what went, and what is otherwise."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.recalling import as_they_were
from items.diffing import Difference
from items.models import Item, Kind
from items.recalling import ABSENT, in_force
from items.revisions import what_changed

CREATED, GONE, CHANGED = WHATS = ("created", "gone", "changed")


@dataclass(frozen=True)
class Differing:
    """An item that is not the same at two moments."""

    item: Any
    """As it was at the later; a gone one as it was last."""
    what: str
    """created, gone or changed"""
    lines: list[Difference]
    """How its configuration differs, where it changed."""


def differing(since: datetime, until: datetime) -> QuerySet[Any]:
    """Return the items that are not the same at two moments, each as it was at the later.

    ``what`` tells of each whether it was created, is gone or changed, ``before`` names the
    revision that was in force first. What changed and is as it was again does not differ;
    nor does what was only read better.
    """
    revisions = Item.history.model._default_manager
    begun = Q(history_date__gt=since, history_date__lte=until)
    lived = revisions.filter(in_force(since), id=OuterRef("id")).exclude(kind__in=ABSENT)
    changed = revisions.filter(begun, id=OuterRef("id")).exclude(kind=Kind.COMPLETED)
    gone = Q(kind__in=ABSENT)
    rows = revisions.filter(begun, in_force(until)).annotate(
        before=Subquery(lived.values("history_id")[:1]),
        digest_before=Subquery(lived.values("digest")[:1]),
    )
    what = Case(
        When(gone & Q(before=None), then=Value("")),
        When(gone, then=Value(GONE)),
        When(before=None, then=Value(CREATED)),
        When(Q(digest=F("digest_before")) | ~Exists(changed), then=Value("")),
        default=Value(CHANGED),
    )
    return as_they_were(rows.annotate(what=what).exclude(what=""))


def told(rows: Iterable[Any]) -> Iterator[Differing]:
    """Yield what ``differing()`` found with how each configuration differs; one query for all."""
    found = list(rows)
    records = Item.history.filter(history_id__in=[row.before for row in found if row.before])
    before = dict(records.values_list("history_id", "config"))
    for row in found:
        old = before.get(row.before)
        lines = what_changed(row.technology, old, row.config) if row.what == CHANGED else []
        yield Differing(row, row.what, lines)
