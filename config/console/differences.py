"""What differs between two moments: items that came, that went, and that changed, and how."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, JsonResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.admin.exporting import harmless
from accounts.models import Account
from accounts.moments import Moment, moment_named, said
from accounts.seeing import visible
from config.console.page import page
from items.differing import CHANGED, CREATED, GONE, Differing, differing, told
from items.models import Item
from items.naming import technology_label

PAGE = 25
# Differences of one item that are written out.
LINES = 12
# Items whose configurations are held at once while a file is written.
CHUNK = 200
WHATS = {
    CREATED: ("new", "add_circle", "good"),
    GONE: ("gone", "delete", "high"),
    CHANGED: ("changed", "edit", "low"),
}


@dataclass(frozen=True)
class Asked:
    """The question: which items, and which two moments."""

    user: Any
    given: QueryDict

    @cached_property
    def moments(self) -> tuple[Moment, Moment]:
        """The earlier and the later, in whichever order they were named."""
        one, other = (moment_named(self.given.get(name)) for name in ("from", "to"))
        return (one, other) if one.at <= other.at else (other, one)

    @property
    def faults(self) -> list[str]:
        missing = [] if self.given.get("from") else ["Name the day to look back to."]
        return missing + [moment.fault for moment in self.moments if moment.fault]

    @cached_property
    def accounts(self) -> list[Account]:
        keys = [one for one in self.given.get("account", "").split(",") if _is_key(one)]
        return list(visible(Account.objects.filter(pk__in=keys), self.user))

    @cached_property
    def item(self) -> Item | None:
        text = self.given.get("item", "")
        rows = visible(Item.objects.defer("config"), self.user)
        return rows.filter(pk=int(text)).first() if _is_key(text) else None

    @property
    def technologies(self) -> list[str]:
        given = self.given.get("technology", "").replace("\0", "").split(",")
        return [one for one in given if one]

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """Every item that differs, in sight and asked for."""
        since, until = self.moments
        rows = visible(differing(since.at, until.at), self.user)
        if self.faults:
            return rows.none()
        if self.given.get("account"):
            rows = rows.filter(account__in=self.accounts)
        if self.given.get("item"):
            rows = rows.filter(id=self.item.pk if self.item else None)
        if self.technologies:
            rows = rows.filter(technology__in=self.technologies)
        return rows.order_by("technology", "name", "id")

    @cached_property
    def counts(self) -> dict[str, int]:
        found = self.rows.order_by().values_list("what").annotate(n=Count("history_id"))
        return dict.fromkeys(WHATS, 0) | dict(found)

    @property
    def what(self) -> str:
        asked = self.given.get("what", "")
        return asked if asked in WHATS else ""

    def chosen(self) -> QuerySet[Any]:
        return self.rows.filter(what=self.what) if self.what else self.rows

    def query(self, **changes: Any) -> str:
        """Return the same question as the end of an address, with some of it changed."""
        since, until = self.moments
        present = {
            "from": since.text,
            "to": until.text,
            "technology": ",".join(self.technologies),
            "account": self.given.get("account", ""),
            "item": self.given.get("item", ""),
            "what": self.what,
        }
        said = {name: value for name, value in (present | changes).items() if value}
        return f"?{urlencode(said)}"


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 18


def differences_page(request: HttpRequest) -> HttpResponseBase:
    """Show what differs between two moments, or give it as a file."""
    if not request.user.has_perm("items.view_item"):
        raise PermissionDenied
    asked = Asked(request.user, request.GET)
    match request.GET.get("export"):
        case "csv":
            return _csv(asked)
        case "json":
            return JsonResponse({"items": [_told(one) for one in every(asked)], **_about(asked)})
    return page(request, "differences", "What differs", _context(asked))


def _context(asked: Asked) -> dict[str, Any]:
    since, until = asked.moments
    counts = asked.counts
    total = counts[asked.what] if asked.what else sum(counts.values())
    number = asked.given.get("p", "1")
    start = (max(1, int(number)) - 1) * PAGE if _is_key(number) else 0
    rows = list(asked.chosen().select_related("account")[start : start + PAGE])
    return {
        "crumb": ("Items", reverse("admin:items_item_changelist")),
        "asked": asked,
        "since": since,
        "until": until,
        "since_said": said(since.at),
        "until_said": "now" if until.now else said(until.at),
        "technologies": [technology_label(one) for one in asked.technologies],
        "tabs": list(_tabs(asked)),
        "exports": {kind: asked.query(export=kind) for kind in ("csv", "json")},
        "shown": [_shown(one) for one in told(rows)],
        "total": total,
        "first": start + 1,
        "last": start + len(rows),
        "newer": asked.query(p=start // PAGE) if start else "",
        "older": asked.query(p=start // PAGE + 2) if start + PAGE < total else "",
    }


def _tabs(asked: Asked) -> Iterator[dict[str, Any]]:
    counts = {"": sum(asked.counts.values()), **asked.counts}
    labels = {"": "all"} | {what: label for what, (label, _, _) in WHATS.items()}
    for what, label in labels.items():
        link = asked.query(what=what)
        chosen = what == asked.what
        yield {"label": label, "count": counts[what], "link": link, "selected": chosen}


def _shown(one: Differing) -> dict[str, Any]:
    label, icon, tone = WHATS[one.what]
    return {
        "item": one.item,
        "label": label,
        "icon": icon,
        "tone": tone,
        "lines": one.lines[:LINES],
        "more": max(0, len(one.lines) - LINES),
    }


# -- as a file ----------------------------------------------------------------------------------


def every(asked: Asked) -> Iterator[Differing]:
    """Yield all that is asked for, a few configurations at a time."""
    keys = list(asked.chosen().values_list("history_id", flat=True))
    for start in range(0, len(keys), CHUNK):
        some = asked.rows.filter(history_id__in=keys[start : start + CHUNK])
        yield from told(some.select_related("account"))


def _about(asked: Asked) -> dict[str, Any]:
    since, until = asked.moments
    return {"from": since.at.isoformat(), "to": until.at.isoformat()}


def _told(one: Differing) -> dict[str, Any]:
    item = one.item
    return {
        "what": one.what,
        "account": item.account.name,
        "technology": item.technology,
        "region": item.region or item.place,
        "name": item.name,
        "id": item.uid,
        "full_name": item.full_name,
        "differences": [
            {"where": line.where, "what": line.what, "before": line.old, "after": line.new}
            for line in one.lines
        ],
    }


class _Echo:
    def write(self, text: str) -> str:
        return text


def _csv(asked: Asked) -> StreamingHttpResponse:
    """Return a line for each difference; an item that came or went is one line."""
    writer = csv.writer(_Echo())
    names = ["what", "account", "technology", "region", "name", "id", "full_name"]

    def lines() -> Iterator[str]:
        yield writer.writerow([*names, "where", "before", "after"])
        for one in every(asked):
            row = _told(one)
            about = [harmless(str(row[name])) for name in names]
            told_of = [[line.where, line.before, line.after] for line in one.lines]
            for cells in told_of or [["", "", ""]]:
                yield writer.writerow([*about, *map(harmless, cells)])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="differences.csv"'
    return response
