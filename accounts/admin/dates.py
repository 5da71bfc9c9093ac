"""A filter by the days between which something happened."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date

PARAMETERS = ("from", "until")


class Between(ListFilter):
    """Keeps rows from one day on, up to and with another; each may be left open."""

    title = "when"
    template = "console/between.html"
    path: ClassVar[str]
    """The moment that is asked about."""

    def __init__(
        self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.given = {name: str(params.pop(name, [""])[-1]) for name in PARAMETERS}
        # Left in: the list tells by it that something is asked for.
        self.used_parameters = {name: text for name, text in self.given.items() if text}

    def expected_parameters(self) -> list[str | None]:
        return [*PARAMETERS]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        since, until = (_day(self.given[name]) for name in PARAMETERS)
        if since:
            queryset = queryset.filter(**{f"{self.path}__gte": _midnight(since)})
        if until:
            end = _midnight(until + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.path}__lt": end})
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = [
            (name, value)
            for name, value in changelist.params.items()
            if name not in PARAMETERS and isinstance(value, str)
        ]
        yield {
            "since": self.given["from"] if _day(self.given["from"]) else "",
            "until": self.given["until"] if _day(self.given["until"]) else "",
            "others": others,
        }


def _day(text: str) -> date | None:
    """Return the day that an address names; None for what is none."""
    try:
        found = parse_date(text.strip())
    except ValueError:  # 2026-02-31
        return None
    return found if found and 1900 < found.year < 9000 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
