"""The filter by labels, in lists of items and of what is about items."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from accounts.admin import Facet
from accounts.admin.facets import NONE
from items.models import Label


class LabelFacet(Facet):
    title = "label"
    parameter_name = "label"
    path = "labels__name"
    item: ClassVar[str] = "pk"
    """The field of a row that names its item."""
    kept = False  # Labels are of now: what had which of them in the past is not asked.

    def condition(self, chosen: list[str]) -> Q:
        labelled = Label.objects.order_by().values("item")
        holds = Q(**{f"{self.item}__in": labelled.filter(name__in=chosen)})
        return holds | ~Q(**{f"{self.item}__in": labelled}) if NONE in chosen else holds

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Count what has a label, mostly little, then what has none."""
        found = super().counted(rows.filter(**{f"{self.path}__isnull": False}))
        if not found:
            return []  # Nothing is labelled: nothing to choose among.
        without = rows.filter(self.condition([NONE])).count()
        return [*found, *([(NONE, self.called(NONE), without)] if without else [])]
