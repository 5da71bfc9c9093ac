"""What a search found as a file: CSV for a spreadsheet, JSON for a program."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.http import HttpRequest, StreamingHttpResponse

from accounts.admin.exporting import Cut, export
from config.console.find.asked import Asked
from items.bounding import TooLong
from items.searching import HOLDS, INSIDE, IS, Hit
from items.spotting import spots

Line = TypeVar("Line")

HOWS = {IS: "is it", HOLDS: "holds it", INSIDE: "inside it"}
HEADS = (
    *("technology", "account", "region", "name", "id", "full name", "state"),
    *("matches", "path", "part", "since", "until", "link"),
)


def exported(
    asked: Asked, hits: Iterable[Hit], request: HttpRequest, form: str
) -> StreamingHttpResponse:
    """Give every hit as a line, as they are read."""
    lines = (list(_line(asked, hit, request)) for hit in hits)
    return export(form, "search", HEADS, as_far_as_it_goes(lines))


def as_far_as_it_goes(rows: Iterable[Line]) -> Iterator[Line | Cut]:
    """Yield rows; where the time is over before the last one, say so in its place."""
    try:
        yield from rows
    except TooLong as over:
        yield Cut(f"This file was cut: there may be more. {over}")


def _line(asked: Asked, hit: Hit, request: HttpRequest) -> Iterator[Any]:
    item = hit.item
    first = next(iter(spots(asked.question, hit)), None)
    yield from (item.technology, item.account.name, item.region or item.place)
    yield from (item.name, item.uid, item.full_name)
    yield {"now": "there", "older": "once"}.get(hit.scope, hit.scope)
    yield from (HOWS.get(hit.how, ""), hit.path)
    yield f"{first.before}{first.mark}{first.after}" if first else ""
    yield hit.since.isoformat() if hit.since else None
    yield hit.until.isoformat() if hit.until else None
    yield request.build_absolute_uri(f"/items/item/{item.pk}/change/")
