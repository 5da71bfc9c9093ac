"""What a weekly report says of what people still have to say, and of what they did."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.ledger import Fault, broken_lately, end_of_ledger
from audits.inbox import overdue
from audits.models import ChangeReview

# Overdue changes that a report names; the rest is counted.
MOST = 10


@dataclass(frozen=True)
class Unanswered:
    """Changes that wait for a reviewer in the accounts of a report."""

    waiting: int
    questioned: int
    late: list[ChangeReview]
    more: int

    @property
    def any(self) -> bool:
        return bool(self.waiting or self.questioned)


def unanswered(scope: Q) -> Unanswered:
    """Count the changes that wait, and name those that wait too long, the oldest first.

    ``scope`` holds for the items that the report is about. Five queries at most.
    """
    rows: QuerySet[ChangeReview] = ChangeReview.objects.filter(scope)
    late = rows.filter(overdue(timezone.now())).order_by("since", "pk")
    named = late.select_related("item__account").defer("item__config")
    waiting = rows.filter(state=ChangeReview.State.WAITING).count()
    questioned = rows.filter(state=ChangeReview.State.QUESTIONED).count()
    found = list(named[: MOST + 1])
    more = late.count() - MOST if len(found) > MOST else 0
    return Unanswered(waiting, questioned, found[:MOST], more)


@dataclass(frozen=True)
class Ledger:
    """Where the ledger ends, to be written down where nobody can change it."""

    head: str
    """number:hash; empty where nothing was ever entered."""
    fault: Fault | None


def ledger() -> Ledger:
    """Return the ledger's end, and whether its last entries are as they were entered."""
    return Ledger(end_of_ledger(), broken_lately())
