"""The things that an item's configuration speaks of, by name; and the items that speak of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.models import Account
from accounts.seeing import visible
from items.linking import names_of, referred
from items.models import Item, Reference
from items.naming import technology_label
from items.tree import Line
from items.watchers import watchers

# Different references on one page that are looked up, and users that are named on it.
MOST = 500
USERS = 12
ICONS = {
    "security_group": "shield",
    "instance": "dns",
    "network_interface": "settings_ethernet",
    "address": "pin_drop",
    "nat_gateway": "nat",
    "vpc": "lan",
    "vpc_endpoint": "conversion_path",
    "policy": "policy",
    "group": "group",
    "role": "badge",
    "user": "person",
    "bucket": "database",
    "account": "cloud",
}


@dataclass(frozen=True)
class Link:
    """Where a page leads, and how it calls that."""

    name: str
    address: str
    about: str = ""


@dataclass(frozen=True)
class Users:
    """Who speaks of an item: the first few, how many more, and the same by technology."""

    rows: list[dict[str, Any]]
    more: int


def icon_of(technology: str) -> str:
    """Return the sign of a technology."""
    return ICONS.get(technology.rpartition(".")[2], "inventory_2")


def known(lines: Iterable[Line], user: Any, but: Item) -> dict[str, Link]:
    """Return, by the values that stand in a tree, the things that they refer to and that the
    person may see. Two queries."""
    wanted: dict[str, set[str]] = {}
    for line in lines:
        value = referred(line.text) if line.kind == "text" else ""
        if value and (value in wanted or len(wanted) < MOST):
            wanted.setdefault(value, set()).add(line.text)
    if not wanted:
        return {}
    found: dict[str, Link] = {}
    for account in visible(Account.objects.filter(identifier__in=wanted), user):
        address = reverse("admin:accounts_account_change", args=[account.pk])
        found[account.identifier] = Link(account.name, address, "Account")
    for item in _items(wanted, user, but):
        about = technology_label(item.technology)
        link = Link(str(item), reverse("admin:items_item_change", args=[item.pk]), about)
        for name in names_of(item):
            found.setdefault(name, link)
    return {
        text: found[value] for value, texts in wanted.items() if value in found for text in texts
    }


def _items(wanted: dict[str, set[str]], user: Any, but: Item) -> Iterable[Item]:
    """Return the items of some names, those that are still there first."""
    texts = {*wanted, *(text for texts in wanted.values() for text in texts)}
    # With the technology, the index on it and the id can be used.
    named = Q(full_name__in=texts) | Q(technology__in=[*watchers], uid__in=texts)
    rows = visible(Item.objects.filter(named), user).exclude(pk=but.pk)
    rows = rows.only("pk", "name", "uid", "full_name", "technology", "gone_at")
    return sorted(rows[: MOST * 2], key=lambda item: item.gone_at is not None)


def used_by(item: Item, user: Any, moment: datetime | None = None, every: bool = False) -> Users:
    """Return the items that speak of an item, now or at a moment, as far as the person may see
    them; the first few, or ``every`` one. One query."""
    rows = Reference.objects.filter(value__in=names_of(item)).exclude(item=item)
    if moment is None:
        rows = rows.filter(until=None)
    else:
        rows = rows.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment)
    order = ("item__technology", "item__name", "item_id", "path")
    values = ("item_id", "item__name", "item__uid", "item__technology", "item__account__name")
    found: dict[int, dict[str, Any]] = {}
    for pk, name, uid, technology, account, path in (
        visible(rows, user).order_by(*order).values_list(*values, "path")[:MOST]
    ):
        found.setdefault(
            pk,
            {
                "pk": pk,
                "name": name or uid,
                "kind": technology_label(technology),
                "icon": icon_of(technology),
                "account": account,
                "path": path,
            },
        )
    shown = list(found.values())
    return Users(shown if every else shown[:USERS], 0 if every else max(0, len(shown) - USERS))
