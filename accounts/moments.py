"""The moment that is asked about: now, or one in the past, as the address says it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

PARAMETER = "as_of"
EARLIEST = 2000
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Moment:
    """A moment that was asked for; what cannot be looked at means now, and says why."""

    at: datetime
    text: str = ""
    """How the address says it; empty: now."""
    fault: str = ""

    @property
    def now(self) -> bool:
        return not self.text

    @property
    def date(self) -> date:
        return timezone.localdate(self.at)

    @property
    def called(self) -> str:
        """How a page says it: 8 Nov 2026, or with its time where one was asked for."""
        return said(self.at) if "T" in self.text else said(self.at).rpartition(",")[0]


def said(at: datetime) -> str:
    """Return a moment as pages write it: 8 Nov 2026, 23:59."""
    there = timezone.localtime(at)
    return f"{there.day} {there:%b %Y, %H:%M}"


def moment_named(text: str | None) -> Moment:
    """Return the moment that a text names: the end of ``2026-11-08``, or of ``2026-11-08T14:00``.

    Nothing, nonsense, today and the future mean now; of nonsense and the future ``fault`` tells.
    """
    given = (text or "").replace("\0", "").strip()
    if not given:
        return Moment(timezone.now())
    try:
        day = parse_date(given)
        end = _end_of_day(day) if day else _end_of_minute(parse_datetime(given))
    except (ValueError, OverflowError):  # 2026-02-31
        day, end = None, None
    if end is None:
        return Moment(
            timezone.now(),
            fault=f"“{given[:40]}” is no day. Write one like 2026-11-08, or with a time like "
            "2026-11-08T14:00.",
        )
    if end.year < EARLIEST:
        return Moment(timezone.now(), fault=f"{given[:40]} is before anything could be recorded.")
    if end >= timezone.now():
        ahead = day != timezone.localdate()
        return Moment(timezone.now(), fault=f"{said(end)} lies ahead." if ahead else "")
    local = timezone.localtime(end)
    return Moment(end, day.isoformat() if day else f"{local:%Y-%m-%dT%H:%M}")


def _end_of_day(day: date) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time.min)
    return timezone.make_aware(midnight) - INSTANT


def _end_of_minute(asked: datetime | None) -> datetime | None:
    """Return the end of a minute: what a page says happened at 14:02 had happened by then."""
    if asked is None:
        return None
    at = asked if timezone.is_aware(asked) else timezone.make_aware(asked)
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1) - INSTANT


def moment_of(request: HttpRequest) -> Moment:
    """Return the moment that a page is asked for; the same one, whenever it is asked."""
    asked: Any = request
    if not hasattr(asked, "_moment"):
        asked._moment = moment_named(request.GET.get(PARAMETER))
    found: Moment = asked._moment
    return found


_looking: ContextVar[Moment | None] = ContextVar("looking", default=None)


@contextmanager
def looking_from(moment: Moment) -> Iterator[None]:
    """Make ages and "the last week" be told from a moment, while a page is made."""
    token = _looking.set(moment)
    try:
        yield
    finally:
        _looking.reset(token)


def past_time() -> datetime | None:
    """Return the moment in the past that the page being made speaks of; None: it is of now."""
    moment = _looking.get()
    return None if moment is None or moment.now else moment.at


def page_time() -> datetime:
    """Return the time that the page being made speaks of: now, or its moment in the past."""
    return past_time() or timezone.now()
