"""A day in an address: which one it is, and the moment that it ends with."""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.moments import moment_named


@dataclass(frozen=True)
class Day:
    """A day that was asked for; today and what lies ahead mean this moment."""

    date: date
    moment: datetime
    text: str
    """How the address says it; empty: now."""

    @property
    def now(self) -> bool:
        return not self.text


def day_of(text: str | None) -> Day:
    """Return the day, or the minute of a day, that an address names; nothing, nonsense and the
    future mean now."""
    found = moment_named(text)
    return Day(found.date, found.at, found.text)
