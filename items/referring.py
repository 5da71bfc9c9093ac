"""Keep which items refer to which things, for as long as they do."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from accounts.models import Account
from items.linking import Named, names_of, references
from items.models import Item, Reference
from items.writing import insert

BATCH = 500
COLUMNS = ("item_id", "value", "path", "since", "until")


def refer(items: Sequence[Item], account: Account, now: datetime, new: bool = False) -> None:
    """Bring the references of an account's items in line with what they are from now on.

    What is gone refers to nothing. ``new`` items are known to have none yet. A few statements
    for all of them; none where nothing is to be written.
    """
    for start in range(0, len(items), BATCH):
        _refer(items[start : start + BATCH], account.identifier, now, new)


def _refer(items: Sequence[Item], account: str, now: datetime, new: bool) -> None:
    kept: dict[int, dict[str, int]] = defaultdict(dict)
    if not new:
        rows = Reference.objects.filter(item__in=[item.pk for item in items], until=None)
        for pk, item, value in rows.values_list("pk", "item_id", "value"):
            kept[item][value] = pk
    added, ended = [], []
    for one in items:
        wanted = {} if one.gone_at else told_by(one, account)
        had = kept[one.pk]
        ended += [pk for value, pk in had.items() if value not in wanted]
        added += [
            (one.pk, value, path, now, None) for value, path in wanted.items() if value not in had
        ]
    if ended:
        Reference.objects.filter(pk__in=ended).update(until=now)
    insert(Reference, COLUMNS, added)


def told_by(item: Named, account: str) -> dict[str, str]:
    """Return what an item refers to beside itself and its own account, with paths."""
    own = {*names_of(item), account}
    return {value: path for value, path in references(item.config).items() if value not in own}
