"""When somebody is told: how often, at which hour where they live, never in quiet hours.

Pure arithmetic: it knows no database. Hours are those of the clock on the wall; where the clock is
put forward over an hour, what was to be told in it is told when the clock goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WORLD = ZoneInfo("UTC")


class Often(StrEnum):
    """How often somebody is told at most."""

    AT_ONCE = "at once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True)
class Timing:
    """One subscriber's wishes."""

    often: str
    gathering: timedelta
    """How long news is gathered that is told at once: never a mail for each."""
    zone: ZoneInfo = WORLD
    hour: int = 8
    """When it is told daily, weekly, and of what was too much for the day before."""
    weekday: int = 0
    """On which day it is told weekly; Monday is 0."""
    quiet_from: int | None = None
    """The hour from which nothing is sent, until ``quiet_until``."""
    quiet_until: int | None = None
    most: int | None = None
    """How many mails a day, at most."""

    def due(self, since: datetime, sent_on: Callable[[datetime, datetime], int]) -> datetime:
        """Return when to send what becomes known from ``since`` on, in UTC.

        ``sent_on(start, end)`` counts the mails between two moments: of a day that is full, the
        rest is one mail of the next day. Nothing is ever left out.
        """
        due = self.awake(self._regular(since))
        while self.most and sent_on(*self.day_of(due)) >= self.most:
            due = self.awake(self._at(self._local(due).date() + DAY, self.hour))
        return due

    def awake(self, moment: datetime) -> datetime:
        """Return the moment itself, or the end of the quiet hours in which it lies."""
        while self.is_quiet(moment):
            end = self._at(self._local(moment).date(), self.quiet_until or 0)
            moment = (
                end
                if end > moment
                else self._at(self._local(moment).date() + DAY, self.quiet_until or 0)
            )
        return moment

    def is_quiet(self, moment: datetime) -> bool:
        """Say whether nothing is to be sent then."""
        start, end = self.quiet_from, self.quiet_until
        if start is None or end is None or start == end:
            return False
        hour = self._local(moment).hour
        return start <= hour < end if start < end else hour >= start or hour < end

    def day_of(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return when the subscriber's day begins and ends in which a moment lies."""
        day = self._local(moment).date()
        return self._at(day, 0), self._at(day + DAY, 0)

    def _regular(self, since: datetime) -> datetime:
        if self.often == Often.HOURLY:
            past = self._local(since)
            begun = timedelta(
                minutes=past.minute, seconds=past.second, microseconds=past.microsecond
            )
            return since.astimezone(UTC) - begun + HOUR
        if self.often in (Often.DAILY, Often.WEEKLY):
            return self._next(since)
        return since.astimezone(UTC) + self.gathering

    def _next(self, since: datetime) -> datetime:
        day = self._local(since).date()
        while True:
            at = self._at(day, self.hour)
            if at > since and (self.often == Often.DAILY or day.weekday() == self.weekday):
                return at
            day += DAY

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _at(self, day: date, hour: int) -> datetime:
        # Compared in UTC: two moments of one zone are compared by their clocks alone.
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)
