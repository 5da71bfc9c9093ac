"""The page that shows what a pack ships beside what the rule says, and brings the former back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from audits.editing import Saved, Then
from audits.models import Rule
from audits.pairing import pairs
from audits.resetting import reset, shipped_text
from audits.versions import text_of


class ShippedPage:
    """The part of the rules' admin that compares a rule with its pack."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/shipped/",
            self.admin_site.admin_view(self.shipped_view),
            name="audits_rule_shipped",
        )
        return [page, *super().get_urls()]  # type: ignore[misc]

    def shipped_view(self: Any, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show both texts; by POST bring the chosen fields back as the next version."""
        rule = self.get_object(request, str(object_id))
        if rule is None or not rule.shipped or rule.newest is None:
            raise Http404("No pack ships this rule.")
        if not self.has_view_or_change_permission(request, rule):
            raise PermissionDenied
        may_edit = self.has_change_permission(request, rule)
        if request.method == "POST":
            if not may_edit:
                raise PermissionDenied
            saved = self._reset(request, rule)
            if saved:
                return HttpResponseRedirect(reverse("admin:audits_rule_change", args=[rule.pk]))
        newest = rule.newest
        both = pairs(shipped_text(rule), text_of(newest))
        context = {
            **self.admin_site.each_context(request),
            "title": "Shipped and yours",
            "crumb": (str(rule), reverse("admin:audits_rule_change", args=[rule.pk])),
            "rule": rule,
            "newest": newest,
            "differing": [pair for pair in both if pair.differs],
            "same": [pair.label for pair in both if not pair.differs],
            "may_edit": may_edit,
            "chosen": request.POST.getlist("field"),
            "reason": request.POST.get("reason", ""),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/shipped.html", context)

    def _reset(self: Any, request: HttpRequest, rule: Rule) -> Saved | None:
        given = request.POST
        seen = given.get("seen", "")
        try:
            saved = reset(
                rule,
                given.getlist("field"),
                request.user,
                given.get("reason", "")[:500],
                Then.FORCE if "_activate" in given else Then.DRAFT,
                int(seen) if seen.isdecimal() else 0,
            )
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return None
        level, text = told(saved, "_activate" in given)
        self.message_user(request, text, level)
        return saved


def told(saved: Saved, wanted: bool) -> tuple[int, str]:
    """Return what a person is told of a saved version, and how loudly."""
    number = saved.version.number
    if saved.active:
        return messages.SUCCESS, f"Version {number} is in force."
    if saved.proposal:
        return messages.SUCCESS, f"Version {number} is saved and waits for a second person."
    if wanted:
        return messages.WARNING, f"Version {number} is saved, but not in force: see below why."
    return messages.SUCCESS, f"Version {number} is saved, as a draft."
