"""Why the open score moved: in a sentence, as a chart, and as this week's sum."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from audits.trend_words import Way, detail, signed, ways
from audits.trending import Sum, Week, Why, trend
from config.console.dashboard.scope import Scope

COLOURS = {
    Why.WORSE: ("red-500", "worse"),
    Why.RULE: ("primary-500", "rule"),
    Why.COVERAGE: ("orange-400", "coverage"),
    Why.BETTER: ("green-500", "better"),
    Why.JUSTIFIED: ("base-400", "justified"),
}


@dataclass(frozen=True)
class Cause:
    """A cause in this week's sum."""

    name: str
    dot: str
    detail: str
    count: int
    by: str
    link: str


def moves(scope: Scope, now: datetime) -> dict[str, Any]:
    """Return how the score moved in twelve weeks, and what came to the difference in the last."""
    then = None if scope.moment.now else sum(one.score * one.n for one in scope.counted)
    weeks = trend(scope.all_issues, now, score=then)
    last = weeks[-1]
    if not any(week.start or week.end for week in weeks):
        return {"moves": None}
    return {
        "moves": {
            "start": last.start,
            "end": last.end,
            "by": signed(last.end - last.start),
            "tone": _tone(last.end - last.start),
            "causes": [_cause(scope, why, one) for why, one in last.causes.items() if one.issues],
            "table": [_row(week) for week in weeks],
            "heads": [why.label for why in Why],
            "chart": _chart(weeks, ["this", "week"] if scope.moment.now else ["last", "week"]),
            "line": _line(weeks, "now" if scope.moment.now else "then"),
        },
        **_sentence(scope, last),
    }


def _tone(by: int) -> str:
    return "good" if by < 0 else "critical" if by > 0 else "information"


def _cause(scope: Scope, why: Why, found: Sum) -> Cause:
    link = scope.link("issues", state="all", moved=why.value)
    count, by = len(found.issues), signed(found.by)
    return Cause(why.label, COLOURS[why][1], detail(why, found), count, by, link)


# -- in a sentence ----------------------------------------------------------------------------


def _sentence(scope: Scope, week: Week) -> dict[str, Any]:
    """Say whether it is better or worse than a week ago, and why: the most of either way."""
    by = week.end - week.start
    main, other = ways(week)
    return {
        "verdict": _verdict(by, main.why if main else None),
        "moved": abs(by),
        "fell": by < 0,
        "because": _because(scope, main) if main else None,
        "but": _because(scope, other) if other else None,
    }


def _verdict(by: int, why: Why | None) -> str:
    if not by:
        return "As a week ago."
    if why == Why.COVERAGE:
        return "More is known than a week ago." if by > 0 else "Less is asked than a week ago."
    return "Better than a week ago." if by < 0 else "Worse than a week ago."


def _because(scope: Scope, way: Way) -> dict[str, Any]:
    return {
        "text": way.text,
        "link": scope.link("issues", state="all", moved=way.why.value),
        "count": way.count,
        "by": f"{abs(way.part):,}",
        "up": way.part > 0,
    }


# -- as a chart -------------------------------------------------------------------------------


def _row(week: Week) -> dict[str, Any]:
    return {
        "since": timezone.localtime(week.since).date(),
        "start": week.start,
        "causes": [signed(week.causes[why].by) for why in Why],
        "end": week.end,
    }


def _day(week: Week) -> list[str]:
    day = timezone.localtime(week.since)
    return [f"{day.day}", f"{day:%b}"]


def _chart(weeks: list[Week], last: list[str]) -> str:
    """Return the causes week by week, as the chart takes them; above the line makes it worse."""
    labels = [_day(week) for week in weeks[:-1]]
    return json.dumps(
        {
            "labels": [*labels, last],
            "datasets": [
                {
                    "label": why.label,
                    "data": [week.causes[why].by for week in weeks],
                    "backgroundColor": f"var(--color-{colour})",
                    "stack": "score",
                    "borderRadius": 2,
                    "maxBarThickness": 28,
                    "displayYAxis": True,
                }
                for why, (colour, _) in COLOURS.items()
            ],
        }
    )


def _line(weeks: list[Week], last: str) -> str:
    labels = [" ".join(_day(week)) for week in weeks]
    return json.dumps(
        {
            "labels": [*labels, last],
            "datasets": [
                {
                    "data": [*(week.start for week in weeks), weeks[-1].end],
                    "borderColor": "var(--color-primary-500)",
                    "maxTicksXLimit": 4,
                }
            ],
        }
    )
