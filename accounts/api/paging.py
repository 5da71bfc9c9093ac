"""Pages that stay true while rows are added: each begins after the last row of the one before."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.recalling import called_then

SIZE, MOST = 100, 500
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "cursor": ("Where the page begins, as `next` of the page before has it.", {"type": "string"}),
    "page_size": (
        "How many rows a page has.",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": SIZE},
    ),
}
"""What a page is asked for by."""


class Pages(BasePagination):
    """A list in the order that its view names; the last field of the order tells all rows apart."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, size = request, size_of(request)
        order, names = view.order, view.stand_ins
        rows = queryset.order_by(*(called_then(name, names) for name in order))
        cursor = request.query_params.get("cursor")
        if cursor:
            rows = rows.filter(after(order, values_of(cursor, queryset.model, order), names))
        found = list(rows[: size + 1])
        self.following = ""
        if len(found) > size:
            found = found[:size]
            self.following = _cursor(found[-1], order)
        return found

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": page_after(self.request, self.following), "results": data})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """Describe a page, for OpenAPI."""
        following = {
            "type": ["string", "null"],
            "format": "uri",
            "description": "The address of the next page; null: this is the last.",
        }
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe what a page is asked for by, for OpenAPI."""
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, (text, schema) in ASKED.items()
        ]


def page_after(request: Request, cursor: str) -> str | None:
    """Return the address of the page that begins at a cursor; empty: this is the last."""
    here = request.build_absolute_uri()
    return replace_query_param(here, "cursor", cursor) if cursor else None


def size_of(request: Request) -> int:
    """Return how many rows a page shall have; refuse what is no such number."""
    text = request.query_params.get("page_size", str(SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= MOST):
        raise ValidationError({"page_size": f"A whole number from 1 to {MOST}."})
    return int(text)


def _cursor(row: Any, order: Sequence[str]) -> str:
    return cursor_of([getattr(row, name.lstrip("-")) for name in order])


def cursor_of(values: Sequence[Any]) -> str:
    """Write down after which values the next page begins."""
    said = [one.isoformat() if isinstance(one, datetime) else one for one in values]
    return urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def values_of(cursor: str, model: Any, order: Sequence[str]) -> list[Any]:
    """Read a cursor; refuse what is none of a list in that order."""
    try:
        said = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [model._meta.get_field(name.lstrip("-")) for name in order]
        values = [field.to_python(one) for field, one in zip(fields, said, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError, Invalid):
        values = [None]
    if any(one is None or (isinstance(one, int) and abs(one) >= 2**63) for one in values):
        raise ValidationError({"cursor": "Take it from `next` of the page before."})
    return values


def after(
    order: Sequence[str], values: Sequence[Any], names: Mapping[str, str] = MappingProxyType({})
) -> Q:
    """Return what holds for the rows after those values."""
    found, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        path = called_then(name, names).lstrip("-")
        further = "lt" if name.startswith("-") else "gt"
        found |= same & Q(**{f"{path}__{further}": value})
        same &= Q(**{path: value})
    return found
