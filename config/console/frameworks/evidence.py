"""Asking for evidence about a framework or a control, and the page on which it comes."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.admin import reach
from accounts.models import Account
from accounts.seeing import visible
from audits.evidence import making
from audits.evidence.question import Question
from audits.models import EvidencePack, Framework
from config import evidence
from config.console.frameworks.asked import Asked
from config.console.page import page

# What a pack shows beside what the framework's page does.
NEEDED = (
    *("accounts.view_account", "accounts.view_knownnetwork", "audits.view_rule"),
    *("audits.view_rulesetting", "audits.view_justification", "audits.view_referencetable"),
    "items.view_gap",
)


@require_POST
def evidence_ask(request: HttpRequest, key: str) -> HttpResponse:
    """Have a pack made about what the page shows, and lead to where it comes."""
    asked = _asked(request)
    rows = visible(Framework.objects.all(), request.user)
    framework = get_object_or_404(rows, key=key)
    number = request.POST.get("control", "")
    control = get_object_or_404(framework.controls, number=number) if number else None
    accounts = _accounts(asked)
    scope = _scope(asked, accounts)
    one = evidence.ask(framework, control, asked.day.moment, accounts, scope, request.user)
    return redirect("evidence", one.pk)


@require_GET
def evidence_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a pack is, and then its hash and the way to it."""
    one = _mine(request, pk)
    title = f"Evidence: {one.control or one.framework}"
    back = reverse("framework", args=[one.framework.key])
    facts = {**_facts(one), "crumb": (str(one.framework), back)}
    name = "evidence_state" if request.headers.get("HX-Request") else "evidence"
    return page(request, name, title, facts)


@require_GET
def evidence_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the file."""
    one = _mine(request, pk)
    if one.state != EvidencePack.State.DONE:
        raise Http404("It is not made.")
    response = StreamingHttpResponse(making.pieces(one), content_type="application/zip")
    name = Question(one.framework, one.control, one.moment, one.since, (), "").name
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    response["Content-Length"] = str(one.size)
    return response


def _asked(request: HttpRequest) -> Asked:
    asked = Asked.by(request)
    if not all(request.user.has_perm(name) for name in NEEDED):
        raise PermissionDenied
    return asked


def _accounts(asked: Asked) -> list[int]:
    """Return the accounts that the page counts and of which all that a pack shows may be seen."""
    rows = visible(Account.objects.filter(pk__in=asked.chosen), asked.user)
    for name in NEEDED:
        groups = reach(asked.user, name)
        if groups is not None:
            rows = rows.filter(pk__in=Account.objects.filter(groups__in=groups).values("pk"))
    return sorted(rows.values_list("pk", flat=True))


def _scope(asked: Asked, accounts: list[int]) -> str:
    """Say which accounts these are."""
    if asked.account:
        return next(one.name for one in asked.accounts if one.pk == asked.account)
    if asked.group:
        group = next(one.name for one in asked.groups if one.pk == asked.group)
        return f"{len(accounts)} of the group {group}"
    every = Account.objects.filter(third_party=False).count()
    return "all accounts" if len(accounts) == every else f"{len(accounts)} of {every} accounts"


def _mine(request: HttpRequest, pk: int) -> EvidencePack:
    _asked(request)
    rows = EvidencePack.objects.select_related("framework", "control__framework", "by")
    one = rows.filter(pk=pk).first()
    if one is None or not making.may_read(one, request.user):
        raise Http404("There is nothing here, or it is not granted to you.")
    return one


def _facts(one: EvidencePack) -> dict[str, Any]:
    return {
        "pack": one,
        "waits": one.state in making.UNFINISHED,
        "done": one.state == EvidencePack.State.DONE,
        "percent": min(100, 100 * one.done // max(1, one.total)),
        "file": reverse("evidence-file", args=[one.pk]),
        "here": reverse("evidence", args=[one.pk]),
    }
