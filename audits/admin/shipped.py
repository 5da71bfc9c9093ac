"""A rule and its pack: both texts side by side, the way back to what is shipped, the way out."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from audits.editing import Saved, Then
from audits.models import Rule
from audits.packing import stream, texts_of
from audits.pairing import pairs
from audits.resetting import reset, shipped_text
from audits.versions import text_of


class ShippedPage:
    """The part of the rules' admin that knows of packs."""

    admin_site: Any
    change_list_template = "console/rules.html"

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        pages = [
            path(
                "<int:object_id>/shipped/", guarded(self.shipped_view), name="audits_rule_shipped"
            ),
            path("export/", guarded(self.export_view), name="audits_rule_export"),
        ]
        return [*pages, *super().get_urls()]  # type: ignore[misc]

    def export_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Give one rule (``rule``, its number), or all but the retired, as YAML to keep."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).prefetch_related("versions__examples")
        chosen = request.GET.get("rule", "")
        if chosen:
            rows = rows.filter(pk=int(chosen) if chosen.isdecimal() and len(chosen) < 9 else 0)
        else:
            rows = rows.exclude(state=Rule.State.RETIRED)
        texts = texts_of(rows)
        if not texts:
            raise Http404("There is no such rule, or it has no text.")
        name = f"{texts[0][0]}.yaml" if chosen else "rules.yaml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(
            stream(texts), content_type="application/yaml; charset=utf-8", headers=headers
        )

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
