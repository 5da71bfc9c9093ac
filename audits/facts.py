"""What every rule is told of an item and its account."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Account
from audits.functions.base import Known

ITEM_FACTS = ("technology", "uid", "name", "full_name", "region")
ACCOUNT_FACTS = ("identifier", "name", "type")


def facts_of(
    item: Any,
    account: Account,
    now: datetime,
    known: Known,
    tables: Mapping[str, Any] | None = None,
    previous: Any = None,
) -> dict[str, Any]:
    """Return the part of a ``Context`` that all rules share on one item.

    ``item`` is one, a revision of one, or any row that has ``ITEM_FACTS`` and ``config``;
    ``previous`` is its configuration before its last change (``items.earlier``).
    """
    return {
        "now": now,
        "config": item.config,
        "account": {name: getattr(account, name) for name in ACCOUNT_FACTS},
        "item": {name: getattr(item, name) for name in ITEM_FACTS},
        "known": known,
        "tables": tables or {},
        "previous": previous,
        "kept": {},
    }
