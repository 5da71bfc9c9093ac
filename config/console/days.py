"""A day in an address: which one it is, and the moment that it ends with."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date


@dataclass(frozen=True)
class Day:
    """A day that was asked for; today and what lies ahead mean this moment."""

    date: date
    moment: datetime
    now: bool

    @property
    def text(self) -> str:
        """How the address says it; empty: now."""
        return "" if self.now else self.date.isoformat()


def day_of(text: str | None) -> Day:
    """Return the day that an address names; nothing, nonsense and the future mean today."""
    today = timezone.localdate()
    try:
        asked = parse_date((text or "").strip()) or today
    except ValueError:  # 2026-02-31
        asked = today
    if asked >= today or asked.year < 2000:
        return Day(today, timezone.now(), now=True)
    midnight = timezone.make_aware(datetime.combine(asked + timedelta(days=1), time.min))
    return Day(asked, midnight - timedelta(microseconds=1), now=False)
