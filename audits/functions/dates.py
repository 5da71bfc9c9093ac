"""What a rule may ask about moments, ages and durations."""

from typing import Any

from audits.functions.base import Context, reads_time
from audits.functions.moments import moment, seconds

_DAY = 86_400.0


@reads_time
def age_days(context: Context, x: Any) -> float | None:
    """Give the days that have passed since a moment, negative if it is yet to come; else null.

    A moment is ISO text (a date alone is its midnight, no zone is UTC), a number of seconds since
    1970 or of thousandths, millionths or billionths of one, as number or text, or what else the
    clouds send: "Wed, 21 Oct 2026 07:28:00 GMT", "Oct 21 07:28:00 2026 GMT", "10/21/2026 7:28:00
    AM", /Date(...)/, {seconds}, {year, month, day}. The year 1 means never, and is null.

    Example: age_days(CreateDate)
    On: {"CreateDate": "2026-05-31T00:00:00Z"}
    Gives: 1.0
    """
    then = moment(x)
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
    then = moment(x)
    return None if then is None else then.timestamp()


def duration_days(context: Context, x: Any) -> float | None:
    """Give a duration in days: seconds ("7776000s" or a number), P90D, PT36H, 90.00:00:00.

    A month counts 30 days and a year 365; null for anything else.

    Example: duration_days(rotationPeriod) > `90`
    On: {"rotationPeriod": "31536000s"}
    Gives: true
    """
    found = seconds(x)
    return None if found is None else found / _DAY
