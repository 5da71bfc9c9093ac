"""Queries run by HTTP: saved ones and such as are sent, a page at a time or whole as a file."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.admin.exporting import Cut
from accounts.api import paging
from accounts.api.base import ApiView
from accounts.api.describing import PAGED, parameter, taken
from accounts.api.files import FILES, Told, stream
from accounts.api.given import checked
from accounts.moments import moment_of
from accounts.seeing import visible
from audits.admin.views import in_reach
from audits.api.rules import ColumnSerializer
from audits.models import SavedView
from audits.querying import ORDER, Answer, Column, Query, Row
from config.asking import every_row, heads_of, query_of, some_rows
from items.bounding import TooLong
from items.models import Item
from items.watchers import watchers

WHO = ("item", "account", "account_name", "technology", "uid", "name", "region")
ASKED = (
    parameter("group", "Only accounts of the group of this name.", {"type": "string"}),
    *PAGED,
)


class RowSerializer(serializers.Serializer[Any]):
    """A thing that a query chose; a file has a column for each cell."""

    item = serializers.IntegerField()
    account = serializers.IntegerField()
    account_name = serializers.CharField()
    technology = serializers.CharField()
    uid = serializers.CharField()
    name = serializers.CharField()
    region = serializers.CharField()
    cells: Any = serializers.ListField(
        child=serializers.JSONField(allow_null=True), help_text="In the order of `columns`."
    )
    unknown: Any = serializers.ListField(
        child=serializers.CharField(), help_text="Why cells are empty that could not be told."
    )


class RowsSerializer(serializers.Serializer[Any]):
    """One page of what a query chose."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    columns = serializers.ListField(child=serializers.CharField())
    asked = serializers.IntegerField(help_text="Of how many things the condition was asked here.")
    unknown = serializers.IntegerField(help_text="Of how many of these it could not be told.")
    reasons: Any = serializers.DictField(
        child=serializers.IntegerField(), help_text="Why, and how often."
    )
    results = RowSerializer(many=True)


class QueryView(ApiView, APIView):
    """What the two ways of running a query have in common."""

    permission = "items.view_item"
    has_past = True
    asks = ("group", *paging.ASKED)
    serializer_class = RowsSerializer
    files = True

    def answered(self, request: Request, asked: Query, group: str) -> HttpResponseBase:
        """Run a query: a page of it, or all of it as a file; refuse one that cannot be run."""
        faults = asked.faults()
        if faults:
            raise ValidationError({"condition": faults})
        moment = None if moment_of(request).now else moment_of(request).at
        form = getattr(request.accepted_renderer, "format", "")
        if form in FILES:
            heads = heads_of(asked, WHO)
            rows = every_row(asked, request.user, moment, group)
            return stream(form, "query", [*WHO, *heads], _lines(heads, rows))
        return Response(RowsSerializer(_page(request, asked, moment, group)).data)


class SavedQueryView(QueryView):
    """What a saved query gives now, or gave at a moment."""

    @taken(*ASKED)
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Run a saved query."""
        views = in_reach(visible(SavedView.objects.all(), request.user), request.user)
        view = views.filter(pk=pk, page=SavedView.Page.QUERY).first() if pk < 2**63 else None
        if view is None:
            raise NotFound("There is no such query, or it is not shared with you.")
        kept = parse_qs(view.address.lstrip("?")).get("group", [""])[0]
        return self.answered(request, query_of(view), request.query_params.get("group", kept))


class SentQuerySerializer(serializers.Serializer[Any]):
    """A query as the console's query page has it."""

    technology = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="Several with commas; none: all."
    )
    condition = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=4000,
        help_text="JMESPath; nothing: everything.",
    )
    columns = ColumnSerializer(many=True, required=False)

    def validate_technology(self, text: str) -> str:
        wrong = [one for one in text.split(",") if one and one not in watchers]
        if wrong:
            raise serializers.ValidationError("Choose from /api/technologies/.")
        return text


class RunQueryView(QueryView):
    """What a query gives that is not saved; nothing of it is kept."""

    @taken(
        *ASKED,
        request=SentQuerySerializer,
        examples=[
            OpenApiExample(
                "Buckets without a policy",
                {
                    "technology": "aws.s3.bucket",
                    "condition": "!Policy",
                    "columns": [{"title": "Owner", "path": "Acl.Owner.DisplayName"}],
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Run a query that is sent."""
        given = checked(SentQuerySerializer, request)
        columns = tuple(
            Column(one.get("title") or one["path"][:60], one["path"])
            for one in given.get("columns", ())
        )
        asked = Query(given["technology"], given["condition"], columns)
        return self.answered(request, asked, request.query_params.get("group", ""))


def _page(request: Request, asked: Query, moment: datetime | None, group: str) -> dict[str, Any]:
    size, cursor = paging.size_of(request), request.query_params.get("cursor")
    model: Any = Item if moment is None else Item.history.model
    order = (*ORDER[:-1], model._meta.pk.name)
    further = paging.after(order, paging.values_of(cursor, model, order)) if cursor else None
    answer = Answer()
    rows = some_rows(asked, request.user, answer, moment, group, further)
    found = [_told(row) for row in islice(rows, size)]
    # A page that is full may be the last one: then the next is empty.
    goes_on = len(found) == size or answer.stopped
    last = answer.last
    return {
        "next": paging.page_after(
            request, paging.cursor_of([last.name, last.pk]) if goes_on and last else ""
        ),
        "columns": heads_of(asked, WHO),
        "asked": answer.asked,
        "unknown": answer.unknown,
        "reasons": answer.reasons,
        "results": found,
    }


def _lines(heads: list[str], rows: Iterator[Row]) -> Iterator[Told | Cut]:
    """Yield the lines of a file; where the time was over before the last one, say so."""
    try:
        for row in rows:
            told = _told(row)
            told.pop("unknown")
            yield {**told, **dict(zip(heads, told.pop("cells"), strict=True))}
    except TooLong as over:
        yield Cut(f"This file was cut: there may be more. {over}")


def _told(row: Row) -> dict[str, Any]:
    item = row.item
    return {
        "item": item.id,  # Of a revision as well: its own key is another.
        "account": item.account_id,
        "account_name": item.account.name,
        "technology": item.technology,
        "uid": item.uid,
        "name": item.name,
        "region": item.region or item.place,
        "cells": list(row.cells),
        "unknown": list(row.unknown),
    }
