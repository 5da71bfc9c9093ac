"""The small form behind a score in the list: the score, why, and nothing else."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from audits.admin.rule_steps import told
from audits.editing import Saved
from audits.models import Rule
from audits.rescoring import rescore, scored


class ScoreForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)
    score = forms.IntegerField(
        min_value=0,
        max_value=10,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="0 information, 1-3 low, 4-6 medium, 7-8 high, 9-10 critical.",
    )
    reason = forms.CharField(
        max_length=500, label="Why", widget=UnfoldAdminTextInputWidget(attrs={"class": "wide"})
    )


class ScorePage:
    """The part of the rules' admin that changes a score from the list."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/score/",
            self.admin_site.admin_view(self.score_view),
            name="audits_rule_score",
        )
        return [page, *super().get_urls()]  # type: ignore[misc]

    def score_view(self: Any, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a score and a reason, within the list or on a page; write it by POST."""
        rule = self.get_object(request, str(object_id))
        version = scored(rule) if rule else None
        if rule is None or version is None:
            raise Http404("There is no such rule.")
        if not self.has_change_permission(request, rule):
            raise PermissionDenied
        given = {"seen": version.number, "score": version.score}
        form = ScoreForm(request.POST or None, initial=given)
        if request.method == "POST" and form.is_valid():
            saved = _rescored(rule, request.user, form)
            if saved:
                return self._told(request, saved)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Score of {rule}",
            "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
            "rule": rule,
            "version": version,
            "form": form,
        }
        request.current_app = self.admin_site.name
        part = "fields" if "HX-Request" in request.headers else "page"
        return TemplateResponse(request, f"console/score_{part}.html", context)

    def _told(self: Any, request: HttpRequest, saved: Saved) -> HttpResponse:
        number = saved.version.number
        done = f"Version {number} is saved" + ("; it is in force." if saved.active else ".")
        level, text = told(saved.moved, number, done)
        self.message_user(request, text, level)
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponseRedirect(reverse("admin:audits_rule_changelist"))


def _rescored(rule: Rule, by: Any, form: ScoreForm) -> Saved | None:
    """Write the next version; where that cannot be, the faults are in the form."""
    given = form.cleaned_data
    try:
        return rescore(rule, given["score"], by, given["reason"], given["seen"])
    except ValidationError as error:
        known = error.error_dict if hasattr(error, "error_dict") else {None: error}
        for name, fault in known.items():
            form.add_error(name if name in form.fields else None, fault)
        return None
