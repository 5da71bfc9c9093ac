"""The filter of rules by what may be wrong with them."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from accounts.admin import Facet
from audits.ailments import Ailment, Examination


class HealthFacet(Facet):
    title = "health"
    parameter_name = "health"
    path = "pk"
    kept = False  # What ails is worked out of what is known now.

    @cached_property
    def examination(self) -> Examination:
        return Examination.by(self.request.user)

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(Ailment.values)

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        shown = set(rows.order_by().values_list("pk", flat=True))
        counts = [(one, len(shown & self.examination.sick([one]))) for one in Ailment]
        return [(one.value, one.label, count) for one, count in counts if count]

    def condition(self, chosen: list[str]) -> Q:
        return Q(pk__in=self.examination.sick(chosen))
