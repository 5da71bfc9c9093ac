"""What was justified, and where rules have no answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, Curtain, HistoryAdmin, ReadOnlyAdmin, Tabs, facet
from audits.admin.deciding import counted
from audits.models import BlindSpot, Coverage, Justification
from items.admin import TechnologyFacet
from items.naming import technology_label


class JustificationState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "force": ("in force", lambda: Q(state=Justification.State.IN_FORCE)),
        "withdrawn": ("withdrawn", lambda: Q(state=Justification.State.WITHDRAWN)),
        "lapsed": ("lapsed", lambda: Q(state=Justification.State.LAPSED)),
        "ended": ("ended", lambda: Q(state=Justification.State.ENDED)),
    }


class EndFacet(Choice):
    title = "ends"
    parameter_name = "ends"
    conditions = {
        "week": ("within 7 days", lambda: Q(until__lte=_day(7))),
        "month": ("within 30 days", lambda: Q(until__lte=_day(30))),
        "never": ("never", lambda: Q(until=None)),
    }


def _day(days: int) -> Any:
    return timezone.localdate() + timedelta(days=days)


@admin.register(Justification)
class JustificationAdmin(HistoryAdmin, ReadOnlyAdmin):
    list_display = ("called", "item_name", "account", "category", "scope", "until", "by", "covers")
    list_filter = (
        JustificationState,
        EndFacet,
        facet("account", "account", "item__account_id", "item__account__name"),
        facet("by", "by", "by_id", "by__username"),
        facet("kind", "category", "category"),
    )
    list_select_related = ("rule__active", "item__account", "account", "by")
    search_fields = ("reason", "item__name", "item__uid", "rule__key")
    ordering = ("-at", "-pk")
    list_intro = "What is accepted as it is, by whom, and until when."
    nothing_yet = "Nothing has been justified. Issues are justified on their page."
    fields = ("rule", "item", "scope", "category", "reason", "until", "state", "decided_by", "at")
    readonly_fields = ("decided_by",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Justification]:
        rows: QuerySet[Justification] = super().get_queryset(request)
        standing = Coverage.objects.filter(justification=OuterRef("pk"), until=None).order_by()
        counted = standing.values("justification").annotate(n=Count("pk")).values("n")
        covering = Coalesce(Subquery(counted), Value(0))
        return rows.defer("item__config").annotate(covering=covering)

    @display(description="Rule", ordering="rule__key")
    def called(self, justification: Justification) -> str:
        return str(justification.rule)

    @display(description="Item", ordering="item__name")
    def item_name(self, justification: Justification) -> str:
        return str(justification.item or "")

    @display(description="Account", ordering="item__account__name")
    def account(self, justification: Justification) -> str:
        return justification.account.name if justification.account else "all accounts"

    @display(description="By")
    def decided_by(self, justification: Justification) -> str:
        return str(justification.by)

    @display(description="Covers", ordering="covering")
    def covers(self, justification: Any) -> str:
        return counted(justification.covering)


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
    list_intro = "Where a rule has no answer. That is never counted as right."
    nothing_yet = "Every rule had an answer for everything that it was held against."
    fields = ("rule", "account", "technology", "item", "since", "until")

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
