"""The decision beside an issue: what it would cover, on what terms, and what its button says."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.seeing import visible
from audits.admin.deciding import counted
from audits.admin.review_form import DecisionForm, called
from audits.models import Issue, Justification
from audits.permits import may_review
from audits.prospects import Prospect, prospect, tags_for
from config.console.page import one

# Issues that are named before the rest is folded, and at all.
FIRST, NAMED = 4, 200
SOON = 30


def decision_form(issue: Issue, user: Any, *given: Any) -> DecisionForm:
    """Return the form, with what may be chosen for this issue."""
    return DecisionForm(
        *given, issue=issue, tags=tags_for(issue), all_accounts=may_review(user, None)
    )


@require_POST
def issue_covers(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what the form, as it stands, would cover; a part of the page."""
    reviewable = visible(Issue.objects.open(), request.user, "review")
    issue: Issue = one(reviewable.select_related("version", "item__account"), request, pk)
    form = decision_form(issue, request.user, request.POST)
    form.is_valid()
    context = consequences(form, issue, request.user)
    return render(request, "console/consequences.html", context)


def consequences(form: DecisionForm, issue: Issue, user: Any) -> dict[str, Any]:
    """Return what the part of the page says that depends on what is covered."""
    scope = str(form["scope"].value() or Justification.Scope.ISSUE)
    if not form.is_bound:
        form.cleaned_data = {}
    ahead = prospect(issue, user, scope, form.pattern())
    form.offer(ahead.approvers)
    return {
        "form": form,
        "issue": issue,
        "ahead": ahead,
        "scope": scope,
        "first": ahead.issues[:FIRST],
        "rest": ahead.issues[FIRST:NAMED],
        "unnamed": max(0, len(ahead.issues) - NAMED),
        "many": max(0, len(ahead.issues) - FIRST),
        "bound": _bound(form, ahead),
        "days": _days(ahead),
        "says": button(ahead, form["asked_of"].value()),
    }


def button(ahead: Prospect, asked: Any) -> str:
    """Return what the button says: what will happen."""
    words = counted(len(ahead.issues))
    if not ahead.terms.second:
        return f"Justify {words}"
    chosen = next((one for one in ahead.approvers if str(one.pk) == str(asked)), None)
    return f"Ask {_short(chosen) if chosen else 'an approver'} to approve {words}"


def _short(person: User) -> str:
    return person.first_name or called(person)


def _bound(form: DecisionForm, ahead: Prospect) -> int:
    """Return the bound to be shown: what was given, or what is proposed for so many."""
    given = form.cleaned_data.get("bound")
    proposed = str(given) == form.data.get("proposed")  # Of what was covered before.
    return given if given and not proposed and given >= len(ahead.issues) else ahead.room


def _days(ahead: Prospect) -> list[tuple[int, date]]:
    """Return how long it may be offered to last by one click."""
    most = ahead.terms.days
    offered = sorted({SOON, most or 180})
    today = timezone.localdate()
    return [(n, today + timedelta(days=n)) for n in offered if most is None or n <= most]
