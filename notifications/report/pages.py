"""The console's pages of weekly reports: what was sent, with the figures of then."""

import json
from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import display

from accounts.admin import ReadOnlyAdmin, facet, reach
from accounts.models import Account
from notifications.models import Report
from notifications.report.view import shown, week_called


def in_sight(rows: QuerySet[Report], user: Any) -> QuerySet[Report]:
    """Keep the reports of which a person may see every account."""
    groups = reach(user, "notifications.view_report")
    if groups is None:
        return rows
    unseen = Account.objects.exclude(groups__in=groups).values("pk")
    foreign = Report.accounts.through.objects.filter(account__in=unseen).values("report")
    return rows.filter(everything=False, accounts__isnull=False).exclude(pk__in=foreign).distinct()


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("week", "name", "address", "headline", "score", "issues", "sent")
    list_filter = (facet("subscription", "subscription", "subscription_id", "subscription__name"),)
    list_select_related = ("delivery",)
    search_fields = ("name", "address")
    ordering = ("-until", "name", "pk")
    list_intro = "What was told of each week, with the numbers of then."
    nothing_yet = (
        "No report was made yet. They are sent on Mondays to subscriptions with a weekly report."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return in_sight(super().get_queryset(request), request.user)

    def then(self, moment: datetime) -> QuerySet[Any]:
        """Return the reports that had been made."""
        return Report.objects.filter(made_at__lte=moment)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one report from its figures."""
        report = self.get_object(request, object_id) if object_id else None
        if report is None:
            raise Http404("There is no such report, or it is not granted to you.")
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), **context_of(report)}
        return TemplateResponse(request, "console/report.html", context | self.past(request))

    @display(description="Week", ordering="until")
    def week(self, report: Report) -> str:
        return _week(report.figures)

    @display(description="In short")
    def headline(self, report: Report) -> str:
        return str(report.figures["headline"])

    @display(description="Score")
    def score(self, report: Report) -> int:
        return int(report.figures["score"]["now"])

    @display(description="Open issues")
    def issues(self, report: Report) -> int:
        return int(report.figures["open"]["now"])

    @display(description="Sent", ordering="delivery__sent_at")
    def sent(self, report: Report) -> Any:
        return report.delivery.sent_at if report.delivery else None


def context_of(report: Report) -> dict[str, Any]:
    """Return what the page of a report shows; the report need not be stored."""
    figures = shown(report.figures)
    labels = [f"{week['day'].day} {week['day']:%b}" for week in figures["weeks"]]
    scores = [week["score"] for week in figures["weeks"]]
    line = {"data": scores, "borderColor": "var(--color-primary-500)", "maxTicksXLimit": 6}
    return {
        "title": f"Weekly report, {_week(report.figures)}",
        "report": report,
        "figures": figures,
        "week": _week(report.figures),
        "line": json.dumps({"labels": labels, "datasets": [line]}),
    }


def _week(figures: dict[str, Any]) -> str:
    return week_called(*(date.fromisoformat(figures[name]) for name in ("first_day", "last_day")))
