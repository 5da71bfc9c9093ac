"""Patterns that a justification may cover: a rule where an account, a tag or a name says so."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.models import Issue, Justification
from audits.scoping import Scoped, named, tagged

# So many issues more than it covers now a pattern may come to cover, where nothing else is asked.
ROOM = 4


@dataclass(frozen=True)
class Pattern:
    """Of which accounts, with which tag, under which name."""

    account_id: int | None = None
    """None: of all accounts."""
    tag: str = ""
    """``purpose=training``."""
    name: str = ""
    """* and ? as in file names, of name or full name."""

    @classmethod
    def of(cls, justification: Justification) -> "Pattern":
        return cls(justification.account_id, justification.tag, justification.name_pattern)

    def check(self) -> None:
        """Raise ValidationError where it would not narrow anything down, or cannot be read."""
        if self.account_id is None and not (self.tag or self.name.strip("*")):
            raise ValidationError(
                {"pattern": "Over all accounts, say which: give a tag or a name."}
            )
        if self.tag and not self.tag.partition("=")[1]:
            raise ValidationError({"tag": "Write a tag as name=value."})

    def holds(self, item: Scoped) -> bool:
        """Say whether an item is within it."""
        return (
            self.account_id in (None, item.account_id)
            and (not self.tag or tagged(self.tag, item))
            and (not self.name or named(self.name, item))
        )

    def open_issues(self, rule: int, rows: QuerySet[Issue]) -> list[Issue]:
        """Return those of the rows that are open issues of a rule within it, worst first.

        Reads configurations only where a tag is asked for.
        """
        rows = rows.filter(rule=rule, fixed_at=None).select_related("version", "item__account")
        if self.account_id is not None:
            rows = rows.filter(item__account=self.account_id)
        rows = rows if self.tag else rows.defer("item__config")
        return [one for one in rows.order_by("-score", "pk") if self.holds(one.item)]

    def words(self, account: Any = None) -> str:
        """Say in words where it holds; ``account`` is its account."""
        parts = [self.tag.replace("=", " = ", 1)] if self.tag else []
        parts += [f"name {self.name}"] if self.name else []
        where = f"in {account}" if self.account_id is not None else "in all accounts"
        return " ".join([" and ".join(parts), where]).strip()


def room(count: int) -> int:
    """Return the bound that is proposed for a pattern that covers so many now."""
    return count + max(1, count // ROOM)
