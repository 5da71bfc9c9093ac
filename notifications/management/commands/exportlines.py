"""Write what happened as lines of JSON, for another system to begin with."""

from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from audits.models import IssueEvent, What
from items.models import Item, Kind
from notifications.each import AT_ONCE, changes_of, events_of
from notifications.notifiers.formats import FORMATS

WHAT = ("issues", "changes")
# What rules do about their own questions is nobody else's.
EVENTS = [what for what in What if what not in (What.UNKNOWN, What.KNOWN, What.ASSIGNED)]
CHANGES = (Kind.CREATED, Kind.CHANGED, Kind.GONE, Kind.BACK)


class Command(BaseCommand):
    help = "Write what happened to issues and items to the standard output, one JSON a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=FORMATS, default="cloudevents")
        parser.add_argument("--since", type=_day, help="a day, such as 2026-01-31; else all")
        parser.add_argument("--only", choices=WHAT, help="issues or changes; else both")

    def handle(self, *args: Any, **options: Any) -> None:
        form = FORMATS[options["format"]]
        chosen = WHAT if not options["only"] else (options["only"],)
        for what in chosen:
            for thing in READERS[what](options["since"]):
                self.stdout.write(orjson.dumps(form(thing)).decode())


def _issues(since: datetime | None) -> Iterator[dict[str, Any]]:
    rows = IssueEvent.objects.filter(what__in=EVENTS)
    rows = rows.filter(at__gte=since) if since else rows
    for keys in _portions(rows.order_by("pk").values_list("pk", flat=True)):
        yield from events_of(keys)


def _changes(since: datetime | None) -> Iterator[dict[str, Any]]:
    rows = Item.history.filter(kind__in=CHANGES)
    rows = rows.filter(history_date__gte=since) if since else rows
    for keys in _portions(rows.order_by("history_id").values_list("history_id", flat=True)):
        yield from changes_of(keys)


READERS = {"issues": _issues, "changes": _changes}


def _portions(keys: Any) -> Iterator[Sequence[int]]:
    found = list(keys)
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def _day(text: str) -> datetime:
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d"))  # noqa: DTZ007
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day such as 2026-01-31") from error
