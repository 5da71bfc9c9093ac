"""The queue of issues, what was justified, and where rules have no answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.admin import Choice, Curtain, HistoryAdmin, Order, ReadOnlyAdmin, Tabs, facet
from accounts.seeing import visible
from audits import reviewing
from audits.admin.review_form import JustifyForm, WithdrawForm
from audits.models import BlindSpot, Coverage, Issue, Justification
from items.admin import TechnologyFacet
from items.naming import technology_label

# Issues that the page before a bulk decision names one by one.
NAMED = 200


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
    path = "item__technology"


@admin.register(Issue)
class IssueAdmin(ReadOnlyAdmin):
    """Issues, worst first. They are decided upon, never edited."""

    change_list_template = "console/issues.html"
    list_display = ("score", "title", "opened_at")
    list_filter = (
        IssueState,
        IssueOrder,
        SeverityFacet,
        facet("account", "account", "item__account_id", "item__account__name"),
        IssueTechnologyFacet,
        facet("rule", "rule", "rule_id", "rule__active__title"),
        AgeFacet,
        AnswerFacet,
    )
    search_fields = ("item__name", "item__uid", "item__full_name", "notes", "version__title")
    search_help_text = "Name, id, ARN or text"
    actions = ("justify_chosen", "withdraw_chosen")
    nothing_yet = "Issues appear when what was read is held against the rules."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        rows: QuerySet[Issue] = super().get_queryset(request)
        return rows.select_related("version", "item__account").defer("item__config", "evidence")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "review")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return IssueOrder.fields(request)

    @display(description="Title", ordering="version__title")
    def title(self, issue: Issue) -> str:
        return issue.version.title

    # -- deciding upon many ------------------------------------------------------------------

    @action(description="Justify with a reason …", permissions=["review"])
    def justify_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        return self._decide(request, rows, "justify", JustifyForm)

    @action(description="Withdraw the justification …", permissions=["review"])
    def withdraw_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        return self._decide(request, rows, "withdraw", WithdrawForm)

    def _decide(
        self, request: HttpRequest, rows: QuerySet[Issue], what: str, form_class: Any
    ) -> HttpResponse | None:
        """Ask for the reason, naming what it would cover; then do it."""
        reviewable = visible(Issue.objects.open(), request.user, "review")
        issues = rows.filter(pk__in=reviewable.values("pk"))
        if what == "withdraw":
            issues = issues.filter(justified=True)
        if not issues.exists():
            raise PermissionDenied("There is nothing among these issues that you may decide upon.")
        sent = "_decided" in request.POST
        form = form_class(request.POST if sent else None)
        if sent and form.is_valid():
            try:
                self._done(request, list(issues), what, form)
            except ValidationError as error:
                for name, fault in error.error_dict.items():
                    form.add_error(name if name in form.fields else None, fault)
            else:
                return None
        return self._ask(request, rows, issues, what, form)

    def _done(self, request: HttpRequest, issues: list[Issue], what: str, form: Any) -> None:
        if what == "justify":
            reviewing.justify(issues, request.user, **form.arguments())
            self.message_user(request, f"{_count(len(issues))} justified.", messages.SUCCESS)
        else:
            count = reviewing.withdraw(issues, request.user, form.cleaned_data["because"])
            self.message_user(request, f"{_count(count)} open again.", messages.SUCCESS)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[Issue], issues: Any, what: str, form: Any
    ) -> HttpResponse:
        chosen = rows.count()
        count = issues.count()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what.capitalize()} {_count(count)}",
            "crumb": ("Issues", reverse("admin:audits_issue_changelist")),
            "what": what,
            "form": form,
            "issues": issues[:NAMED],
            "count": count,
            "left_out": chosen - count,
            "more": max(0, count - NAMED),
            "words": _count(count),
            "action": f"{what}_chosen",
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "console/decide.html", context)


def _count(number: int) -> str:
    return f"{number} issue{'' if number == 1 else 's'}"


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
    list_select_related = ("rule__active", "item__account", "by")
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
        return _count(justification.covering)


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
