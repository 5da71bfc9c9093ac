"""The ledger's list: who did what to what, and when; to be searched and taken away."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin.base import ReadOnlyAdmin
from accounts.admin.dates import Between
from accounts.admin.facets import Facet, facet
from accounts.ledger import COLUMNS
from accounts.models import LedgerEntry

CONTENT = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
CHUNK = 1000


class KeyFacet(Facet):
    """Which thing, by its number; offered only where one was asked for."""

    title = "number"
    parameter_name = "key"
    path = "key"

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        chosen = self.chosen()
        return super().counted(rows.filter(key__in=chosen)) if chosen else []


class EntryBetween(Between):
    path = "at"


@admin.register(LedgerEntry)
class LedgerAdmin(ReadOnlyAdmin):
    """Entries as far as they are granted; those about no account, to who may see all."""

    change_list_template = "console/ledger.html"
    list_display = ("did", "about", "account_name", "at", "number_shown")
    list_display_links = ("did",)
    list_filter = (
        EntryBetween,
        facet("person", "who", "who"),
        facet("what was done", "action", "action"),
        facet("kind of thing", "thing", "thing"),
        KeyFacet,
        facet("account", "account", "account_id", "account__name"),
    )
    list_select_related = ("account",)
    search_fields = ("who", "action", "name", "key", "hash", "account__name")
    search_help_text = "Person, deed, thing or hash"
    ordering = ("-number",)
    list_intro = (
        "Everything that a person did, and what it was before and after. Entries are only ever "
        "added, each chained to the one before by its hash."
    )
    nothing_yet = "Nobody has done anything yet."

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/<slug:kind>/",
            self.admin_site.admin_view(self.export_view),
            name="accounts_ledgerentry_export",
        )
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Give the entries that the list shows, all columns, oldest first."""
        if kind not in CONTENT:
            raise Http404("It is given as csv or jsonl.")
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request).order_by("number")
        lines = _csv(rows) if kind == "csv" else _json(rows)
        response = StreamingHttpResponse(lines, content_type=CONTENT[kind])
        response["Content-Disposition"] = f'attachment; filename="ledger.{kind}"'
        return response  # type: ignore[return-value]  # It answers as one does.

    @display(description="Who did what", ordering="who")
    def did(self, entry: LedgerEntry) -> str:
        return f"{entry.who} {entry.action}"

    @display(description="What", ordering="thing")
    def about(self, entry: LedgerEntry) -> str:
        return format_html(
            '<span class="break">{}</span><span class="block small text-subtle">{}</span>',
            entry.name or "-",
            f"{entry.thing} {entry.key}".strip(),
        )

    @display(description="Account", ordering="account__name")
    def account_name(self, entry: LedgerEntry) -> str:
        return called(entry)

    @display(description="Entry", ordering="number")
    def number_shown(self, entry: LedgerEntry) -> str:
        link = reverse("admin:accounts_ledgerentry_change", args=[entry.pk])
        return format_html('<a class="number text-link" href="{}">{}</a>', link, entry.number)


def called(entry: LedgerEntry) -> str:
    """Return what an entry's account is called; it may have been deleted since."""
    if entry.account_id is None:
        return "-"
    return entry.account.name if entry.account else f"deleted account {entry.account_id}"


class _Echo:
    """Gives back what a writer of CSV writes."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: QuerySet[LedgerEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in rows.iterator(chunk_size=CHUNK):
        yield writer.writerow([_harmless(value) for value in _told(entry).values()])


def _json(rows: QuerySet[LedgerEntry]) -> Iterator[str]:
    for entry in rows.iterator(chunk_size=CHUNK):
        yield json.dumps(_told(entry)) + "\n"


def _told(entry: LedgerEntry) -> dict[str, Any]:
    told = {name: getattr(entry, name) for name in COLUMNS}
    return told | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}


def _harmless(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
