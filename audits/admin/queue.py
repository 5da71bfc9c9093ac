"""The queue: issues, mine and the worst first, with what to filter by and what to do with many."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import ReadOnlyAdmin, Tabs, facet
from accounts.moments import moment_of
from accounts.seeing import visible
from audits.admin.deciding import Deciding
from audits.admin.handing import Handing
from audits.admin.moved_facet import HappenedFacet, MovedFacet
from audits.admin.queue_facets import (
    AgeFacet,
    AssigneeFacet,
    DueFacet,
    GroupFacet,
    IssueLabelFacet,
    IssueOrder,
    IssueState,
    IssueTechnologyFacet,
    SeverityFacet,
)
from audits.admin.queue_list import PageByKeys, QueueList
from audits.models import Issue
from audits.recalling import STAND_INS, issues_at

# Issues that a search finds and names once for all that is counted.
MOST_FOUND = 20_000


class StateThen(Tabs):
    """What was open, accepted or fixed at a moment in the past."""

    title = "state"
    parameter_name = "state"
    everything = "all"
    exhaustive = True
    conditions = {
        "open": ("open", lambda: Q(fixed_at=None, justified=False)),
        "justified": ("justified", lambda: Q(fixed_at=None, justified=True)),
        "fixed": ("fixed", lambda: Q(fixed_at__isnull=False)),
    }


@admin.register(Issue)
class IssueAdmin(Deciding, Handing, ReadOnlyAdmin):
    """Issues are decided upon, never edited."""

    change_list_template = "console/issues.html"
    paginator = PageByKeys
    list_display = ("score", "title", "opened_at")
    list_filter = (
        IssueState,
        IssueOrder,
        SeverityFacet,
        facet("account", "account", "account_id", "account__name"),
        GroupFacet,
        IssueTechnologyFacet,
        IssueLabelFacet,
        DueFacet,
        AssigneeFacet,
        facet("rule", "rule", "rule_id", "rule__active__title"),
        AgeFacet,
        MovedFacet,
        HappenedFacet,
    )
    filters_then = (
        IssueOrder,
        SeverityFacet,
        facet("account", "account", "account_id", "account__name"),
        IssueTechnologyFacet,
        DueFacet,
        facet("rule", "rule", "rule_id", "rule__active__title"),
        AgeFacet,
        MovedFacet,
        HappenedFacet,
    )
    search_fields = ("item__name", "item__uid", "item__full_name", "notes", "version__title")
    search_help_text = "Name, id or text"
    also_exported = (
        "severity",
        "state",
        "notes",
        "rule__key",
        "item__name",
        "item__uid",
        "item__full_name",
        "technology",
        "item__region",
        "account__name",
        "account__identifier",
        "fixed_at",
        "unknown",
        "assignee__username",
    )
    stand_ins = STAND_INS
    partly_kept = "What was found is told as it was found last; who was to decide is not kept."
    actions = ("justify_chosen", "withdraw_chosen", "assign_chosen", "comment_chosen")
    nothing_yet = "Issues appear when what was read is held against the rules."

    def then(self, moment: datetime) -> QuerySet[Any]:
        return issues_at(moment)

    def get_list_filter(self, request: HttpRequest) -> Any:
        if moment_of(request).now:
            return super().get_list_filter(request)
        return (StateThen, *self.filters_then)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueList]:
        return QueueList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        rows: QuerySet[Issue] = super().get_queryset(request)
        return rows.select_related("version", "rule", "item", "account", "assignee").defer(
            "item__config", "item__unread", "evidence"
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Issue], search_term: str
    ) -> tuple[QuerySet[Issue], bool]:
        """Look for a text once a request: each count asks among what it was found in."""
        if not search_term.strip():
            return queryset, False
        known = request.__dict__.setdefault("_found", {})
        if search_term not in known:
            seen = visible(Issue.objects.all(), request.user)
            found, _ = super().get_search_results(request, seen, search_term)
            known[search_term] = list(
                found.order_by().values_list("pk", flat=True)[: MOST_FOUND + 1]
            )
        pks = known[search_term]
        if len(pks) > MOST_FOUND:  # So many cannot be named: look in each count.
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(pk__in=pks), False

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "review")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return IssueOrder.fields(request)

    @display(description="Title", ordering="version__title")
    def title(self, issue: Issue) -> str:
        return issue.version.title
