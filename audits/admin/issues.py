"""Where rules have no answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Curtain, ReadOnlyAdmin, Tabs, facet
from accounts.recalling import as_they_were, known_by
from audits.models import BlindSpot
from items.admin import TechnologyFacet
from items.naming import technology_label


class SpotState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "open": ("open", lambda: Q(until=None)),
        "closed": ("closed", lambda: Q(until__isnull=False)),
    }


@admin.register(BlindSpot)
class BlindSpotAdmin(ReadOnlyAdmin):
    list_display = ("called", "what", "account")
    list_filter = (
        SpotState,
        facet("account", "account", "account_id", "account__name"),
        TechnologyFacet,
        facet("rule", "rule", "rule_id", "rule__active__title"),
    )
    list_select_related = ("rule__active", "account", "item")
    search_fields = ("reason", "rule__key", "item__name", "item__uid")
    ordering = ("-since", "-pk")
    stand_ins: ClassVar[Mapping[str, str]] = {"until": "until_then"}
    list_intro = "Where a rule has no answer. That is never counted as right."
    nothing_yet = "Every rule had an answer for everything that it was held against."
    fields = ("rule", "account", "technology", "item", "since", "until")

    def then(self, moment: datetime) -> QuerySet[Any]:
        rows = BlindSpot.objects.filter(since__lte=moment)
        ended = known_by(moment, "until")
        return as_they_were(rows.annotate(until_then=ended), self.stand_ins)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BlindSpot]:
        rows: QuerySet[BlindSpot] = super().get_queryset(request)
        return rows.defer("item__config")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, self._why(request), "since"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*self.fields, self._why(request)]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_readonly_fields(request, obj)

    def _why(self, request: HttpRequest) -> Callable[[BlindSpot], str]:
        """Return the column of the reason; a reason may name accounts out of sight."""
        curtain = Curtain(request.user)

        @display(description="Why")
        def why(spot: BlindSpot) -> str:
            return format_html('<span class="break small">{}</span>', curtain(spot.reason)[:600])

        return why

    @display(description="Rule", ordering="rule__key")
    def called(self, spot: BlindSpot) -> str:
        return str(spot.rule)

    @display(description="What", ordering="technology")
    def what(self, spot: BlindSpot) -> str:
        label = technology_label(spot.technology)
        return f"{label} {spot.item}" if spot.item else f"every {label}"
