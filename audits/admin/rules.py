"""Rules: their list, and the page of one, with its text as a form."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, Facet, HistoryAdmin, Tabs, chip, facet, linked
from accounts.seeing import visible
from audits.admin.health_facet import HealthFacet
from audits.admin.rule_form import (
    ExampleForms,
    NewRuleForm,
    RuleForm,
    examples_of,
    initial_of,
)
from audits.admin.rule_score import ScorePage
from audits.admin.rule_steps import MEANING, StepsPage, places, state_tag
from audits.admin.rule_versions import VersionsPage
from audits.admin.shipped import ShippedPage
from audits.editing import Saved, Then, save_version
from audits.examples import failure
from audits.library import library
from audits.models import Issue, Proposal, Rule, RuleVersion, severity
from audits.moving import decides
from audits.versions import check_version, text_of
from items.diffing import Difference, differences
from items.naming import technology_label

# Versions of a rule that its page compares; older ones are in the history.
VERSIONS = 20


class RuleState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "active": ("in force", lambda: Q(state=Rule.State.ACTIVE)),
        "shadow": ("in shadow", lambda: Q(shadow__isnull=False)),
        "waiting": ("waiting", lambda: Q(pk__in=_asked())),
        "draft": ("drafts", lambda: Q(state=Rule.State.DRAFT)),
        "retired": ("retired", lambda: Q(state=Rule.State.RETIRED)),
    }


def _asked() -> QuerySet[Any]:
    return Proposal.objects.filter(answer="").values("rule")


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
        rules = Rule.objects.values_list("pk", "active__technologies")
        return Q(pk__in=[pk for pk, has in rules if set(has or ()) & set(chosen)])


@dataclass(frozen=True)
class Written:
    """One version of a rule with how it differs from the one before."""

    version: RuleVersion
    lines: list[Difference]
    in_force: bool
    in_shadow: bool


@admin.register(Rule)
class RuleAdmin(ShippedPage, StepsPage, VersionsPage, ScorePage, HistoryAdmin):
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
    ordering = ("-active__score", "key")
    list_intro = "An expression that selects what is wrong. Editing one writes its next version."
    nothing_yet = "Bring in the shipped rules with: manage.py loadpacks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        seen = visible(Issue.objects.unjustified(), request.user).filter(rule=OuterRef("pk"))
        counted = seen.order_by().values("rule").annotate(n=Count("pk")).values("n")
        rows: QuerySet[Rule] = super().get_queryset(request)
        newest = RuleVersion.objects.filter(rule=OuterRef("pk")).order_by("-number")
        return rows.annotate(
            open_count=Coalesce(Subquery(counted), Value(0)),
            waits=Exists(Proposal.objects.filter(rule=OuterRef("pk"), answer="")),
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
            return self._edit(request, None)
        rule = self.get_object(request, object_id)
        if rule is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, rule):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request, rule):
            raise PermissionDenied
        return self._edit(request, rule)

    def _edit(self, request: HttpRequest, rule: Rule | None) -> HttpResponse:
        newest = rule.newest if rule else None
        initial, examples = initial_of(newest) if newest else ({}, [])
        present = tuple(initial.get("technologies", ()))
        form_class = RuleForm if rule else NewRuleForm
        form = form_class(request.POST or None, initial=initial, present=present)
        # What is sent is taken as it is, whatever the newest version has become meanwhile.
        begin = None if request.method == "POST" else examples
        example_forms = ExampleForms(request.POST or None, initial=begin, prefix="examples")
        saved = None
        if request.method == "POST":
            if form.is_valid() and example_forms.is_valid():
                saved = self._save(request, rule, form, example_forms)
            if saved:
                self._tell(request, saved)
                return HttpResponseRedirect(
                    reverse("admin:audits_rule_change", args=[saved.version.rule_id])
                )
        return self._page(request, rule, newest, form, example_forms)

    def _save(
        self, request: HttpRequest, rule: Rule | None, form: RuleForm, example_forms: Any
    ) -> Saved | None:
        fields = {**form.fields_of_version(), "examples": examples_of(example_forms)}
        given = form.cleaned_data
        try:
            return save_version(
                rule or given["key"],
                fields,
                request.user,
                given["reason"],
                _then(request),
                seen=given["seen"] or 0,
            )
        except ValidationError as error:
            known = error.error_dict if hasattr(error, "error_dict") else {None: error}
            for name, fault in known.items():
                form.add_error(name if name in form.fields else None, fault)
            return None

    def _tell(self, request: HttpRequest, saved: Saved) -> None:
        number = saved.version.number
        said = f"Version {number} is saved" if saved.new else "Nothing differs"
        then = _then(request)
        if saved.problems:
            stays = "The version before stays where it is" if number > 1 else "It stays a draft"
            self.message_user(request, f"{said}. {stays}: see below why.", messages.WARNING)
        elif saved.proposal:
            waits = f"{said}; it waits for another person's yes."
            self.message_user(request, waits, messages.SUCCESS)
        else:
            where = "it is in force" if saved.active else WHERE[then]
            self.message_user(request, f"{said}; {where}.", messages.SUCCESS)

    def _page(
        self,
        request: HttpRequest,
        rule: Rule | None,
        newest: RuleVersion | None,
        form: RuleForm,
        example_forms: Any,
    ) -> HttpResponse:
        may_edit = (
            self.has_change_permission(request, rule) if rule else self.has_add_permission(request)
        )
        context = {
            **self.admin_site.each_context(request),
            "title": rule.newest.title if rule and newest else "New rule",  # type: ignore[union-attr]
            "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
            "rule": rule,
            "newest": newest,
            "severity": severity(newest.score) if newest else "",
            "state_tag": state_tag(rule, waits=getattr(rule, "waits", False)) if rule else "",
            "places": places(rule, request.user) if rule else [],
            "meaning": MEANING,
            "second_person": settings.SECOND_PERSON,
            "refused": _refused(rule, newest),
            "form": form,
            "examples": _judged(newest, example_forms, bound=form.is_bound),
            "example_forms": example_forms,
            "problems": _problems(rule, newest),
            "versions": _versions(rule) if rule else [],
            "may_edit": may_edit,
            "open_count": getattr(rule, "open_count", 0),
            "functions": _functions(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/rule.html", context)


WHERE = {
    Then.DRAFT: "it is a draft",
    Then.SHADOW: "it is in shadow: what it finds is shown here, nowhere else",
    Then.FORCE: "it is in force",
}


def _then(request: HttpRequest) -> Then:
    """Return where the pressed button takes the version."""
    if "_activate" in request.POST:
        return Then.FORCE
    return Then.SHADOW if "_shadow" in request.POST else Then.DRAFT


def _refused(rule: Rule | None, newest: RuleVersion | None) -> Proposal | None:
    """Return the refusal of the newest version, where that was the last word about it."""
    if rule is None or newest is None or decides(newest, rule):
        return None
    last = newest.proposals.select_related("answered_by", "version").first()
    return last if last and last.answer == Proposal.Answer.REFUSED else None


def _problems(rule: Rule | None, newest: RuleVersion | None) -> list[str]:
    """Say what keeps the newest version from being tried or put into force."""
    if rule is None or newest is None or decides(newest, rule):
        return []
    return check_version(newest)


def _judged(newest: RuleVersion | None, example_forms: Any, bound: bool) -> list[dict[str, Any]]:
    """Return each example's form with what the newest version says of it."""
    stored = list(newest.examples.all()) if newest and not bound else []
    rows = []
    for place, form in enumerate(example_forms):
        fault = failure(newest, stored[place]) if place < len(stored) else None
        rows.append({"form": form, "fault": fault, "stored": place < len(stored)})
    return rows


def _versions(rule: Rule) -> list[Written]:
    """Return the newest versions, each compared with the one before it."""
    versions = list(
        rule.versions.select_related("author", "approved_by")
        .prefetch_related("examples")
        .order_by("-number")[: VERSIONS + 1]
    )
    texts = [text_of(one) for one in versions]
    return [
        Written(
            version,
            differences(texts[place + 1], texts[place]) if place + 1 < len(texts) else [],
            decides(version, rule),
            rule.shadow_id == version.pk,
        )
        for place, version in enumerate(versions[:VERSIONS])
    ]


def _functions() -> list[dict[str, str]]:
    """Return what a rule may call, each as its docstring tells it."""
    found = []
    for one in sorted(library().values(), key=lambda one: one.name):
        says, _, rest = one.doc.partition("Example:")
        example = f"Example:{rest}" if rest else ""
        found.append(
            {"name": one.name, "gives": says.strip(), "example": inspect.cleandoc(example)}
        )
    return found
