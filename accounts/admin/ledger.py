"""The ledger's list: who did what to what, and when; to be searched and taken away."""

import json
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin.base import ReadOnlyAdmin
from accounts.admin.dates import Between
from accounts.admin.facets import Facet, facet
from accounts.ledger import COLUMNS, broken_lately
from accounts.models import LedgerEntry

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
    also_exported = ("action", "thing", "key", "before", "after", "previous", "hash")
    search_fields = ("who", "action", "name", "key", "hash", "account__name")
    search_help_text = "Person, deed, thing or hash"
    ordering = ("-number",)
    list_intro = (
        "Everything that a person did, and what it was before and after. Entries are only ever "
        "added, each chained to the one before by its hash."
    )
    nothing_yet = "Nobody has done anything yet."

    def then(self, moment: datetime) -> QuerySet[Any]:
        return LedgerEntry.objects.filter(at__lte=moment)

    def get_urls(self) -> list[URLPattern]:
        lines = path(
            "lines/",
            self.admin_site.admin_view(self.lines_view),
            name="accounts_ledgerentry_lines",
        )
        return [lines, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Show the list, and over it whether the end of the chain is whole."""
        fault = {"fault": broken_lately() if self.has_view_permission(request) else None}
        return super().changelist_view(request, fault | (extra_context or {}))

    def lines_view(self, request: HttpRequest) -> HttpResponseBase:
        """Give the entries that the list shows, whole and oldest first: one a line, as JSON.

        With these lines anybody can work out the hashes again.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request).order_by("number")
        lines = (json.dumps(_told(one)) + "\n" for one in rows.iterator(chunk_size=CHUNK))
        response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
        response["Content-Disposition"] = 'attachment; filename="ledger.jsonl"'
        return response

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


def _told(entry: LedgerEntry) -> dict[str, Any]:
    told = {name: getattr(entry, name) for name in COLUMNS}
    return told | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}
