"""The pages of a rule's versions: one whole, two side by side, and what happened to the rule."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.moments import page_time
from audits.admin.rule_steps import state_tag, told
from audits.chronicle import happened
from audits.editing import Then, restore
from audits.examples import failure
from audits.models import Rule, RuleVersion, severity
from audits.moving import decides
from audits.packing import ORDER, readable
from audits.pairing import pairs
from audits.versions import text_of

CODE = ("applies_when", "expression", "identity", "extent", "notes", "parameters")
HIDDEN = ("title", "score", "examples")
"""Fields of a version's page that stand elsewhere on it."""


class VersionsPage:
    """The part of the rules' admin that shows, compares and restores versions."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path(
                "<int:object_id>/version/<int:number>/",
                guarded(self.version_view),
                name="audits_rule_version",
            ),
            path(
                "<int:object_id>/compare/",
                guarded(self.compare_view),
                name="audits_rule_compare",
            ),
            path(
                "<int:object_id>/restore/<int:number>/",
                guarded(self.restore_view),
                name="audits_rule_restore",
            ),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def version_view(self: Any, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """Show one version as it was written, and what its examples say today."""
        rule = self._seen(request, object_id)
        version = _numbered(rule, number)
        text = text_of(version)
        context = {
            "title": f"Version {number}",
            "version": version,
            "severity": severity(version.score),
            "fields": [
                (name.replace("_", " "), _lines(text[name]), name in CODE)
                for name in ORDER
                if name not in HIDDEN and text[name]
            ],
            "examples": [(one, failure(version, one)) for one in version.examples.all()],
            "places": _places(version, rule),
            "others": rule.versions.exclude(pk=version.pk)
            .filter(created_at__lte=page_time())
            .order_by("-number"),
            "newest": rule.newest,
            **self.past(request),
        }
        return self._show(request, rule, "rule_version", context)

    def compare_view(self: Any, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show any two versions side by side; without a choice the newest and what decides."""
        rule = self._seen(request, object_id)
        versions = list(rule.versions.select_related("author").order_by("-number"))
        if not versions:
            raise Http404("This rule has no version.")
        left, right = _chosen(request, rule, versions)
        both = pairs(text_of(left), text_of(right))
        context = {
            "title": f"Version {left.number} and version {right.number}",
            "left": left,
            "right": right,
            "versions": [(one, ", ".join(_places(one, rule))) for one in versions],
            "differing": [pair for pair in both if pair.differs],
            "same": [pair.label for pair in both if not pair.differs],
            "both": [left, right] if left != right else [left],
            "older": min(left, right, key=lambda one: one.number),
            "newest": versions[0],
        }
        return self._show(request, rule, "rule_compare", context)

    def restore_view(self: Any, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """Write a version equal to an earlier one; only by POST, with a reason."""
        rule = self._seen(request, object_id)
        version = _numbered(rule, number)
        if request.method != "POST" or not self.has_change_permission(request, rule):
            raise PermissionDenied
        then = Then.FORCE if "_activate" in request.POST else Then.DRAFT
        reason = request.POST.get("reason", "")[:400]
        try:
            saved = restore(rule, version.number, request.user, reason, then)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            back = reverse("admin:audits_rule_version", args=[rule.pk, number])
            return HttpResponseRedirect(back)
        as_now = f"Version {saved.version.number} says what version {number} said"
        done = f"{as_now}; it is in force." if saved.active else f"{as_now}, as a draft."
        level, text = told(saved.moved, saved.version.number, done)
        self.message_user(request, text, level)
        return HttpResponseRedirect(reverse("admin:audits_rule_change", args=[rule.pk]))

    def history_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Tell who wrote, tried, asked, let in and moved what, when and why."""
        rule = self._seen(request, object_id)
        context = {"title": "History", "happened": happened(rule)}
        return self._show(request, rule, "rule_history", context)

    def history_form_view(self, *_: Any, **__: Any) -> HttpResponse:
        raise Http404("A rule's earlier texts are its versions.")

    def _seen(self: Any, request: HttpRequest, object_id: Any) -> Rule:
        rule = self.get_object(request, str(object_id))
        if rule is None:
            raise Http404("There is no such rule.")
        if not self.has_view_or_change_permission(request, rule):
            raise PermissionDenied
        found: Rule = rule
        return found

    def _show(
        self: Any, request: HttpRequest, rule: Rule, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "crumb": (str(rule), reverse("admin:audits_rule_change", args=[rule.pk])),
            "rule": rule,
            "state_tag": state_tag(rule),
            "second_person": settings.SECOND_PERSON,
            "may_edit": self.has_change_permission(request, rule),
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"console/{template}.html", whole)


def _numbered(rule: Rule, number: int) -> RuleVersion:
    found = rule.versions.select_related("author", "approved_by").filter(number=number).first()
    if found is None:
        raise Http404("There is no such version.")
    found.rule = rule
    return found


def _chosen(
    request: HttpRequest, rule: Rule, versions: list[RuleVersion]
) -> tuple[RuleVersion, RuleVersion]:
    """Return the two versions that were asked for; what does not exist is not heeded."""
    by_number = {str(one.number): one for one in versions}
    right = by_number.get(request.GET.get("new", ""), versions[0])
    before = [one for one in versions if one.number < right.number]
    decided = rule.active if rule.active in before else None
    left = by_number.get(request.GET.get("old", ""))
    return left or decided or (before[0] if before else right), right


def _lines(value: Any) -> str:
    """Return a field to be read: a list one a line, anything else as it would be written."""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return readable(value)


def _places(version: RuleVersion, rule: Rule) -> list[str]:
    found = ["in force"] if decides(version, rule) else []
    return found + (["in shadow"] if rule.shadow_id == version.pk else [])
