"""The console's pages of weekly reports: what was sent, with the figures of then."""

import json
from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display

from accounts.admin import ReadOnlyAdmin, facet
from accounts.moments import Moment
from accounts.seeing import visible
from audits.trending import WEEK
from notifications.models import Report, Subscription
from notifications.reach import in_reach, reports_in_reach
from notifications.report.made import unsent, week_around, week_before
from notifications.report.view import shown, week_called


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("week", "whom", "headline", "issues", "sent")
    list_filter = (facet("subscription", "subscription", "subscription_id", "subscription__name"),)
    list_select_related = ("delivery",)
    search_fields = ("name", "address")
    ordering = ("-until", "name", "pk")
    list_intro = "What was told of each week, with the numbers of then."
    nothing_yet = (
        "No report was made yet. They are sent on Mondays to subscriptions with a weekly report."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return reports_in_reach(super().get_queryset(request), request.user)

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
        crumb = {"crumb": ("Reports", reverse("admin:notifications_report_changelist"))}
        context = {**self.admin_site.each_context(request), **context_of(report), **crumb}
        return TemplateResponse(request, "console/report.html", context | self.past(request))

    @display(description="Week", ordering="until")
    def week(self, report: Report) -> str:
        return _week(report.figures)

    @display(description="To", ordering="name")
    def whom(self, report: Report) -> str:
        return f"{report.name}, {report.address}"

    @display(description="In short")
    def headline(self, report: Report) -> str:
        return str(report.figures["headline"])

    @display(description="Open issues")
    def issues(self, report: Report) -> int:
        return int(report.figures["open"]["now"])

    @display(description="Sent", ordering="delivery__sent_at")
    def sent(self, report: Report) -> Any:
        return report.delivery.sent_at if report.delivery else None


def week_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a subscription's report of any week that is over, also where none was sent."""
    told = _told(request, pk)
    moment = _week_asked(request.GET.get("week", ""))
    kept = reports_in_reach(Report.objects.filter(subscription=told), request.user)
    one = kept.filter(until=moment.at).first()
    if one:
        return HttpResponseRedirect(reverse("admin:notifications_report_change", args=[one.pk]))
    request.current_app = admin.site.name
    crumb = {"crumb": (told.name, _page_of(told, request.user))}
    context = {**admin.site.each_context(request), **context_of(unsent(told, moment)), **crumb}
    return TemplateResponse(request, "console/report.html", context)


def _page_of(told: Subscription, user: Any) -> str:
    """Return the address of the form in which a person finds a subscription."""
    kind = "ownsubscription" if told.owner_id == user.pk else "subscription"
    return reverse(f"admin:notifications_{kind}_change", args=[told.pk])


def _told(request: HttpRequest, pk: int) -> Subscription:
    """Return the subscription; raise Http404 where it may not be seen."""
    rows = in_reach(visible(Subscription.objects.all(), request.user), request.user)
    own = Subscription.objects.filter(owner=request.user.pk)
    found = Subscription.objects.filter(Q(pk__in=rows.values("pk")) | Q(pk__in=own.values("pk")))
    told = found.filter(pk=pk).first()
    if told is None or told.view:
        raise Http404("There is no such report, or it is not granted to you.")
    return told


def _week_asked(text: str) -> Moment:
    """Return the end of the week of a day; of the last week that is over, where none is named."""
    if not text:
        return week_before(timezone.now())
    try:
        moment = week_around(date.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise Http404(f"“{text[:40]}” is no day. Write one like 2026-11-08.") from error
    if moment.now:
        raise Http404("This week is not over.")
    return moment


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
        "earlier": _week_link(report, -1),
        "later": _week_link(report, 1),
        "line": json.dumps({"labels": labels, "datasets": [line]}),
    }


def _week_link(report: Report, weeks: int) -> str:
    """Return the address of another week of the same subscription; empty where there is none."""
    last = timezone.localdate(report.until) + weeks * WEEK
    if report.subscription_id is None or last >= timezone.localdate():
        return ""
    address = reverse("admin:notifications_subscription_report", args=[report.subscription_id])
    return f"{address}?week={last.isoformat()}"


def _week(figures: dict[str, Any]) -> str:
    return week_called(*(date.fromisoformat(figures[name]) for name in ("first_day", "last_day")))
