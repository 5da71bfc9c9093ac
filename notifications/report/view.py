"""What mail and page add to a report's figures: whole addresses, and bars."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from audits.trend_words import signed

# How long the bars are at most, in pixels: to either side, and in height.
SIDE = 96
HEIGHT = 84
MOMENTS = ("since", "until", "at", "read")
DAYS = ("first_day", "last_day", "day")


def shown(figures: Mapping[str, Any], site: str = "") -> dict[str, Any]:
    """Return the figures with links that begin with ``site``, moments as such, and bars."""
    whole: dict[str, Any] = _whole(figures, site)
    for kind in ("score", "open"):
        whole[kind]["by"] = signed(whole[kind]["now"] - whole[kind]["before"])
        whole[kind]["tone"] = _tone(whole[kind]["now"] - whole[kind]["before"])
    whole["severities"] = _shares(whole["severities"])
    whole["causes"] = _sides(whole["causes"])
    whole["begins"], whole["weeks"] = _columns(whole["weeks"])
    return whole


def _whole(value: Any, site: str, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _whole(one, site, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one, site) for one in value]
    if isinstance(value, str) and value:
        if name == "link" or name.endswith("_link"):
            return site + value
        if name in MOMENTS:
            return parse_datetime(value) if "T" in value else parse_date(value)
        if name in DAYS:
            return parse_date(value)
    return value


def _tone(by: int) -> str:
    return "good" if by < 0 else "bad" if by > 0 else ""


def _shares(severities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each severity its part of a bar, in hundredths; what is there is never too thin."""
    total = sum(one["now"] for one in severities) or 1
    return [
        {**one, "share": max(2, round(100 * one["now"] / total)) if one["now"] else 0}
        for one in severities
        if one["now"] or one["before"]
    ]


def _sides(causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each cause a bar to the left or the right of a line, as long as what it came to."""
    most = max((abs(one["by"]) for one in causes), default=0) or 1
    found = []
    for one in causes:
        long = max(3, round(SIDE * abs(one["by"]) / most)) if one["by"] else 0
        left, right = (long, 0) if one["by"] < 0 else (0, long)
        bars = {"left": left, "right": right, "space": SIDE - left, "rest": SIDE - right}
        found.append({**one, **bars, "signed": signed(one["by"]), "tone": _tone(one["by"])})
    return found


def _columns(weeks: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    """Return where the columns begin, and each week with its height.

    Where all are high, they begin above nothing: else no difference were to be seen.
    """
    scores = [one["score"] for one in weeks]
    low, high = min(scores), max(scores)
    begins = max(0, low - max(1, high - low)) if low > high / 2 else 0
    step = 10 ** max(0, len(str(begins)) - 2)
    begins -= begins % step
    span = max(1, high - begins)
    columns = [
        {**one, "height": max(1, round(HEIGHT * (one["score"] - begins) / span))} for one in weeks
    ]
    return begins, columns


def week_called(first: date, last: date) -> str:
    """Return how a week is written: 9 to 15 November 2026."""
    if first.month == last.month:
        return f"{first.day} to {last.day} {last:%B %Y}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%B}{year} to {last.day} {last:%B %Y}"
