"""Which paths the stored items of a technology really have, how often, and with what values."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef

from accounts.models import Account
from accounts.seeing import visible
from audits.nearest import nearest
from audits.outline import Outline, Value, outline_of, spread, walk
from items.models import Item, Slice

SAMPLE = 500
"""Items that are read, half of them the last that came, the others from all of them."""
SHOWN = 12
"""Values that are shown of a path."""
KEPT = 100
"""Technologies, each as some reader sees it, that this process keeps."""
_AT_ONCE = 100


@dataclass(frozen=True)
class Found:
    """One path that stored items have."""

    path: str
    """As an expression writes it: `Keys[].Status`, `Labels."cost-centre"`."""
    share: float
    """Of the items that were looked at, those that have something other than null there."""
    kinds: tuple[str, ...]
    """What JMESPath's type() says of the values, the most frequent first: string, number ..."""
    values: tuple[Value, ...]
    """Some that the reader may see, the most frequent first. Never what looks like a secret."""
    complete: bool
    """Whether these are all values that were met."""


@dataclass(frozen=True)
class Occurring:
    """What the stored items of one technology look like."""

    technology: str
    stored: int
    """Items that are stored."""
    items: int
    """Items of these that were looked at."""
    outline: Outline
    """What they look like, as a tree; its values are the reader's, like those of the paths."""

    @cached_property
    def paths(self) -> tuple[Found, ...]:
        """Every path, in alphabetical order."""
        found = []
        for path, here in walk(self.outline):
            kinds = tuple(kind for kind, _ in here.kinds.most_common())
            values = here.plain_values
            share = here.items / self.items if self.items else 0.0
            complete = not here.more and len(values) <= SHOWN
            found.append(Found(path, share, kinds, values[:SHOWN], complete))
        return tuple(found)

    def near(self, path: str, most: int = 3) -> list[str]:
        """Return the paths that are most like one, the nearest first."""
        by_look: dict[str, str] = {}
        for one in self.paths:
            by_look.setdefault(one.path.replace("[]", ""), one.path)
        return [by_look[one] for one in nearest(path.replace("[]", ""), by_look, most)]


def paths(technology: str, user: Any = None) -> Occurring:
    """Return what stored items of a technology look like, from a sample of them.

    Which paths there are is told of all items; values only of those that ``user`` may see.
    Without a user all values are there: then nothing of it may be shown. Kept until a slice
    of the technology is read again or items come.
    """
    return _kept(technology, accounts_seen(user))


def sampled(technology: str, most: int, accounts: frozenset[int] | None = None) -> Iterator[Item]:
    """Yield at most so many stored items, some of the last that came and some of all others."""
    rows = Item.objects.filter(technology=technology)
    if accounts is not None:
        rows = rows.filter(account__in=accounts)
    # Keys alone, from an index: the configurations of 100,000 items are not to be touched.
    pks = list(rows.order_by("-pk").values_list("pk", flat=True))
    half = most // 2
    spare = pks[half : half + most]  # For those that are gone.
    chosen = list(dict.fromkeys(pks[:half] + spread(pks[half:], most - half) + spare))
    given = 0
    for start in range(0, len(chosen), _AT_ONCE):
        chunk = chosen[start : start + _AT_ONCE]
        living = Item.objects.living().filter(pk__in=chunk).select_related("account")
        for item in sorted(living, key=lambda item: chunk.index(item.pk)):
            if given >= most:
                return
            given += 1
            yield item


def accounts_seen(user: Any) -> frozenset[int] | None:
    """Return the accounts of which a user may see items, by the items' own guard; None: all."""
    if user is None or (user.is_active and user.is_superuser):
        return None
    mine = visible(Item.objects.filter(account=OuterRef("pk")), user)
    return frozenset(Account.objects.filter(Exists(mine)).values_list("pk", flat=True))


_lock = threading.Lock()
_drawn: OrderedDict[tuple[str, frozenset[int] | None], tuple[Any, Occurring]] = OrderedDict()


def _kept(technology: str, accounts: frozenset[int] | None) -> Occurring:
    key, stamp = (technology, accounts), _stamp(technology)
    known = _drawn.get(key)
    if known and known[0] == stamp:
        return known[1]
    found = _draw(technology, accounts, stored=stamp[0])
    with _lock:
        _drawn.pop(key, None)
        _drawn[key] = (stamp, found)
        while len(_drawn) > KEPT:
            _drawn.popitem(last=False)
    return found


def _stamp(technology: str) -> tuple[Any, ...]:
    """Return what differs once items may have: a few steps in indexes."""
    items = Item.objects.filter(technology=technology).aggregate(Count("pk"), Max("pk"))
    looks = Slice.objects.filter(technology=technology).aggregate(Max("looked_at"), Max("read_at"))
    return (*items.values(), *looks.values())


def _draw(technology: str, accounts: frozenset[int] | None, stored: int) -> Occurring:
    configs = (item.config for item in sampled(technology, SAMPLE))
    outline, count = outline_of(configs)
    if accounts is not None:
        mine = (item.config for item in sampled(technology, SAMPLE, accounts))
        outline.take_values(outline_of(mine)[0])
    return Occurring(technology, stored, count, outline)
