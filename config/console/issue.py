"""The page of one issue: what is wrong, why it matters, and what was decided."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.moments import moment_of, past_time
from accounts.seeing import visible
from audits import reviewing
from audits.admin.deciding import counted
from audits.admin.review_form import WithdrawForm, called, note_faults
from audits.attaching import attach
from audits.due import due_days, due_on
from audits.models import Coverage, Issue, Justification
from audits.patterns import Pattern
from audits.recalling import issues_at
from audits.standing import at, open_issues
from config.console.deciding import consequences, decision_form
from config.console.issue_story import around
from config.console.issue_where import where
from config.console.neighbours import way_back
from config.console.page import one, page
from config.console.settled import settled
from items.naming import technology_label
from items.watchers import watchers
from notifications.models import Ticket
from notifications.reach import in_reach

PARTLY_KEPT = (
    "What was found is told as it was found last; who was to decide, and what waited for "
    "approval, is not kept."
)


def issue_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an issue, now or as it was at a moment; take a decision about it by POST."""
    moment = moment_of(request)
    rows = Issue.objects.all() if moment.now else issues_at(moment.at)
    issue: Issue = one(
        rows.select_related("version", "rule__active", "item__account", "assignee"), request, pk
    )
    forms: dict[str, Any] = {
        "justify": decision_form(issue, request.user),
        "withdraw": WithdrawForm(),
    }
    what = request.POST.get("decision", "")
    if request.method == "POST":
        if what == "justify":
            forms[what] = decision_form(issue, request.user, request.POST, request.FILES)
        elif what == "withdraw":
            forms[what] = WithdrawForm(request.POST)
        else:
            raise PermissionDenied
        if forms[what].is_valid() and _decide(request, issue, what, forms[what]):
            page_of_it = reverse("admin:audits_issue_change", args=[pk])
            return HttpResponseRedirect(page_of_it + way_back(request))
    return page(request, "issue", issue.version.title, _context(request, issue, forms))


def _decide(request: HttpRequest, issue: Issue, what: str, form: Any) -> bool:
    """Do what was decided; say whether it was done, the faults being in the form."""
    try:
        if what == "justify":
            messages.success(request, _justify(request, issue, form))
        else:
            reviewing.withdraw([issue], request.user, form.cleaned_data["because"])
            messages.success(request, "Withdrawn: the issue counts again.")
    except ValidationError as error:
        note_faults(form, error)
        return False
    return True


def _justify(request: HttpRequest, issue: Issue, form: Any) -> str:
    """Justify as the form says, with its file; return what was done, in words."""
    with transaction.atomic():
        (made,) = reviewing.justify([issue], request.user, **form.arguments())
        if form.cleaned_data["file"]:
            name, content = form.cleaned_data["file"]
            attach(made, name, content, request.user)
    if made.state == Justification.State.ASKED:
        who = called(made.asked_of) if made.asked_of else "an approver"
        return f"Asked {who} to approve. Until then nothing changes."
    covered = Coverage.objects.filter(justification=made, until=None).count()
    return "Justified." if covered == 1 else f"{counted(covered)} justified."


def _context(request: HttpRequest, issue: Issue, forms: dict[str, Any]) -> dict[str, Any]:
    past = past_time()
    standing = open_issues(past) if past else Issue.objects.open()
    siblings = visible(standing, request.user).filter(item=issue.item_id, rule=issue.rule_id)
    may_review = request.user.has_perm("audits.review_issue", issue)
    coverages = Coverage.objects.filter(at(past) if past else Q(until=None), issue=issue.pk)
    context = {
        "crumb": ("Issues", reverse("admin:audits_issue_changelist")),
        "issue": issue,
        "version": issue.version,
        "missing": watchers.why_not(issue.item.technology),
        "facts": [*_facts(issue, past), *_tickets(issue, past, request.user)],
        "where": [] if past else where(issue),
        "item": issue.item,
        "references": _links(issue.version.references),
        "coverages": coverages.select_related("justification__by", "justification__answered_by"),
        "seen": set(
            visible(Justification.objects.all(), request.user)
            .values_list("pk", flat=True)
            .filter(coverages__issue=issue)
        ),
        "waiting": [] if past else _waiting(issue, request.user),
        "siblings": siblings.count(),
        "may_review": may_review,
        "settled": {} if past else settled(issue, request.user),
        "kept_then": bool(past),
        "partly_kept": PARTLY_KEPT if past else "",
        "withdraw_form": forms["withdraw"],
        "deciding": forms["justify"].is_bound,
        **around(request, issue, may_review),
    }
    if may_review and not issue.fixed_at:
        context |= consequences(forms["justify"], issue, request.user)
    return context


def _waiting(issue: Issue, user: Any) -> list[Justification]:
    """Return what was asked for and would cover the issue, as far as that is plain to see."""
    asked = visible(Justification.objects.filter(state=Justification.State.ASKED), user)
    about = Q(issues=issue) | Q(scope=Justification.Scope.ITEM, item=issue.item_id)
    about |= Q(scope=Justification.Scope.PATTERN)
    rows = asked.filter(about, rule=issue.rule_id).select_related("by", "asked_of").distinct()
    return [
        one
        for one in rows
        if one.scope != Justification.Scope.PATTERN or Pattern.of(one).holds(issue.item)
    ]


def _tickets(issue: Issue, past: datetime | None, user: Any) -> list[dict[str, Any]]:
    """Return the tickets that services keep of the issue, of subscriptions that are in sight."""
    if past:
        return []
    kept = (
        Ticket.objects.filter(issue=issue.pk).exclude(reference="").select_related("subscription")
    )
    return [
        {
            "name": "Ticket",
            "value": ticket.reference,
            "hint": ticket.subscription.name,
            "link": ticket.page,
        }
        for ticket in in_reach(kept.order_by("pk"), user, "subscription")
        if ticket.page
    ]


def _facts(issue: Issue, past: datetime | None) -> list[dict[str, Any]]:
    item, version = issue.item, issue.version
    scored = f"{version.score} by the rule" if version.score != issue.score else issue.severity
    newest = None if past else issue.rule.active
    outdated = newest is not None and newest.pk != version.pk
    return [
        {
            "name": "Account",
            "value": item.account.name,
            "hint": item.account.identifier,
            "link": reverse("admin:accounts_account_change", args=[item.account_id]),
        },
        {
            "name": "Item",
            "value": str(item),
            "hint": item.uid,
            "link": reverse("admin:items_item_change", args=[item.pk]),
        },
        {
            "name": "Where",
            "value": item.region or item.place,
            "hint": technology_label(item.technology),
        },
        {"name": "Fixed" if issue.fixed_at else "Open for", "since": issue},
        {
            "name": "Rule",
            "value": f"version {version.number}",
            "hint": f"{issue.rule.key}, since then changed" if outdated else issue.rule.key,
            "link": reverse("admin:audits_rule_version", args=[issue.rule_id, version.number]),
        },
        {"name": "Score", "value": issue.score, "hint": scored},
        *_due(issue, past),
    ]


def _due(issue: Issue, past: datetime | None) -> list[dict[str, Any]]:
    policies = due_days(past)
    due = due_on(issue, policies)
    if due is None:
        return []
    hint = f"{issue.severity}: {policies[issue.severity]} days"
    late = (timezone.localdate(past) - due).days
    if late > 0:
        hint = f"{late} day{'' if late == 1 else 's'} late, {hint}"
    return [{"name": "Due", "value": f"{due:%-d %b %Y}", "hint": hint}]


def _links(references: Any) -> list[str]:
    """Return addresses that are safe to be links; the rest of what an editor wrote is not."""
    return [one for one in references or () if str(one).startswith(("https://", "http://"))]
