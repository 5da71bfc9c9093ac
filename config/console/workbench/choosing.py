"""Which item a rule is tried on: one that was picked, one that fires, or one that does not."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.seeing import visible
from audits.engine import Outcome
from audits.models import Issue
from config.console.workbench.judging import Court
from config.console.workbench.sheet import Sheet
from items.models import Item

# Items that are tried for one that fires, and steps that this may take altogether.
MOST_TRIED = 400
MOST_STEPS = 3_000_000
FOUND = 12
WANTED = {"fires": Outcome.FAIL, "passes": Outcome.PASS}


def candidates(user: Any, technologies: list[str]) -> QuerySet[Item]:
    """Return the items that a rule may be tried on, as far as the person may see them."""
    rows = Item.objects.living().filter(technology__in=technologies)
    return visible(rows, user).select_related("account")


def picked(user: Any, key: str) -> Item | None:
    """Return the item of a key that the browser sent, if there is such a one in sight."""
    if not key.isdigit() or len(key) > 18:
        return None
    rows = visible(Item.objects.select_related("account"), user)
    return rows.filter(pk=int(key)).first()


def searched(user: Any, technologies: list[str], text: str) -> list[Item]:
    """Return the first items whose name, id or account holds a text."""
    text = text.replace("\0", "").strip()[:200]
    rows = candidates(user, technologies).defer("config")
    if text:
        names = ("name", "uid", "full_name", "account__name")
        holds = Q()
        for name in names:
            holds |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(holds)
    return list(rows.order_by("name", "pk")[:FOUND])


def sought(user: Any, sheet: Sheet, which: str, after: Item | None) -> tuple[Item | None, int]:
    """Return the next item on which the rule fires, or passes; and how many were tried."""
    tried, spent = 0, 0
    court = Court(sheet, user)
    for item in _in_turn(user, sheet, which, after):
        verdict = court.judge(item)
        tried, spent = tried + 1, spent + verdict.steps
        if verdict.outcome == WANTED[which]:
            return item, tried
        if tried >= MOST_TRIED or spent > MOST_STEPS:
            break
    return None, tried


def _in_turn(user: Any, sheet: Sheet, which: str, after: Item | None) -> Iterator[Item]:
    """Yield items, first those after the present one, then from the beginning.

    Those that have an open issue of the rule come first where one is wanted that fires.
    """
    rows = candidates(user, sheet.technologies).order_by("pk")
    if sheet.rule and which == "fires":
        open_ = Issue.objects.open().filter(item=OuterRef("pk"), rule=sheet.rule)
        known = rows.filter(Exists(open_))
        yield from _round(known, after, MOST_TRIED // 4)
    yield from _round(rows, after, MOST_TRIED)


def _round(rows: QuerySet[Item], after: Item | None, most: int) -> Iterator[Item]:
    start = after.pk if after else 0
    for part in (rows.filter(pk__gt=start), rows.filter(pk__lt=start) if after else rows.none()):
        yield from part[:most].iterator(chunk_size=50)
