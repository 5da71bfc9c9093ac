"""How two revisions of an item differ: as a summary, and side by side."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.moments import moment_of
from config.console.page import one, page
from items.aligning import Row, aligned
from items.diffing import Difference, differences
from items.models import Item, Kind
from items.revisions import Numbered, configurations, element_names, numbered

# Differences that are written out, and revisions that can be chosen among.
LINES = 60
CHOICES = 300


@dataclass(frozen=True)
class Compared:
    """Two revisions and how the later one differs."""

    old: Numbered
    new: Numbered
    lines: list[Difference]
    more: int
    same: int
    """Parts at the top that are the same in both."""
    choices: list[Numbered]


def compared(item: Item, revisions: list[Numbered], old: str, new: str) -> Compared | None:
    """Return how two revisions differ; the last two where none are named, None where one is all.

    The earlier one is always the old one. Raises Http404 where the item has no such revision.
    """
    pair = chosen(revisions, old, new)
    if pair is None:
        return None
    configs = configurations(item, {one.key for one in pair})
    before, after = (configs[one.key] for one in pair)
    found = differences(before, after, element_names(item.technology))
    touched = {one.path[0] for one in found if one.path}
    same = len({*before, *after} - touched)
    choices = revisions[::-1][:CHOICES]
    choices += [one for one in pair if one not in choices]
    return Compared(*pair, found[:LINES], max(0, len(found) - LINES), same, choices)


def chosen(revisions: list[Numbered], old: str, new: str) -> tuple[Numbered, Numbered] | None:
    """Return the two revisions that an address names, or the last two."""
    by_key = {str(one.key): one for one in revisions}
    if (old and old not in by_key) or (new and new not in by_key):
        raise Http404("There is no such revision.")
    if len(revisions) < 2:
        return None
    last = by_key[new] if new else _last_change(revisions)
    first = by_key[old] if old else _before(revisions, last)
    earlier, later = sorted((first, last), key=lambda one: one.number)
    return earlier, later


def _last_change(revisions: list[Numbered]) -> Numbered:
    """Return the newest revision that is more than "gone" or "back"."""
    told = (one for one in reversed(revisions[1:]) if one.kind in (Kind.CHANGED, Kind.COMPLETED))
    return next(told, revisions[-1])


def _before(revisions: list[Numbered], one: Numbered) -> Numbered:
    return revisions[max(0, one.number - 2)]


def item_difference(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how two revisions differ: a part of the item's page, or a page side by side."""
    item: Item = one(Item.objects.select_related("account").defer("config"), request, pk)
    moment = moment_of(request)
    revisions = numbered(item, None if moment.now else moment.at)
    old, new = request.GET.get("old", ""), request.GET.get("new", "")
    context: dict[str, Any] = {
        "item": item,
        "compared": compared(item, revisions, old, new),
        "may_start": request.user.has_perm("audits.add_rule"),
        "kept_then": not moment.now,
    }
    if request.headers.get("HX-Request"):
        return TemplateResponse(request, "console/item/difference.html", context)
    every = "all" in request.GET
    rows, cut = _beside(item, context["compared"], every)
    context |= {
        "crumb": (str(item), reverse("admin:items_item_change", args=[item.pk])),
        "rows": rows,
        "cut": cut,
        "every": every,
    }
    return page(request, "item/beside", "Difference", context)


def _beside(item: Item, pair: Compared | None, every: bool) -> tuple[list[Row], bool]:
    if pair is None:
        return [], False
    configs = configurations(item, {pair.old.key, pair.new.key})
    both = (configs[pair.old.key], configs[pair.new.key])
    return aligned(both, element_names(item.technology), every)
