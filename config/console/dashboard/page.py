"""The first page: better or worse, and why; what is open, where, and what cannot be seen."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.seeing import granted
from audits.approving import waiting_for
from config.console.dashboard import blind, moves, standing
from config.console.dashboard.scope import Scope
from config.console.page import page

PARTLY_KEPT = "Rules, and accounts beside issues, are named as they are today."


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the state of everything that the person may see; every number leads to its list."""
    scope = Scope(request)
    context: dict[str, Any] = {
        "nothing_granted": not (request.user.is_superuser or granted(request.user)),
        "no_accounts": not scope.sight,
        "may_add": request.user.has_perm("accounts.add_account"),
        "lists": scope.links,
        "scopes": scope.choices,
        "asked": waiting_for(request.user).count() if scope.moment.now else 0,
        "asked_link": reverse("admin:audits_proposal_changelist") + "?state=waiting",
    }
    if not scope.moment.now:
        context |= {"kept_then": True, "partly_kept": PARTLY_KEPT}
    if scope.sight:
        context |= _figures(scope)
    return page(request, "dashboard", "Dashboard", context)


def _figures(scope: Scope) -> dict[str, Any]:
    now, slices = scope.at, scope.slices
    return {
        "read": any(one["read_at"] for one in slices),
        "item_count": scope.items.count(),
        "accounts": standing.by_account(scope, slices, now),
        **standing.graveness(scope),
        **standing.lateness(scope),
        **standing.by_technology(scope, slices),
        **standing.waiting(scope),
        **standing.ending(scope),
        **moves.moves(scope, now),
        **blind.answers(scope, now),
        **blind.unseen(scope),
        **blind.reading(scope, now),
    }
