"""The query page: a condition in JMESPath chooses things, columns show them."""

import json
import time
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.admin.exporting import FORMS, export
from accounts.seeing import visible
from audits.admin.views import in_reach
from audits.models import SavedView
from audits.querying import Answer, Column, Query, Row, columns_of
from config.asking import every_row, heads_of, query_of, some_rows
from config.console.days import Day, day_of
from config.console.find.exporting import as_far_as_it_goes
from config.console.page import page
from items.naming import technology_label
from items.watchers import watchers

# Rows on the page; a file has them all.
MOST = 200
LONGEST = 4000
# Seconds for which a page that is full goes on counting.
COUNTING = 0.5
WHO = ("account", "name", "id", "region")


def query_page(request: HttpRequest) -> HttpResponseBase:
    """Show a query and what it gives: typed into the page, or saved as a view."""
    view = _view(request)
    asked = _asked(request, view)
    day = day_of(request.GET.get("as_of"))
    ran = view is not None or "condition" in request.GET
    faults = asked.faults() if ran else []
    form = request.GET.get("export", "")
    if form in FORMS and ran and not faults:
        rows = every_row(asked, request.user, _moment(day), request.GET.get("group", ""))
        lines = ([*_who(row), *row.cells] for row in rows)
        heads = [*WHO, *heads_of(asked, WHO)]
        return export(form, "query", heads, as_far_as_it_goes(lines))
    context: dict[str, Any] = {
        "crumb": ("Search", reverse("find")),
        "asked": asked,
        "columns": _written(asked.columns),
        "technologies": _choices(asked),
        "view": view,
        "day": day,
        "kept_then": not day.now,
        "faults": faults,
        "ran": ran and not faults,
    }
    if context["ran"]:
        context |= _result(request, asked, day, view)
    title = view.name if view else "Query"
    return page(request, "find/query", title, context)


def _view(request: HttpRequest) -> SavedView | None:
    key = request.GET.get("view", "")
    if not key:
        return None
    views = in_reach(visible(SavedView.objects.all(), request.user), request.user)
    views = views.filter(page=SavedView.Page.QUERY)
    view = views.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if view is None:
        raise Http404("There is no such view, or it is not shared with you.")
    return view


def _asked(request: HttpRequest, view: SavedView | None) -> Query:
    """Return the query in the address; of a saved view, where the address has none."""
    given = request.GET
    if view and "condition" not in given:
        return query_of(view)
    text = {
        name: given.get(name, "").replace("\0", "").strip()[:LONGEST]
        for name in ("technology", "condition", "columns")
    }
    known = [one for one in text["technology"].split(",") if one in watchers]
    return Query(",".join(known), text["condition"], columns_of(text["columns"].replace("\r", "")))


def _choices(asked: Query) -> list[tuple[str, str]]:
    """Return what can be chosen, and with it what is asked, where that is several at once."""
    every = [(key, technology_label(key)) for key in watchers if key in watchers]
    if len(asked.technologies) > 1:
        every.append((asked.technology, _label(asked)))
    return sorted(every, key=lambda one: one[1].lower())


def _label(asked: Query) -> str:
    return ", ".join(map(technology_label, asked.technologies)) or "item"


def _written(columns: tuple[Column, ...]) -> str:
    return "\n".join(
        one.path if one.title == one.path[:60] else f"{one.title}: {one.path}" for one in columns
    )


def _result(request: HttpRequest, asked: Query, day: Day, view: SavedView | None) -> dict[str, Any]:
    answer = Answer()
    group = request.GET.get("group", "")
    rows = some_rows(asked, request.user, answer, _moment(day), group)
    counted = time.monotonic() + COUNTING
    shown = list(islice(rows, MOST))
    for _ in rows:  # Only counted.
        if time.monotonic() > counted:
            break
    further = next(rows, None) is not None
    return {
        "answer": answer,
        "further": further,
        "heads": heads_of(asked, WHO),
        "rows": [
            {
                "item": row.item,
                "link": reverse("admin:items_item_change", args=[_key(row)]),
                "who": _who(row),
                "cells": row.cells,
                "unknown": row.unknown,
            }
            for row in shown
        ],
        "label": _label(asked),
        "reasons": sorted(answer.reasons.items(), key=lambda one: -one[1]),
        "csv": _link(request, export="csv"),
        "json": _link(request, export="json"),
        **_further(request, asked, view),
    }


def _moment(day: Day) -> datetime | None:
    return None if day.now else day.moment


def _who(row: Row) -> list[str]:
    item = row.item
    return [item.account.name, item.name or item.uid, item.uid, item.region or item.place]


def _key(row: Row) -> int:
    return row.item.id  # Of a revision as well: its own key is another.


def _link(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


def _further(request: HttpRequest, asked: Query, view: SavedView | None) -> dict[str, str]:
    """Return where one can go on from a query, as far as the person may."""
    links = {}
    may = request.user.has_perm
    name = view.name if view else ""
    if may("audits.add_savedview") and view is None:
        given = {
            "page": SavedView.Page.QUERY,
            "technology": asked.technology,
            "condition": asked.condition,
            "columns": json.dumps([{"title": c.title, "path": c.path} for c in asked.columns]),
        }
        links["save"] = f"{reverse('admin:audits_savedview_add')}?{urlencode(given)}"
    if may("audits.add_rule") and asked.condition:
        given = {"technology": asked.technology, "expression": asked.condition, "title": name}
        links["rule"] = f"{reverse('workbench_new')}?{urlencode(given)}"
    if view and may("notifications.add_subscription"):
        given = {"view": str(view.pk), "name": name, "weekly": ""}
        links["subscribe"] = f"{reverse('admin:notifications_subscription_add')}?{urlencode(given)}"
    return links
