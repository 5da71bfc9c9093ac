"""The first sentences of a report: better or worse, why, and what needs somebody."""

from collections.abc import Mapping
from typing import Any

from audits.trending import Why


def headline(figures: Mapping[str, Any]) -> str:
    """Say in one sentence whether it got better, and by what."""
    score, before = figures["score"]["now"], figures["score"]["before"]
    by, main = score - before, figures["main"]
    if not by:
        count = figures["open"]["now"]
        if not (count or figures["open"]["before"]):
            return "Nothing is open."
        return f"As a week ago: the open score is {score:,}."
    verdict = "Better" if by < 0 else "Worse"
    if main and main["why"] == Why.COVERAGE:
        verdict = "Less is asked" if by < 0 else "More is known"
    moved = "fell" if by < 0 else "rose"
    because = f", because {main['text']}" if main else ""
    return f"{verdict}: the open score {moved} by {abs(by):,} to {score:,}{because}."


def lead(figures: Mapping[str, Any]) -> list[str]:
    """Say what moved against that, which severities grew, what is late, and what was not read."""
    return [
        sentence
        for sentence in (
            _against(figures),
            _grown(figures["severities"]),
            _late(figures["late"]),
            _unread(figures["unread"]),
        )
        if sentence
    ]


def nothing_new(figures: Mapping[str, Any]) -> bool:
    """Say whether nothing happened in the week and nobody is waited for."""
    happened = figures["causes"] or any(
        figures[name]["count"] for name in ("new", "reopened", "fixed", "ending", "ended")
    )
    waits = any(figures["changes"][name] for name in ("waiting", "questioned"))
    blind = figures["unread"] or figures["ledger"]["fault"]
    return not (happened or waits or figures["rules"] or blind)


def _against(figures: Mapping[str, Any]) -> str:
    other = figures["other"]
    if not other:
        return ""
    text, by = other["text"], other["by"]
    did = "added" if by > 0 else "took away"
    return f"{text[0].upper()}{text[1:]}, which {did} {abs(by):,}."


def _grown(severities: list[dict[str, Any]]) -> str:
    if not any(one["now"] != one["before"] for one in severities):
        return ""
    grown = [one["name"] for one in severities if one["now"] > one["before"]]
    if not grown:
        return "No severity grew."
    if len(grown) == 1:
        return f"No severity but {grown[0]} grew."
    return f"There are more of {', '.join(grown[:-1])} and {grown[-1]} than a week ago."


def _late(late: Mapping[str, Any]) -> str:
    count = late["count"]
    if not count:
        return ""
    return f"{count:,} issue{' is' if count == 1 else 's are'} late for a decision."


def _unread(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    if len(rows) > 1:
        return f"{len(rows)} accounts were not read whole for a day or longer."
    only = rows[0]
    if not only["of"]:
        return f"“{only['account']}” was never read."
    what = "was" if only["technologies"] == only["of"] else "was in part"
    since = f"for {only['hours']} hours" if only["hours"] is not None else "yet"
    return f"“{only['account']}” {what} not read {since}."
