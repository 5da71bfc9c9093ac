"""What was justified or is asked for, and the page on which another person answers."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, HistoryAdmin, ReadOnlyAdmin, Tabs, facet, tag
from accounts.moments import page_time, past_time
from accounts.recalling import called_then
from accounts.seeing import visible
from audits.admin.deciding import counted
from audits.admin.review_form import called
from audits.answering import approve, look, refuse, would_cover
from audits.models import Coverage, Issue, Justification
from audits.patterns import Pattern
from audits.permits import may_review, why_not_answer
from audits.recalling import STAND_INS, issues_at
from audits.reviewing import withdraw_whole
from audits.standing import at

State, Scope = Justification.State, Justification.Scope
# Issues that the page names.
NAMED = 200
TONES = {
    State.ASKED: "medium",
    State.REFUSED: "high",
    State.IN_FORCE: "good",
    State.WITHDRAWN: "information",
    State.LAPSED: "high",
    State.ENDED: "information",
}


class JustificationState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "force": ("in force", lambda: Q(state=State.IN_FORCE)),
        "asked": ("waiting for approval", lambda: Q(state=State.ASKED)),
        "over": ("beyond the bound", lambda: Q(state=State.IN_FORCE, over_at__isnull=False)),
        "refused": ("refused", lambda: Q(state=State.REFUSED)),
        "withdrawn": ("withdrawn", lambda: Q(state=State.WITHDRAWN)),
        "lapsed": ("lapsed", lambda: Q(state=State.LAPSED)),
        "ended": ("ended", lambda: Q(state=State.ENDED)),
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
    return timezone.localdate(page_time()) + timedelta(days=days)


@admin.register(Justification)
class JustificationAdmin(HistoryAdmin, ReadOnlyAdmin):
    list_display = ("called", "where", "status", "category", "until", "decided_by", "covers")
    list_filter = (
        JustificationState,
        EndFacet,
        facet("account", "account", "account_id", "account__name"),
        facet("by", "by", "by_id", "by__username"),
        facet("kind", "category", "category"),
        facet("covers", "scope", "scope"),
    )
    list_select_related = ("rule__active", "account", "item__account", "by")
    search_fields = (
        "reason",
        "ticket",
        "tag",
        "name_pattern",
        "item__name",
        "item__uid",
        "rule__key",
    )
    ordering = ("-at", "-pk")
    list_intro = "What is accepted as it is, by whom, and until when; and what waits for a yes."
    nothing_yet = "Nothing has been justified. Issues are justified on their page."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Justification]:
        rows: QuerySet[Justification] = super().get_queryset(request)
        covering = Coverage.objects.filter(at(page_time()), justification=OuterRef("id"))
        standing = covering.order_by()
        counts = standing.values("justification").annotate(n=Count("pk")).values("n")
        return rows.defer("item__config", "extent").annotate(
            covering=Coalesce(Subquery(counts), Value(0))
        )

    @display(description="Rule", ordering="rule__key")
    def called(self, one: Justification) -> str:
        return format_html(
            '{}<span class="block break font-normal small text-subtle">{}</span>',
            one.rule,
            one.reason[:160],
        )

    @display(description="Where", ordering="account__name")
    def where(self, one: Justification) -> str:
        return where(one)

    @display(description="State", ordering="state")
    def status(self, one: Justification) -> str:
        return state_tag(one)

    @display(description="By", ordering="by__username")
    def decided_by(self, one: Justification) -> str:
        return called(one.by)

    @display(description="Covers", ordering="covering")
    def covers(self, one: Any) -> str:
        if one.state == State.ASKED:
            return "nothing yet"
        return counted(one.covering) + (f" of {one.bound}" if one.bound else "")

    # -- one of them -------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what it covers, each with its evidence; take an answer or its end by POST."""
        found = self.get_object(request, object_id) if object_id else None
        if found is None:
            raise Http404("There is no such justification.")
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        if request.method == "POST":
            level, text = _answered(request, found)
            self.message_user(request, text, level)
            return HttpResponseRedirect(request.path)
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), **_context(request, found)}
        context["history"] = self.keeps_history(request)
        context |= self.past(request)
        if found.state == State.ASKED:
            context["partly_kept"] = "What it would have covered is told of what is open now."
        return TemplateResponse(request, "console/justification.html", context)


def _context(request: HttpRequest, one: Justification) -> dict[str, Any]:
    user = request.user
    asked = one.state == State.ASKED
    issues = would_cover(one) if asked else _covered(one)
    open_ones = [issue for issue in issues if not issue.fixed_at]
    return {
        "title": f"Justification {one.pk}",
        "crumb": ("Justifications", reverse("admin:audits_justification_changelist")),
        "one": one,
        "state_tag": state_tag(one),
        "where": where(one),
        "covers": Scope(one.scope).label,
        "issues": issues[:NAMED],
        "count": len(issues),
        "words": counted(len(issues)),
        "score": sum(issue.score for issue in open_ones),
        "more": max(0, len(issues) - NAMED),
        "beyond": _beyond(one, issues, user) if one.over_at and not (asked or past_time()) else [],
        "look": look(issues) if asked else "",
        "ended": _ended(one),
        "files": one.attachments.defer("content"),
        "reminders": one.reminders.filter(days__gt=0),
        "why_not": why_not_answer(one, user) if asked else "",
        "may_end": one.state in (State.ASKED, State.IN_FORCE) and may_review(user, one.account),
    }


def _covered(one: Justification) -> list[Issue]:
    past = past_time()
    standing = Coverage.objects.filter(at(page_time()), justification=one.pk)
    rows = (issues_at(past) if past else Issue.objects.all()).filter(
        pk__in=standing.values("issue")
    )
    rows = rows.select_related("version", "item__account").defer("item__config")
    names = STAND_INS if past else {}
    return list(rows.order_by(*(called_then(one, names) for one in ("fixed_at", "-score", "pk"))))


def _ended(one: Justification) -> list[Coverage]:
    """Return what it covered once, the last first."""
    rows = one.coverages.filter(until__lte=page_time()).order_by("-until", "-pk")
    rows = rows.select_related("issue__version", "issue__item").defer("issue__item__config")
    return list(rows[:NAMED])


def _beyond(one: Justification, covered: list[Issue], user: Any) -> list[Issue]:
    """Return what is within the pattern, open, and not covered because of its bound."""
    known = {issue.pk for issue in covered}
    rows = visible(Issue.objects.unjustified(), user)
    found = Pattern.of(one).open_issues(one.rule_id, rows)
    return [issue for issue in found if issue.pk not in known][:NAMED]


def _answered(request: HttpRequest, one: Justification) -> tuple[int, str]:
    words = request.POST.get("words", "").replace("\0", "").strip()[:2000]
    what = request.POST.get("answer", "")
    try:
        if what == "approve":
            count = approve(one, request.user, words, request.POST.get("look", ""))
            return messages.SUCCESS, f"Let in: {counted(count)} justified."
        if what == "refuse":
            refuse(one, request.user, words)
            return messages.SUCCESS, "Refused; who asked sees why."
        if what == "withdraw":
            count = withdraw_whole(one, request.user, words)
            return messages.SUCCESS, f"Withdrawn: {counted(count)} open again."
    except ValidationError as error:
        return messages.ERROR, " ".join(error.messages)
    raise PermissionDenied


def where(one: Justification) -> str:
    """Say in words where a justification holds."""
    if one.scope == Scope.PATTERN:
        return Pattern.of(one).words(one.account)
    return f"{one.item}, {one.account}" if one.item else str(one.account)


def state_tag(one: Justification) -> str:
    if one.state == State.IN_FORCE and one.over_at:
        return tag("high", "beyond its bound")
    return tag(TONES[State(one.state)], one.get_state_display())
