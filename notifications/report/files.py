"""The files that go with a report: its figures, and what is open, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.admin.exporting import harmless
from accounts.moments import looking_from
from audits.models import severity
from items.naming import technology_label
from notifications.models import Report
from notifications.notifiers.base import File
from notifications.report.made import week_to
from notifications.report.scope import Scope

# More than this nobody reads from a mail; the console's list exports all.
MOST = 5000
NAMES = (
    "score",
    "severity",
    "title",
    "account",
    "technology",
    "item",
    "full name",
    "region",
    "open since",
    "found",
    "link",
)


def files_of(report: Report) -> tuple[File, ...]:
    """Return the figures as CSV, and what was open then, where its subscription is still there."""
    day = report.figures["last_day"]
    found = [_file(f"vervet-report-{day}.csv", _figures(report.figures))]
    if report.subscription:
        found.append(_file(f"vervet-open-issues-{day}.csv", _open(report)))
    return tuple(found)


def _file(name: str, rows: Iterable[Iterable[Any]]) -> File:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    # Spreadsheets take a file for UTF-8 where it begins so.
    return File(name, "text/csv", text.getvalue().encode("utf-8-sig"))


def _figures(figures: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield each number by its name, with that of a week before where there is one."""
    yield "figure", "number", "a week before"
    yield "open score", figures["score"]["now"], figures["score"]["before"]
    yield "open issues", figures["open"]["now"], figures["open"]["before"]
    for one in figures["severities"]:
        yield f"open, {one['name']}", one["now"], one["before"]
    for name in ("new", "reopened", "fixed", "late", "ending", "ended", "gaps"):
        yield CALLED[name], figures[name]["count"], ""
    for name in ("waiting", "questioned", "overdue"):
        yield f"changes {name}", figures["changes"][name], ""
    for one in figures["causes"]:
        yield f"score moved: {one['label']}", one["by"], ""
    for one in figures["weeks"]:
        yield f"open score on {one['day']}", one["score"], ""
        yield f"open issues on {one['day']}", one["open"], ""


CALLED = {
    "new": "new in the week",
    "reopened": "came back in the week",
    "fixed": "fixed or gone in the week",
    "late": "late for a decision",
    "ending": "justifications that end within 30 days",
    "ended": "justifications that ended in the week",
    "gaps": "gaps",
}


def _open(report: Report) -> Iterator[tuple[Any, ...]]:
    """Yield what was open at the end of the week, the worst first."""
    yield NAMES
    moment = week_to(timezone.localdate(report.until))
    if report.subscription is None:
        return
    scope = Scope(report.subscription, moment)
    with looking_from(moment):
        rows = scope.open_then.order_by("-score_then", "opened_at_then", "pk")
        shown = rows.select_related("version", "item__account").defer("item__config", "evidence")
        for number, one in enumerate(shown[: MOST + 1]):
            if number == MOST:
                yield (f"The first {MOST:,} of {report.figures['open']['now']:,}.",)
                return
            yield _row(one)


def _row(one: Any) -> tuple[Any, ...]:
    return (
        one.score,
        severity(one.score),
        one.version.title,
        one.item.account.name,
        technology_label(one.technology),
        one.item.name or one.item.uid,
        one.item.full_name,
        one.item.region,
        timezone.localtime(one.opened_at).isoformat(timespec="minutes"),
        one.notes,
        settings.SITE_URL + reverse("admin:audits_issue_change", args=[one.pk]),
    )
