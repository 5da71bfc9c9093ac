"""Count what would happen, everywhere and by account; keep the worst few to be shown."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from accounts.models import Account
from accounts.seeing import visible
from audits.answers import AccountCounts, Row
from items.diffing import shown

SHOWN = 50
ACCOUNTS = 50
# What of an account tells how much would change there.
CHANGES = ("new", "reopened", "closes", "rescored", "lost", "episodes")


class Placed(Protocol):
    """The part of an item that is shown."""

    @property
    def pk(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def technology(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...


class Tally:
    """Counts of everything; names only of what one person may see."""

    def __init__(self, by: Any) -> None:
        self.seen = frozenset(visible(Account.objects.all(), by).values_list("pk", flat=True))
        self.total: Counter[str] = Counter()
        self.accounts: dict[int, Counter[str]] = defaultdict(Counter)
        self._worst: dict[str, list[tuple[tuple[int, ...], int, Row]]] = defaultdict(list)
        self._number = 0

    def sees(self, account: int) -> bool:
        """Say whether the person may see what is in an account."""
        return account in self.seen

    def add(self, account: int, what: str, count: int = 1) -> None:
        """Count something in an account."""
        self.total[what] += count
        self.accounts[account][what] += count

    def keep(
        self, what: str, item: Placed, rank: tuple[int, ...], tell: Callable[[], dict[str, Any]]
    ) -> None:
        """Keep something to be shown if it is among the worst; among equals the first stays.

        ``tell`` is asked for what is shown of it only then.
        """
        if self.sees(item.account_id):
            self._push(what, rank, lambda: _row(item, **tell()))

    def _push(self, what: str, rank: tuple[int, ...], row: Callable[[], Row]) -> None:
        worst = self._worst[what]
        self._number += 1
        if len(worst) == SHOWN and (rank, -self._number) < worst[0][:2]:
            return
        push = heapq.heappushpop if len(worst) == SHOWN else heapq.heappush
        push(worst, (rank, -self._number, row()))

    def found(self) -> Any:
        """Return what was counted and kept, so that it can be pickled."""
        return self.total, dict(self.accounts), dict(self._worst)

    def merge(self, found: Any) -> None:
        """Add what another process counted and kept."""
        total, accounts, worst = found
        self.total.update(total)
        for account, counts in accounts.items():
            self.accounts[account].update(counts)
        for what, kept in worst.items():
            for rank, _, row in sorted(kept, key=_ranked, reverse=True):
                self._push(what, rank, row.copy)

    def lists(self, accounts: Mapping[int, Account]) -> dict[str, list[Row]]:
        """Return what is shown, the worst first."""
        found = {}
        for what, worst in self._worst.items():
            rows = [row for *_, row in sorted(worst, key=_ranked, reverse=True)]
            for row in rows:
                row["account_name"] = accounts[row["account"]].name
            found[what] = rows
        return found

    def by_account(
        self, accounts: Mapping[int, Account]
    ) -> tuple[list[AccountCounts], AccountCounts | None]:
        """Return the accounts in which most would change, and the sum of the others."""
        ranked = sorted(
            (pk for pk in self.accounts if self.sees(pk)),
            key=lambda pk: (-sum(self.accounts[pk][one] for one in CHANGES), accounts[pk].name),
        )
        listed: list[AccountCounts] = [
            {
                "account": pk,
                "name": accounts[pk].name,
                "accounts": 1,
                "counts": dict(self.accounts[pk]),
            }
            for pk in ranked[:ACCOUNTS]
        ]
        return listed, self._sum(ranked[ACCOUNTS:])

    def hidden(self) -> AccountCounts | None:
        """Return the sum of what is in accounts that the person may not see."""
        return self._sum([pk for pk in self.accounts if not self.sees(pk)])

    def _sum(self, accounts: list[int]) -> AccountCounts | None:
        if not accounts:
            return None
        counts: Counter[str] = Counter()
        for pk in accounts:
            counts.update(self.accounts[pk])
        return {"account": None, "name": "", "accounts": len(accounts), "counts": dict(counts)}


def _ranked(kept: tuple[tuple[int, ...], int, Row]) -> tuple[tuple[int, ...], int]:
    return kept[:2]


def _row(item: Placed, **told: Any) -> Row:
    evidence = told.pop("evidence", None)
    return {
        "item": item.pk,
        "name": item.name or item.uid,
        "technology": item.technology,
        "account": item.account_id,
        "account_name": "",
        "issue": None,
        "score": 0,
        "before": None,
        "notes": "",
        "justified": False,
        "why": "",
        **told,  # type: ignore[typeddict-item]
        "evidence": "" if evidence is None else shown(evidence),
    }
