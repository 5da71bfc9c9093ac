"""The queue: issues of the accounts that somebody reviews, worst first, with what to filter by."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from accounts.admin import Choice, Order, ReadOnlyAdmin, Tabs, facet
from audits.admin.deciding import Deciding
from audits.models import Issue
from items.admin import TechnologyFacet


class IssueState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "open": ("open", lambda: Q(fixed_at=None, justified=False)),
        "justified": ("justified", lambda: Q(fixed_at=None, justified=True)),
        "fixed": ("fixed", lambda: Q(fixed_at__isnull=False)),
    }


class SeverityFacet(Choice):
    title = "severity"
    parameter_name = "severity"
    conditions = {
        "critical": ("critical", lambda: Q(score__gte=9)),
        "high": ("high", lambda: Q(score__range=(7, 8))),
        "medium": ("medium", lambda: Q(score__range=(4, 6))),
        "low": ("low", lambda: Q(score__range=(1, 3))),
        "information": ("information", lambda: Q(score=0)),
    }


def days_ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


class AgeFacet(Choice):
    title = "open since"
    parameter_name = "age"
    conditions = {
        "day": ("the last day", lambda: Q(opened_at__gte=days_ago(1))),
        "week": ("the last 7 days", lambda: Q(opened_at__gte=days_ago(7))),
        "month": ("the last 30 days", lambda: Q(opened_at__gte=days_ago(30))),
        "older": ("more than 30 days", lambda: Q(opened_at__lt=days_ago(30))),
    }


class AnswerFacet(Choice):
    title = "answer"
    parameter_name = "answer"
    conditions = {"unknown": ("none at present", lambda: Q(unknown=True))}


class IssueOrder(Order):
    orders = {
        "worst": ("worst first", ("-score", "opened_at", "pk")),
        "newest": ("newest first", ("-opened_at", "-score", "pk")),
        "oldest": ("oldest first", ("opened_at", "-score", "pk")),
    }


class IssueTechnologyFacet(TechnologyFacet):
    path = "technology"


@admin.register(Issue)
class IssueAdmin(Deciding, ReadOnlyAdmin):
    """Issues, worst first. They are decided upon, never edited."""

    change_list_template = "console/issues.html"
    list_display = ("score", "title", "opened_at")
    list_filter = (
        IssueState,
        IssueOrder,
        SeverityFacet,
        facet("account", "account", "account_id", "account__name"),
        IssueTechnologyFacet,
        facet("rule", "rule", "rule_id", "rule__active__title"),
        AgeFacet,
        AnswerFacet,
    )
    search_fields = ("item__name", "item__uid", "item__full_name", "notes", "version__title")
    search_help_text = "Name, id, ARN or text"
    also_exported = (
        "severity",
        "state",
        "notes",
        "rule__key",
        "item__name",
        "item__uid",
        "item__full_name",
        "item__technology",
        "item__region",
        "item__account__name",
        "item__account__identifier",
        "fixed_at",
        "unknown",
    )
    actions = ("justify_chosen", "withdraw_chosen")
    nothing_yet = "Issues appear when what was read is held against the rules."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        rows: QuerySet[Issue] = super().get_queryset(request)
        return rows.select_related("version", "rule", "item__account").defer(
            "item__config", "evidence"
        )

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "review")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return IssueOrder.fields(request)

    @display(description="Title", ordering="version__title")
    def title(self, issue: Issue) -> str:
        return issue.version.title
