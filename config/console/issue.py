"""The page of one issue: what is wrong, why it matters, and what was decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.seeing import visible
from audits import reviewing
from audits.admin.review_form import JustifyForm, WithdrawForm
from audits.models import Coverage, Issue, What
from config.console.page import one, page
from config.console.settled import settled
from items.naming import technology_label

ICONS = {
    What.OPENED: ("report", "critical"),
    What.REOPENED: ("report", "critical"),
    What.FIXED: ("task_alt", "good"),
    What.RESCORED: ("speed", "information"),
    What.UNKNOWN: ("visibility_off", "medium"),
    What.KNOWN: ("visibility", "information"),
    What.JUSTIFIED: ("verified", "good"),
    What.WITHDRAWN: ("undo", "high"),
    What.LAPSED: ("warning", "high"),
    What.ENDED: ("event_busy", "high"),
    What.ASSIGNED: ("person_add", "information"),
}
DECISIONS = {"justify": JustifyForm, "withdraw": WithdrawForm}


def issue_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an issue; take a decision about it by POST."""
    issue: Issue = one(
        Issue.objects.select_related("version", "rule__active", "item__account").defer(
            "item__config"
        ),
        request,
        pk,
    )
    forms: dict[str, Any] = {name: form() for name, form in DECISIONS.items()}
    what = request.POST.get("decision")
    if request.method == "POST":
        if what not in DECISIONS:
            raise PermissionDenied
        forms[what] = DECISIONS[what](request.POST)
        if forms[what].is_valid() and _decide(request, issue, what, forms[what]):
            return HttpResponseRedirect(reverse("admin:audits_issue_change", args=[pk]))
    return page(request, "issue", issue.version.title, _context(request, issue, forms))


def _decide(request: HttpRequest, issue: Issue, what: str, form: Any) -> bool:
    """Do what was decided; say whether it was done, the faults being in the form."""
    try:
        if what == "justify":
            reviewing.justify([issue], request.user, **form.arguments())
            messages.success(request, "Justified.")
        else:
            reviewing.withdraw([issue], request.user, form.cleaned_data["because"])
            messages.success(request, "Withdrawn: the issue counts again.")
    except ValidationError as error:
        for name, fault in error.error_dict.items():
            form.add_error(name if name in form.fields else None, fault)
        return False
    return True


def _context(request: HttpRequest, issue: Issue, forms: dict[str, Any]) -> dict[str, Any]:
    siblings = visible(Issue.objects.open(), request.user).filter(
        item=issue.item_id, rule=issue.rule_id
    )
    may_review = request.user.has_perm("audits.review_issue", issue)
    events = issue.events.select_related("person", "version", "run").order_by("-at", "-pk")
    coverages = Coverage.objects.filter(issue=issue).select_related("justification__by")
    return {
        "crumb": ("Issues", reverse("admin:audits_issue_changelist")),
        "issue": issue,
        "version": issue.version,
        "facts": _facts(issue),
        "references": _links(issue.version.references),
        "events": [(event, *ICONS[What(event.what)]) for event in events],
        "coverages": [one for one in coverages if one.until is None],
        "siblings": siblings.count(),
        "may_review": may_review,
        "settled": settled(issue, request.user),
        "form": forms["withdraw" if issue.justified else "justify"],
    }


def _facts(issue: Issue) -> list[dict[str, Any]]:
    item, version = issue.item, issue.version
    scored = f"{version.score} by the rule" if version.score != issue.score else issue.severity
    newest = issue.rule.active
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
            "hint": issue.rule.key
            if newest and newest.pk == version.pk
            else f"{issue.rule.key}, since then changed",
            "link": reverse("admin:audits_rule_version", args=[issue.rule_id, version.number]),
        },
        {"name": "Score", "value": issue.score, "hint": scored},
    ]


def _links(references: Any) -> list[str]:
    """Return addresses that are safe to be links; the rest of what an editor wrote is not."""
    return [one for one in references or () if str(one).startswith(("https://", "http://"))]
