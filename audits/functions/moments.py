"""Moments and durations in every form that the clouds write them in; no rule calls these."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# Larger numbers count smaller parts of a second; as seconds each begins beyond the year 5138.
_PARTS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_DIGITS = re.compile(r"\d{9,19}(\.\d+)?")
# Older services write /Date(1767225600000)/, with or without a zone that adds nothing.
_DOT_NET = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
# Of "2026-01-01 00:00:00 UTC" and "User initiated (2026-01-01 00:00:00 GMT)".
_NAMED_ZONE = re.compile(r"\(?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:UTC|GMT)\)?$")
_OPENSSL = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}( GMT)?")
_AMERICAN = re.compile(r"\d{1,2}/\d{1,2}/\d{4}( \d{1,2}:\d\d:\d\d( [AP]M)?)?")

_ISO_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d\d):(\d\d)(?:\.\d+)?")
_IN_SECONDS = {
    "years": 365 * 86_400,
    "months": 30 * 86_400,
    "weeks": 7 * 86_400,
    "days": 86_400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
}


def moment(x: Any) -> datetime | None:
    """Read a moment; null for what is none, and for the year 1, by which some say "never"."""
    try:
        found = _moment(x)
        if found is None or found.year == 1:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):  # "N/A", NaN, the year 10000
        return None


def seconds(x: Any) -> float | None:
    """Read a duration as seconds: 7776000s, P90D, PT1H, 90.00:00:00, or a number of seconds."""
    if isinstance(x, bool) or x is None:
        return None
    if isinstance(x, (int, float)):
        return float(x) if abs(x) < 1e12 else None
    if not isinstance(x, str) or not 2 <= len(x) <= 50:
        return None
    return _from_text(x.strip())


def _moment(x: Any) -> datetime | None:
    if isinstance(x, str):
        return _read(x.strip()) if len(x) <= 100 else None
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return datetime.fromtimestamp(_whole(x), UTC)
    if isinstance(x, dict):
        return _from_parts(x)
    return None


def _whole(x: float) -> float:
    return next((x / part for least, part in _PARTS if abs(x) >= least), x)


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if _DIGITS.fullmatch(text):  # So some write whole numbers of 64 bits.
        return datetime.fromtimestamp(_whole(float(text)), UTC)
    if said := _DOT_NET.fullmatch(text):
        return datetime.fromtimestamp(int(said[1]) / 1000, UTC)
    if said := _NAMED_ZONE.search(text):
        return datetime.fromisoformat(said[1])
    if _OPENSSL.fullmatch(text):
        return datetime.strptime(text.removesuffix(" GMT"), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    if _AMERICAN.fullmatch(text):
        clock = {0: "", 1: " %H:%M:%S", 2: " %I:%M:%S %p"}[text.count(" ")]
        return datetime.strptime(text, f"%m/%d/%Y{clock}").replace(tzinfo=UTC)
    return parsedate_to_datetime(text)


def _from_parts(x: dict[str, Any]) -> datetime | None:
    """Types of protocol buffers: {seconds, nanos} and {year, month, day}."""
    if "seconds" in x:
        return datetime.fromtimestamp(float(x["seconds"]), UTC)
    if {"year", "month", "day"} <= x.keys():
        return datetime(int(x["year"]), int(x["month"]), int(x["day"]), tzinfo=UTC)
    return None


def _from_text(text: str) -> float | None:
    if said := _SECONDS.fullmatch(text):
        return float(said[1])
    said = _ISO_DURATION.fullmatch(text)
    if said and any(said.groupdict().values()):
        return sum(float(said[name] or 0) * size for name, size in _IN_SECONDS.items())
    if said := _CLOCK.fullmatch(text):  # .NET: days.hours:minutes:seconds
        days, hours, minutes, rest = (int(part or 0) for part in said.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=rest).total_seconds()
    return None
