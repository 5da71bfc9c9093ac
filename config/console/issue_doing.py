"""What can be done on an issue's page beside deciding: assign it, say something, send it back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits.admin.handing import AssignForm, called
from audits.assigning import assign
from audits.commenting import comment
from audits.models import Issue
from config.console.neighbours import way_back
from config.console.page import one
from notifications.returning import send_back

ISSUES = Issue.objects.select_related("version", "item__account").defer("item__config")


@require_POST
def issue_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the issue to somebody who may see it, or to nobody."""
    issue: Issue = one(ISSUES, request, pk)
    if not request.user.has_perm("audits.review_issue", issue):
        raise PermissionDenied
    form = AssignForm(request.POST, issues=Issue.objects.filter(pk=pk), by=request.user)
    if form.is_valid():
        to = form.chosen()
        assign([issue], to, request.user)
        messages.success(request, f"Assigned to {called(to) if to else 'nobody'}.")
    else:
        messages.error(request, "Choose somebody who may see this issue.")
    return _back(request, issue)


@require_POST
def issue_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a remark on the issue; who is named in it and may see it is told."""
    issue: Issue = one(ISSUES, request, pk)
    try:
        comment(issue.item, request.POST.get("text", ""), request.user, issue=issue)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(request, issue, "#said")


@require_POST
def issue_send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail the account's owner what is wrong and what to do."""
    issue: Issue = one(ISSUES, request, pk)
    try:
        send_back(issue, request.POST.get("text", ""), request.user)
        messages.success(request, f"The owner, {issue.item.account.owner_mail}, is mailed.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(request, issue, "#said")


def _back(request: HttpRequest, issue: Issue, part: str = "") -> HttpResponse:
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    return HttpResponseRedirect(page + way_back(request) + part)
