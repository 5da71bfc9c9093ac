"""Decide upon many issues at once, each named with its evidence before."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.models import Account, User
from accounts.seeing import visible
from audits import reviewing
from audits.admin.review_form import JustifyForm, WithdrawForm, note_faults
from audits.models import Issue, Justification
from audits.permits import approvers
from audits.policies import terms_of

# Issues that the page before a decision names one by one.
NAMED = 200
# Accounts of which it is looked up who may approve.
ACCOUNTS = 20


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
                note_faults(form, error)
            else:
                return None
        return self._ask(request, rows, issues, what, form)

    def _done(self, request: HttpRequest, issues: list[Issue], what: str, form: Any) -> None:
        if what == "justify":
            made = reviewing.justify(issues, request.user, **form.arguments())
            self.message_user(request, _said(made, len(issues)), messages.SUCCESS)
        else:
            count = reviewing.withdraw(issues, request.user, form.cleaned_data["because"])
            self.message_user(request, f"{counted(count)} open again.", messages.SUCCESS)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[Issue], issues: Any, what: str, form: Any
    ) -> HttpResponse:
        chosen = rows.count()
        count = issues.count()
        terms = terms_of(issues.order_by().values_list("score", flat=True), timezone.localdate())
        if what == "justify" and terms.second:
            form.offer(_approvers(issues, request.user))
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
            "most": reviewing.MOST,
            "terms": terms,
            "words": counted(count),
            "action": f"{what}_chosen",
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "console/decide.html", context)


def _approvers(issues: QuerySet[Issue], by: Any) -> list[User]:
    """Return who may let in a decision about every one of the issues."""
    accounts = Account.objects.filter(items__issues__in=issues.order_by().values("pk")).distinct()
    found: list[User] | None = None
    for account in accounts[:ACCOUNTS]:
        able = approvers(account, by)
        found = able if found is None else [one for one in found if one in able]
    return found or []


def _said(made: list[Justification], count: int) -> str:
    """Say what was done: some may be justified, and others asked for."""
    asked = sum(one.state == Justification.State.ASKED for one in made)
    if not asked:
        return f"{counted(count)} justified."
    if asked == len(made):
        return f"Asked for approval of {counted(count)}. Until then nothing changes."
    return f"{counted(count)}: what needs approval was asked for, the rest is justified."


def counted(number: int) -> str:
    """Return the number of issues in words."""
    return f"{number} issue{'' if number == 1 else 's'}"
