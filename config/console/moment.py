"""The moment of a page: the control in its header, and the banner over a page of the past."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Min
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as formatted

from accounts.moments import PARAMETER, Moment, moment_named, moment_of, page_time, said
from items.models import Item

__all__ = ["Moment", "moment_named", "moment_of", "moment_shown", "page_time", "said"]

# Where else the header leads with one click: a name, and how many days back.
STEPS = (("Yesterday", 1), ("A week ago", 7), ("A month ago", 30), ("A year ago", 365))
# What of an address belongs to the present page of a list only.
DROPPED = (PARAMETER, "p", "e", "from")


def moment_shown(request: HttpRequest) -> dict[str, Any]:
    """Tell templates which moment the page is of; for the context processors."""
    moment = moment_of(request)
    kept = [
        (name, value)
        for name, values in request.GET.lists()
        for value in values
        if name not in DROPPED
    ]
    first = None if moment.now else Item.history.aggregate(first=Min("history_date"))["first"]
    return {
        "moment": moment,
        "moment_kept": kept,
        "moment_now": _address(request, kept),
        "moment_steps": _steps(request, kept),
        "moment_said": said(moment.at),
        "moment_begins": first,
        "moment_before_all": not moment.now and (first is None or moment.at < first),
        "moment_today": formatted(timezone.localdate(), "Y-m-d"),
    }


def _address(request: HttpRequest, kept: list[tuple[str, str]], **more: str) -> str:
    query = urlencode([*kept, *more.items()])
    return f"{request.path}?{query}" if query else request.path


def _steps(request: HttpRequest, kept: list[tuple[str, str]]) -> list[tuple[str, str]]:
    today = timezone.localdate()
    return [
        (name, _address(request, kept, as_of=(today - timedelta(days=days)).isoformat()))
        for name, days in STEPS
    ]
