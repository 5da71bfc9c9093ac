"""What a rule may ask about moments and ages."""

from datetime import UTC, datetime
from typing import Any

from audits.functions.base import Context, reads_time

_DAY = 86_400.0
_MILLISECONDS_FROM = 1e11  # As seconds, the year 5138.


@reads_time
def age_days(context: Context, x: Any) -> float | None:
    """Give the days that have passed since a moment, negative if it is yet to come; else null.

    A moment is ISO text (a date alone is its midnight, no zone is UTC) or a number of seconds or
    milliseconds since 1970.

    Example: age_days(CreateDate)
    On: {"CreateDate": "2026-05-31T00:00:00Z"}
    Gives: 1.0
    """
    then = _moment(x)
    return None if then is None else (context.now - then).total_seconds() / _DAY


@reads_time
def days_until(context: Context, x: Any) -> float | None:
    """Give the days left until a moment, negative once it has passed; null if it is no moment.

    Example: days_until(NotAfter)
    On: {"NotAfter": "2026-06-11"}
    Gives: 10.0
    """
    age = age_days(context, x)
    return None if age is None else -age


def epoch(context: Context, x: Any) -> float | None:
    """Give a moment as seconds since 1970, so that two can be compared; null if it is none.

    Example: epoch(CreateDate)
    On: {"CreateDate": "1970-01-02T00:00:00+00:00"}
    Gives: 86400.0
    """
    then = _moment(x)
    return None if then is None else then.timestamp()


def _moment(x: Any) -> datetime | None:
    try:
        if isinstance(x, str):
            then = datetime.fromisoformat(x.strip())
            return then.replace(tzinfo=UTC) if then.tzinfo is None else then.astimezone(UTC)
        if isinstance(x, (int, float)) and not isinstance(x, bool):
            return datetime.fromtimestamp(x / 1000 if abs(x) >= _MILLISECONDS_FROM else x, UTC)
    except (ValueError, OverflowError, OSError):  # "N/A", NaN, the year 10000
        return None
    return None
