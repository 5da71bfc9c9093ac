"""The console's pages of accounts and people, and the base that every app's pages stand on."""

from accounts.admin import ledger, people, tokens
from accounts.admin.accounts import AccountAdmin, Doing
from accounts.admin.base import (
    Curtain,
    GuardedAdmin,
    GuardedInline,
    HistoryAdmin,
    ReadOnlyAdmin,
    chip,
    linked,
    reach,
    tag,
)
from accounts.admin.facets import Choice, Facet, Order, Tabs, facet

__all__ = [
    "AccountAdmin",
    "Choice",
    "Curtain",
    "Doing",
    "Facet",
    "GuardedAdmin",
    "GuardedInline",
    "HistoryAdmin",
    "Order",
    "ReadOnlyAdmin",
    "Tabs",
    "chip",
    "facet",
    "ledger",
    "linked",
    "people",
    "reach",
    "tag",
    "tokens",
]
