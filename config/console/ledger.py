"""The page of one entry of the ledger: what was before and what after, as differences."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.admin.ledger import called
from accounts.ledger import hash_of
from accounts.models import LedgerEntry
from config.console.page import one, page
from items.diffing import differences


def entry_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry, and whether it is still what was entered."""
    entry: LedgerEntry = one(LedgerEntry.objects.select_related("account"), request, pk)
    context = {
        "crumb": ("Ledger", reverse("admin:accounts_ledgerentry_changelist")),
        "entry": entry,
        "facts": _facts(entry),
        "lines": differences(entry.before or {}, entry.after or {}),
        "whole": hash_of(entry) == entry.hash,
    }
    return page(request, "ledger_entry", f"Entry {entry.number}", context)


def _facts(entry: LedgerEntry) -> list[dict[str, Any]]:
    found = reverse("admin:accounts_ledgerentry_changelist")
    about = f"{found}?thing={entry.thing}&key={entry.key}" if entry.key else ""
    return [
        {"name": "Who", "value": entry.who, "link": f"{found}?q={entry.who}"},
        {"name": "When", "value": entry.at.strftime("%-d %b %Y, %H:%M:%S %Z")},
        {"name": "What", "value": f"{entry.thing} {entry.key}".strip(), "link": about},
        {"name": "Account", "value": called(entry)},
    ]
