"""Rules: their list, and the page of one, with its text as a form."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, Facet, HistoryAdmin, Tabs, chip, facet, linked
from accounts.moments import page_time, past_time
from accounts.seeing import visible
from audits.admin.health_facet import HealthFacet
from audits.admin.rule_page import TextPage
from audits.admin.rule_score import ScorePage
from audits.admin.rule_steps import StepsPage, state_tag
from audits.admin.rule_versions import VersionsPage
from audits.admin.shipped import ShippedPage
from audits.models import Issue, Proposal, Rule, RuleVersion, severity
from audits.standing import failing
from items.naming import technology_label


class RuleState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "active": ("in force", lambda: Q(state=Rule.State.ACTIVE)),
        "shadow": ("in shadow", lambda: Q(shadow__isnull=False)),
        "waiting": ("waiting", lambda: Q(id__in=_asked().values("rule"))),
        "draft": ("drafts", lambda: Q(state=Rule.State.DRAFT)),
        "retired": ("retired", lambda: Q(state=Rule.State.RETIRED)),
    }


def _asked() -> QuerySet[Any]:
    """Return what waits, or waited, for an answer."""
    now = page_time()
    return Proposal.objects.filter(Q(answer="") | Q(answered_at__gt=now), at__lte=now)


class SeverityFacet(Choice):
    title = "severity"
    parameter_name = "severity"
    conditions = {
        "critical": ("critical", lambda: Q(active__score__gte=9)),
        "high": ("high", lambda: Q(active__score__range=(7, 8))),
        "medium": ("medium", lambda: Q(active__score__range=(4, 6))),
        "low": ("low", lambda: Q(active__score__range=(1, 3))),
        "information": ("information", lambda: Q(active__score=0)),
    }


class RuleTechnologyFacet(Facet):
    title = "technology"
    parameter_name = "technology"
    path = "key"

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        counts: dict[str, int] = {}
        for technologies in rows.order_by().values_list("active__technologies", flat=True):
            for technology in technologies or ():
                counts[technology] = counts.get(technology, 0) + 1
        found = [(one, technology_label(one), count) for one, count in counts.items()]
        return sorted(found, key=lambda one: (-one[2], one[1]))

    def condition(self, chosen: list[str]) -> Q:
        # Neither database can be asked alike for a member of a JSON list; rules are few.
        rules = self.states().values_list("pk", "active__technologies")
        return Q(pk__in=[pk for pk, has in rules if set(has or ()) & set(chosen)])


@admin.register(Rule)
class RuleAdmin(TextPage, ShippedPage, StepsPage, VersionsPage, ScorePage, HistoryAdmin):
    list_display = ("called", "technologies", "status", "open_issues")
    list_filter = (
        RuleState,
        SeverityFacet,
        RuleTechnologyFacet,
        HealthFacet,
        facet("pack", "pack", "pack"),
    )
    list_select_related = ("active", "shadow")
    search_fields = ("key", "active__title", "active__expression")
    search_help_text = "Title, key or expression"
    also_exported = ("key", "state", "active__score", "active__number")
    ordering = ("-active__score", "key")
    list_intro = "An expression that selects what is wrong. Editing one writes its next version."
    nothing_yet = "Bring in the shipped rules with: manage.py loadpacks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        past = past_time()
        standing = failing(past) if past else Issue.objects.unjustified()
        seen = visible(standing, request.user).filter(rule=OuterRef("id"))
        counted = seen.order_by().values("rule").annotate(n=Count("pk")).values("n")
        rows: QuerySet[Rule] = super().get_queryset(request)
        newest = RuleVersion.objects.filter(rule=OuterRef("id"), created_at__lte=page_time())
        newest = newest.order_by("-number")
        return rows.annotate(
            open_count=Coalesce(Subquery(counted), Value(0)),
            waits=Exists(_asked().filter(rule=OuterRef("id"))),
            newest_title=Subquery(newest.values("title")[:1]),
            newest_score=Subquery(newest.values("score")[:1]),
        )

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        first, *others = self.list_display
        return [first, self._score(self.has_change_permission(request)), *others]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # It is retired: what it found, and what was said of that, stays.

    # -- columns -----------------------------------------------------------------------------

    @display(description="Rule", ordering="key")
    def called(self, rule: Any) -> str:
        shown = rule.active or rule.shadow
        return format_html(
            '{}<span class="block break font-normal mono text-subtle">{}</span>',
            shown.title if shown else rule.newest_title or rule.key,
            rule.key,
        )

    def _score(self, may_edit: bool) -> Callable[[Any], str]:
        """Return the column of scores; who may edit opens a small form by one."""

        @display(description="Score", ordering="-active__score")
        def score(rule: Any) -> str:
            shown = rule.active or rule.shadow
            number = shown.score if shown else rule.newest_score
            if number is None:
                return "-"
            if not may_edit:
                return chip(number, severity(number))
            link = reverse("admin:audits_rule_score", args=[rule.pk])
            return format_html(
                '<a class="rescore" href="{}" hx-get="{}" hx-target="#small-form" '
                'title="Change the score">{}</a>',
                link,
                link,
                chip(number, severity(number)),
            )

        return score

    @display(description="Technology")
    def technologies(self, rule: Rule) -> str:
        shown = rule.active or rule.shadow
        return ", ".join(map(technology_label, shown.technologies)) if shown else "-"

    @display(description="State", ordering="state")
    def status(self, rule: Any) -> str:
        return state_tag(rule, waits=rule.waits)

    @display(description="Open issues", ordering="-open_count")
    def open_issues(self, rule: Any) -> str:
        if not rule.open_count:
            return "0"
        link = f"{reverse('admin:audits_issue_changelist')}?rule={rule.pk}"
        return linked(link, rule.open_count)

    # -- the page of one rule ----------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return self.edit(request, None)
        rule = self.get_object(request, object_id)
        if rule and rule.active and past_time() and request.method == "GET":
            # What decided then, as it was written; the form is about what comes next.
            return redirect("admin:audits_rule_version", rule.pk, rule.active.number)
        if rule is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, rule):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request, rule):
            raise PermissionDenied
        return self.edit(request, rule)
