"""A list of the console, of now or of a moment in the past."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from accounts.moments import PARAMETER, moment_of
from accounts.recalling import called_then


class Listing(ChangeList):
    """What a list shows: its moment is no filter, and goes into every link."""

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(PARAMETER, None)
        if params is None:  # What is asked of the database, of which PostgreSQL takes no NUL.
            return {name: [one.replace("\0", "") for one in given] for name, given in found.items()}
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering = super().get_ordering(request, queryset)
        if moment_of(request).now:
            return ordering
        names = self.model_admin.stand_ins
        return [called_then(one, names) if isinstance(one, str) else one for one in ordering]
