"""Run a query for somebody: over what they may see, now or at a moment, some rows or all."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.admin.base import reach
from accounts.models import Account, AccountGroup
from accounts.seeing import visible
from audits.models import SavedView
from audits.querying import Answer, Column, Query, Row, query, things_in
from items.bounding import TooLong, at_most
from items.models import Item

# Seconds that a file may take, and a page.
SECONDS = 300.0
A_PAGE = 10.0


def query_of(view: SavedView) -> Query:
    """Return what a saved view asks; of one that is no query, everything."""
    columns = tuple(
        Column(str(one.get("title", ""))[:60] or str(one.get("path", "")), str(one["path"]))
        for one in view.columns
        if isinstance(one, dict) and one.get("path")
    )
    return Query(view.technology, view.condition, columns)


def some_rows(
    asked: Query,
    by: Any,
    answer: Answer,
    moment: datetime | None = None,
    group: str = "",
    further: Q | None = None,
    seconds: float = A_PAGE,
) -> Iterator[Row]:
    """Yield what a query chooses among what ``by`` may see, until the time is over.

    ``moment``: as it was then; None: now. ``group``: only accounts of the group of that name.
    ``further``: only of these things, as from where a page before ended.
    """
    sight = visible(Item.objects.all(), by)
    if group:
        groups = visible(AccountGroup.objects.filter(name=group), by)
        sight = sight.filter(account__groups__in=groups)
    things = things_in(sight, moment)
    if further is not None:
        things = things.filter(further)
    return query(asked, things, _seen(by), answer, moment, seconds)


def every_row(asked: Query, by: Any, moment: datetime | None, group: str = "") -> Iterator[Row]:
    """Yield the rows of a file; raise TooLong after those that there was time for."""
    answer = Answer()
    with at_most(SECONDS):
        yield from some_rows(asked, by, answer, moment, group, seconds=SECONDS)
    if answer.stopped:
        raise TooLong(f"There was time to ask {answer.asked:,} things only.")


def heads_of(asked: Query, before: Sequence[str]) -> list[str]:
    """Return the columns' titles, each once and none of ``before``: two were one key in JSON."""
    heads: list[str] = []
    for column in asked.columns:
        taken = (*before, *heads)
        heads.append(column.title if column.title not in taken else f"{column.title} {len(taken)}")
    return heads


def _seen(by: Any) -> frozenset[str] | None:
    """Return which accounts an expression may look into; None: all."""
    if reach(by, "items.view_item") is None:
        return None
    accounts = visible(Account.objects.all(), by)
    return frozenset(accounts.values_list("identifier", flat=True))
