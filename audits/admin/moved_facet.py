"""Which issues moved the open score in the last seven days, by cause, as the dashboard tells it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet

from accounts.admin import Facet
from accounts.moments import page_time
from audits.models import Issue
from audits.trending import WEEK, Why, steps


class MovedFacet(Facet):
    """Shown only where it is asked for: it is a way from the dashboard, and takes a walk."""

    title = "moved the score this week"
    parameter_name = "moved"

    def possible(self, value: str) -> bool:
        return value in Why.values

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
