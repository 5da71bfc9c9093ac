"""Rules: their list, and the page on which one is edited, tried, put into force and retired."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, Facet, HistoryAdmin, Tabs, chip, facet, linked, tag
from accounts.seeing import visible
from audits.admin.rule_form import (
    ExampleForms,
    NewRuleForm,
    RuleForm,
    examples_of,
    initial_of,
)
from audits.admin.shipped import ShippedPage
from audits.editing import Saved, Then, save_version
from audits.examples import failure
from audits.library import library
from audits.models import Issue, Rule, RuleVersion, severity
from audits.moving import put_into_force, retire
from audits.versions import check_version, example_values
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
        "draft": ("drafts", lambda: Q(state=Rule.State.DRAFT)),
        "retired": ("retired", lambda: Q(state=Rule.State.RETIRED)),
    }


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
class Step:
    """One version of a rule with how it differs from the one before."""

    version: RuleVersion
    lines: list[Difference]
    in_force: bool


@admin.register(Rule)
class RuleAdmin(ShippedPage, HistoryAdmin):
    list_display = ("called", "score", "technologies", "status", "open_issues")
    list_filter = (RuleState, SeverityFacet, RuleTechnologyFacet, facet("pack", "pack", "pack"))
    list_select_related = ("active",)
    search_fields = ("key", "active__title", "active__expression")
    search_help_text = "Title, key or expression"
    ordering = ("-active__score", "key")
    list_intro = "An expression that selects what is wrong. Editing one writes its next version."
    nothing_yet = "Bring in the shipped rules with: manage.py loadpacks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        seen = visible(Issue.objects.unjustified(), request.user).filter(rule=OuterRef("pk"))
        counted = seen.order_by().values("rule").annotate(n=Count("pk")).values("n")
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rows.annotate(open_count=Coalesce(Subquery(counted), Value(0)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # It is retired: what it found, and what was said of that, stays.

    # -- columns -----------------------------------------------------------------------------

    @display(description="Rule", ordering="key")
    def called(self, rule: Rule) -> str:
        return format_html(
            '{}<span class="block break font-normal mono text-subtle">{}</span>',
            rule.active.title if rule.active else rule.key,
            rule.key,
        )

    @display(description="Score", ordering="-active__score")
    def score(self, rule: Rule) -> str:
        return chip(rule.active.score, severity(rule.active.score)) if rule.active else "-"

    @display(description="Technology")
    def technologies(self, rule: Rule) -> str:
        return ", ".join(map(technology_label, rule.active.technologies)) if rule.active else "-"

    @display(description="State", ordering="state")
    def status(self, rule: Rule) -> str:
        return state_tag(rule)

    @display(description="Open issues", ordering="-open_count")
    def open_issues(self, rule: Any) -> str:
        if not rule.open_count:
            return "0"
        link = f"{reverse('admin:audits_issue_changelist')}?rule={rule.pk}"
        return linked(link, rule.open_count)

    # -- the page of one rule ----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        do = path(
            "<int:object_id>/do/<slug:what>/",
            self.admin_site.admin_view(self.do_view),
            name="audits_rule_do",
        )
        return [do, *super().get_urls()]

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
                Then.FORCE if "_activate" in request.POST else Then.DRAFT,
                seen=given["seen"] or 0,
            )
        except ValidationError as error:
            known = error.error_dict if hasattr(error, "error_dict") else {None: error}
            for name, fault in known.items():
                form.add_error(name if name in form.fields else None, fault)
            return None

    def _tell(self, request: HttpRequest, saved: Saved) -> None:
        said = f"Version {saved.version.number} is saved" if saved.new else "Nothing differs"
        if saved.active:
            self.message_user(request, f"{said}; it is in force.", messages.SUCCESS)
        elif "_activate" in request.POST:
            stays = (
                "The version before stays in force"
                if saved.version.rule.active
                else "It stays a draft"
            )
            self.message_user(request, f"{said}. {stays}: see below why.", messages.WARNING)
        else:
            self.message_user(request, f"{said}, as a draft.", messages.SUCCESS)

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
            "state_tag": state_tag(rule) if rule else "",
            "form": form,
            "examples": _judged(newest, example_forms, bound=form.is_bound),
            "example_forms": example_forms,
            "problems": _problems(rule, newest),
            "steps": _steps(rule) if rule else [],
            "may_edit": may_edit,
            "open_count": getattr(rule, "open_count", 0),
            "functions": _functions(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/rule.html", context)

    # -- into force, out of force ------------------------------------------------------------

    def do_view(self, request: HttpRequest, object_id: int, what: str) -> HttpResponse:
        """Retire a rule, or put its newest version into force; only by POST, with a reason."""
        rule = self.get_object(request, str(object_id))
        if rule is None or what not in DOINGS:
            raise Http404
        if request.method != "POST" or not self.has_change_permission(request, rule):
            raise PermissionDenied
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, "Say why.", messages.ERROR)
        else:
            for level, text in [DOINGS[what](rule, request.user, reason)]:
                self.message_user(request, text, level)
        return HttpResponseRedirect(reverse("admin:audits_rule_change", args=[rule.pk]))


def _retire(rule: Rule, by: Any, reason: str) -> tuple[int, str]:
    retire(rule, by, reason)
    return messages.SUCCESS, "The rule is retired. Its issues are closed at the next judging."


def _activate(rule: Rule, by: Any, reason: str) -> tuple[int, str]:
    newest = rule.newest
    if newest is None:
        return messages.ERROR, "There is no version to put into force."
    if put_into_force(newest, by, reason).problems:
        return messages.WARNING, f"Version {newest.number} cannot be put into force: see below why."
    return messages.SUCCESS, f"Version {newest.number} is in force."


DOINGS: dict[str, Callable[[Rule, Any, str], tuple[int, str]]] = {
    "retire": _retire,
    "activate": _activate,
}


def state_tag(rule: Rule) -> str:
    tones = {Rule.State.ACTIVE: "good", Rule.State.DRAFT: "low", Rule.State.RETIRED: "information"}
    words = {Rule.State.ACTIVE: "in force"}
    state = Rule.State(rule.state)
    return tag(tones[state], str(words.get(state, state.label)))


def _problems(rule: Rule | None, newest: RuleVersion | None) -> list[str]:
    """Say why the newest version is not in force, where it is not."""
    from_force = rule and newest and not (rule.active_id == newest.pk and rule.state == "active")
    if not from_force or newest is None:
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


def _steps(rule: Rule) -> list[Step]:
    """Return the newest versions, each compared with the one before it."""
    versions = list(
        rule.versions.select_related("author", "approved_by")
        .prefetch_related("examples")
        .order_by("-number")[: VERSIONS + 1]
    )
    texts = [{**one.values(), "examples": example_values(one)} for one in versions]
    return [
        Step(
            version,
            differences(texts[place + 1], texts[place]) if place + 1 < len(texts) else [],
            rule.active_id == version.pk and rule.state == Rule.State.ACTIVE,
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
