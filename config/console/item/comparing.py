"""Two to four items or revisions beside each other."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.moments import Moment, moment_of
from accounts.seeing import visible
from config.console.page import page
from items.aligning import aligned
from items.models import Item
from items.naming import technology_label
from items.recalling import called, items_at
from items.revisions import Numbered, element_names, numbered

LETTERS = "abcd"
# Items that a search offers, and revisions that can be added.
FOUND = 12
OFFERED = 40


@dataclass(frozen=True)
class Column:
    """One item, or one of its revisions."""

    key: str
    """As the address names it: 12, or 12@345 for a revision."""
    item: Item
    config: Any
    at: datetime | None
    """When the revision began; None: as it is now."""
    without: str = field(default="")
    """The address of the page without it."""


def item_compare(request: HttpRequest) -> HttpResponse:
    """Show the columns that the address names by ?a=, ?b=, ?c= and ?d=; help to add one."""
    moment = moment_of(request)
    keys = list(dict.fromkeys(filter(None, (request.GET.get(one, "") for one in LETTERS))))
    every = "all" in request.GET
    columns = _columns(request.user, moment, keys, every)
    asked = request.GET.get("add", "").replace("\0", "").strip()[:200]
    found = _found(request.user, moment, asked) if asked and len(keys) < len(LETTERS) else []
    if len(found) == 1:
        return HttpResponseRedirect(address([*keys, str(found[0].pk)], every))
    names: dict[str, tuple[str, ...]] = {}
    for column in columns:
        names |= element_names(column.item.technology)
    configs = [column.config for column in columns]
    rows, cut = aligned(configs, names, every) if len(columns) > 1 else ([], False)
    context = {
        "crumb": ("Items", reverse("admin:items_item_changelist")),
        "columns": columns,
        "pairs": list(zip(LETTERS, keys, strict=False)),
        "rows": rows,
        "cut": cut,
        "every": every,
        "other": address(keys, not every),
        "room": len(columns) < len(LETTERS),
        "asked": asked,
        "found": [
            (item, technology_label(item.technology), address([*keys, str(item.pk)], every))
            for item in found
        ],
        "revisions": _revisions(columns, moment, keys, every),
        "kept_then": not moment.now,
        "partly_kept": "" if moment.now else "A revision that was chosen is shown as it is.",
    }
    return page(request, "item/compare", "Compare", context)


def address(keys: list[str], every: bool = False) -> str:
    """Return the address of the page with these columns."""
    query = dict(zip(LETTERS, dict.fromkeys(keys), strict=False)) | ({"all": "1"} if every else {})
    return f"{reverse('item_compare')}?{urlencode(query)}"


def _items(user: Any, moment: Moment) -> QuerySet[Item]:
    rows = Item.objects.all() if moment.now else items_at(moment.at)
    return visible(rows.select_related("account"), user)


def _columns(user: Any, moment: Moment, keys: list[str], every: bool) -> list[Column]:
    """Return what the keys name; raise Http404 where one is not there, or not to be seen."""
    asked = [_parsed(key) for key in keys]
    wanted_items = [item for item, _ in asked]
    items = {row.pk: row for row in _items(user, moment).filter(pk__in=wanted_items)}
    wanted = [revision for _, revision in asked if revision]
    history = Item.history.filter(history_id__in=wanted)
    revisions = {row.history_id: row for row in history} if wanted else {}
    columns = []
    for key, (pk, revision) in zip(keys, asked, strict=True):
        row: Any = revisions.get(revision) if revision else items.get(pk)
        if pk not in items or row is None or (revision and row.id != pk):
            raise Http404("There is nothing here, or it is not granted to you.")
        others = address([one for one in keys if one != key], every)
        at = row.history_date if revision else None
        columns.append(Column(key, items[pk], row.config, at, others))
    return columns


def _parsed(key: str) -> tuple[int, int]:
    """Return the keys of an item and of its revision, 0 for how it is now."""
    item, _, revision = key.partition("@")
    sound = item.isdigit() and (revision or "0").isdigit() and len(key) < 36
    if not sound or max(len(item), len(revision)) > 18:
        raise Http404("There is nothing here, or it is not granted to you.")
    return int(item), int(revision or 0)


def _found(user: Any, moment: Moment, text: str) -> list[Item]:
    """Return the one item that has a name or id, or the first few that have it in part."""
    rows = _items(user, moment).defer("config")
    if not moment.now:
        return list(rows.filter(called(text, moment.at))[:FOUND])
    exact = rows.filter(Q(uid=text) | Q(full_name=text) | Q(name=text))[:FOUND]
    if exact:
        return list(exact)
    part = Q(name__icontains=text) | Q(uid__icontains=text) | Q(full_name__icontains=text)
    return list(rows.filter(part)[:FOUND])


def _revisions(
    columns: list[Column], moment: Moment, keys: list[str], every: bool
) -> list[tuple[Numbered, str]]:
    """Return revisions that can be put beside a single item."""
    if len(columns) != 1:
        return []
    pk = columns[0].item.pk
    known = numbered(columns[0].item, None if moment.now else moment.at)[::-1][:OFFERED]
    return [(one, address([f"{pk}@{one.key}", *keys], every)) for one in known]
