"""What moved the open score in the last seven days, by cause, and what happened to which issue."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet

from accounts.admin import Facet
from accounts.moments import page_time
from audits.models import Issue, IssueEvent, What
from audits.trending import WEEK, Why, steps


class MovedFacet(Facet):
    """Shown only where it is asked for: it is a way from the dashboard, and takes a walk."""

    title = "moved the score this week"
    parameter_name = "moved"

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(Why.values)

    def condition(self, chosen: list[str]) -> Q:
        wanted = set().union(*(self._moved()[why] for why in chosen))
        return Q(pk__in=wanted)

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        present = set(rows.values_list("pk", flat=True))
        return [(why.value, why.label, len(self._moved()[why] & present)) for why in Why]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        if self.chosen():
            yield from super().choices(changelist)

    def _moved(self) -> dict[str, set[int]]:
        if not hasattr(self, "_kept"):
            self._kept: dict[str, set[int]] = defaultdict(set)
            now = page_time()
            for step in steps(Issue.objects.all(), now - WEEK):
                if step.at <= now:
                    self._kept[step.why].add(step.issue)
        return self._kept


class HappenedFacet(Facet):
    """Shown only where it is asked for: it is a way from the weekly report."""

    title = "happened this week"
    parameter_name = "week"
    names_of = {"new": "new", "reopened": "came back", "fixed": "fixed or gone"}
    whats = {"new": What.OPENED, "reopened": What.REOPENED, "fixed": What.FIXED}

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(cls.whats)

    def condition(self, chosen: list[str]) -> Q:
        return Q(pk__in=happened(*(self.whats[value] for value in chosen)).values("issue"))

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        events = happened(*self.whats.values()).filter(issue__in=rows.order_by().values("pk"))
        counts = dict(
            events.values_list("what").annotate(n=Count("issue", distinct=True)).order_by()
        )
        return [
            (value, name, counts.get(self.whats[value], 0)) for value, name in self.names_of.items()
        ]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        if self.chosen():
            yield from super().choices(changelist)


def happened(*whats: str) -> QuerySet[IssueEvent]:
    """Return the events of some kinds in the seven days before the moment of the page."""
    now = page_time()
    return IssueEvent.objects.filter(what__in=whats, at__gte=now - WEEK, at__lte=now)
