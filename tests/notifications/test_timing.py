"""Whatever the schedule, everything is told once, never too early, never in quiet hours."""
# ruff: noqa: DTZ001  (hypothesis puts the zone on itself)

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.timing import Often, Timing

GATHERING = timedelta(minutes=5)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
BERLIN = ZoneInfo("Europe/Berlin")
hours = st.integers(0, 23)


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    quiet = draw(st.none() | st.tuples(hours, hours))
    return Timing(
        often=draw(st.sampled_from(list(Often))),
        gathering=GATHERING,
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        hour=draw(hours),
        weekday=draw(st.integers(0, 6)),
        quiet_from=quiet[0] if quiet else None,
        quiet_until=quiet[1] if quiet else None,
        most=draw(st.none() | st.integers(1, 3)),
    )


moments = st.lists(
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 4, 8), timezones=st.just(UTC))
    | st.datetimes(datetime(2026, 10, 23), datetime(2026, 11, 3), timezones=st.just(UTC)),
    min_size=1,
    max_size=40,
)


def told(timing: Timing, events: list[datetime]) -> list[tuple[datetime, list[datetime]]]:
    """Gather events into mails as telling does: one mail is open until it is sent."""
    mails: list[tuple[datetime, list[datetime]]] = []
    for at in sorted(events):
        if not mails or mails[-1][0] <= at:
            due = timing.due(at, lambda start, end: sum(start <= due < end for due, _ in mails))
            mails.append((due, []))
        mails[-1][1].append(at)
    return mails


@settings(max_examples=300, deadline=None)
@given(timings(), moments)
def test_every_event_is_told_once_and_in_time(timing: Timing, events: list[datetime]) -> None:
    mails = told(timing, events)
    assert sorted(at for _, gathered in mails for at in gathered) == sorted(events)
    for due, gathered in mails:
        assert all(at < due for at in gathered)
        assert not timing.is_quiet(due)
        # A week, quiet hours of almost a day, and a day that was full before it.
        assert due - gathered[0] <= timedelta(days=9)
    if timing.most:
        days = [timing.day_of(due) for due, _ in mails]
        assert max(days.count(day) for day in days) <= timing.most


@settings(max_examples=200, deadline=None)
@given(timings(), moments)
def test_daily_mails_come_at_their_hour_on_the_wall(timing: Timing, events: list[datetime]) -> None:
    if timing.often not in (Often.DAILY, Often.WEEKLY):
        return
    for due, _ in told(timing, events):
        local = due.astimezone(timing.zone)
        wished = datetime(local.year, local.month, local.day, timing.hour, tzinfo=timing.zone)
        moved = wished.astimezone(UTC).astimezone(timing.zone).hour != timing.hour
        if not (moved or timing.is_quiet(wished) or timing.quiet_until == local.hour):
            assert (local.hour, local.minute) == (timing.hour, 0)


@pytest.mark.parametrize(
    ("often", "since", "due"),
    [
        (Often.AT_ONCE, "2026-06-01T10:00", "2026-06-01T10:05"),
        (Often.HOURLY, "2026-06-01T10:20", "2026-06-01T11:00"),
        (Often.HOURLY, "2026-10-25T02:20", "2026-10-25T02:00+01:00"),
        (Often.DAILY, "2026-06-01T07:59", "2026-06-01T08:00"),
        (Often.DAILY, "2026-06-01T08:00", "2026-06-02T08:00"),
        (Often.DAILY, "2026-03-28T09:00", "2026-03-29T08:00"),
        (Often.WEEKLY, "2026-10-19T09:00", "2026-10-26T08:00"),
    ],
)
def test_the_clock_on_the_wall_counts(often: Often, since: str, due: str) -> None:
    timing = Timing(often, GATHERING, BERLIN)
    asked, said = (
        one if one.tzinfo else one.replace(tzinfo=BERLIN)
        for one in (datetime.fromisoformat(since), datetime.fromisoformat(due))
    )
    assert timing.due(asked, lambda *_: 0) == said.astimezone(UTC)


def test_quiet_hours_end_in_a_mail_and_a_full_day_in_one_of_the_next() -> None:
    quiet = Timing(Often.AT_ONCE, GATHERING, BERLIN, quiet_from=22, quiet_until=7)
    night = datetime(2026, 6, 1, 23, tzinfo=BERLIN)
    assert quiet.due(night, lambda *_: 0) == datetime(2026, 6, 2, 7, tzinfo=BERLIN).astimezone(UTC)
    full = Timing(Often.AT_ONCE, GATHERING, BERLIN, hour=9, most=2)
    today = full.day_of(night)
    due = full.due(night, lambda *day: 2 if day == today else 0)
    assert due == datetime(2026, 6, 2, 9, tzinfo=BERLIN).astimezone(UTC)
