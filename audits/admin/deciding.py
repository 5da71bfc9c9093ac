"""Decide upon many issues at once, each named with its evidence before."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.seeing import visible
from audits import reviewing
from audits.admin.review_form import JustifyForm, WithdrawForm
from audits.models import Issue

# Issues that the page before a decision names one by one.
NAMED = 200


class Deciding(ModelAdmin):
    """What a list of issues offers to do with the chosen ones."""

    @action(description="Justify with a reason …", permissions=["review"])
    def justify_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        return self._decide(request, rows, "justify", JustifyForm)

    @action(description="Withdraw the justification …", permissions=["review"])
    def withdraw_chosen(self, request: HttpRequest, rows: QuerySet[Issue]) -> HttpResponse | None:
        return self._decide(request, rows, "withdraw", WithdrawForm)

    def _decide(
        self, request: HttpRequest, rows: QuerySet[Issue], what: str, form_class: Any
    ) -> HttpResponse | None:
        """Ask for the reason, naming what it would cover; then do it."""
        reviewable = visible(Issue.objects.open(), request.user, "review")
        issues = rows.filter(pk__in=reviewable.values("pk"))
        if what == "withdraw":
            issues = issues.filter(justified=True)
        if not issues.exists():
            raise PermissionDenied("There is nothing among these issues that you may decide upon.")
        sent = "_decided" in request.POST
        form = form_class(request.POST if sent else None)
        if sent and form.is_valid():
            try:
                self._done(request, list(issues), what, form)
            except ValidationError as error:
                for name, fault in error.error_dict.items():
                    form.add_error(name if name in form.fields else None, fault)
            else:
                return None
        return self._ask(request, rows, issues, what, form)

    def _done(self, request: HttpRequest, issues: list[Issue], what: str, form: Any) -> None:
        if what == "justify":
            reviewing.justify(issues, request.user, **form.arguments())
            self.message_user(request, f"{counted(len(issues))} justified.", messages.SUCCESS)
        else:
            count = reviewing.withdraw(issues, request.user, form.cleaned_data["because"])
            self.message_user(request, f"{counted(count)} open again.", messages.SUCCESS)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[Issue], issues: Any, what: str, form: Any
    ) -> HttpResponse:
        chosen = rows.count()
        count = issues.count()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what.capitalize()} {counted(count)}",
            "crumb": ("Issues", reverse("admin:audits_issue_changelist")),
            "what": what,
            "form": form,
            "issues": issues[:NAMED],
            "count": count,
            "left_out": chosen - count,
            "more": max(0, count - NAMED),
            "words": counted(count),
            "action": f"{what}_chosen",
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "console/decide.html", context)


def counted(number: int) -> str:
    """Return the number of issues in words."""
    return f"{number} issue{'' if number == 1 else 's'}"
