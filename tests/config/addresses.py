"""Every address of the console, as its resolver knows them, filled in for a row each.

A new route needs nothing here as long as its holes are named after what they hold; else
``filled`` says which route it cannot fill.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import get_resolver

from audits.models import (
    Attachment,
    EvidencePack,
    Framework,
    Preview,
)
from config.api.routes import router
from items.models import Item
from notifications.leaving import Subscribed, token_of
from notifications.models import Subscription

HOLE = re.compile(r"<(?:\w+:)?(\w+)>")
# How the resolver writes what is a hole, or comes with every route of the API.
OTHERWISE = (
    ("([^/]+)/history/([^/]+)/", "<object_id>/history/<revision>/"),
    ("(?P<pk>[0-9]+)", "<pk>"),
    (r"\.(?P<format>[a-z0-9]+)/?", ".json"),
    ("<drf_format_suffix:format>", ".json"),
    ("(?P<app_label>accounts|items|audits|notifications|auth|django_q|axes)", "audits"),
    ("(?P<url>.*)", "nothing/here"),
)
# Routes whose holes are not named after the model that their first two parts name.
ABOUT: dict[str, type[Model] | None] = {
    "r/<path:content_type_id>/<path:object_id>/": Item,
    "stop/<str:token>/": None,  # The token is the permit.
    "evidence/<int:pk>/": EvidencePack,
    "evidence/<int:pk>/file/": EvidencePack,
    "audits/attachment/<int:pk>/file/": Attachment,
    "audits/rule/workbench/preview/<int:pk>/": Preview,
    "audits/rule/workbench/preview/<int:pk>/cancel/": Preview,
    "audits/rule/import/impact/<int:pk>/": Preview,
}
API = {prefix: viewset.queryset.model for prefix, viewset, _ in router.registry}
Rows = dict[type[Model], Any]


def routes() -> list[str]:
    """Return every route, as it is written, once; with <holes>."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns)))


def _walk(patterns: Any, before: str = "") -> Iterator[str]:
    for one in patterns:
        text = before + plain(str(one.pattern))
        if hasattr(one, "url_patterns"):
            yield from _walk(one.url_patterns, text)
        else:
            yield text


def plain(pattern: str) -> str:
    """Return a route as ``path()`` would have it, whichever way it was written."""
    for written, meant in OTHERWISE:
        pattern = pattern.replace(written, meant)
    return pattern.replace("^", "").replace("$", "")


def about(route: str) -> type[Model] | None:
    """Return the model of which a route's holes are one row; None: of none."""
    if not HOLE.search(route):
        return None
    if route in ABOUT:
        return ABOUT[route]
    if route.startswith("frameworks/"):
        return Framework
    first, second, *_ = route.split("/")
    if first == "api":
        return API[second]
    return apps.get_model(first, second)


def filled(route: str, rows: Rows, what: str = "test") -> str:
    """Return the route's address for these rows; raise KeyError where it cannot be filled."""
    model = about(route)
    row = rows[model] if model else None
    told = rows[Subscription]
    holes = {
        "pk": getattr(row, "pk", None),
        "object_id": getattr(row, "pk", None),
        "id": getattr(row, "pk", None),
        "number": 1,
        "what": what,
        "key": getattr(row, "key", None),
        "token": token_of(Subscribed(told, told.address)),
        "content_type_id": 1,
        "revision": 1,
    }
    if "<revision>" in route and row is not None and hasattr(row, "history"):
        holes["revision"] = getattr(row.history.first(), "history_id", 1)
    return "/" + HOLE.sub(lambda hole: str(holes[hole[1]]), route)
