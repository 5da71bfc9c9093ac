"""The sidebar: what each person finds there, and the files that dress the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from accounts.moments import moment_of
from accounts.seeing import visible
from audits import answering
from audits.approving import waiting_for
from audits.due import due_days, late
from audits.models import Issue
from config.console.inbox import waiting

# What waits for the person, by the list in which it stands.
BADGES: dict[str, Callable[[Any], QuerySet[Any]]] = {
    # What is late, not what is open: that is never nothing, and so nobody would look.
    "audits_issue": lambda user: visible(Issue.objects.filter(late(due_days())), user),
    "audits_justification": answering.waiting_for,
    "audits_proposal": waiting_for,
    "audits_changereview": waiting,
}


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar. Its title is ours: the dress does not escape it."""

    title: str
    icon: str
    model: str
    """The list that it leads to, as app_model; who may view the model sees the line."""
    page: str = ""
    """The page that it leads to instead, by the name of its address."""


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Review",
        (
            Entry("Issues", "report", "audits_issue"),
            Entry("Change inbox", "inbox", "audits_changereview"),
            Entry("Justifications", "verified", "audits_justification"),
        ),
    ),
    (
        "Find",
        (
            Entry("Search", "search", "items_item", page="find"),
            Entry("Items", "inventory_2", "items_item"),
            Entry("Saved views", "bookmarks", "audits_savedview"),
        ),
    ),
    (
        "Rules",
        (
            Entry("Rules", "rule", "audits_rule"),
            Entry("Proposals", "how_to_reg", "audits_proposal"),
            Entry("In shadow", "visibility", "audits_shadowfinding"),
            Entry("Rule settings", "tune", "audits_rulesetting"),
            Entry("Reference tables", "table_chart", "audits_referencetable"),
            Entry("Rule health", "monitor_heart", "audits_rule", page="rule-health"),
            Entry("Frameworks", "fact_check", "audits_framework", page="frameworks"),
        ),
    ),
    (
        "Telling",
        (
            Entry("My subscriptions", "notifications_active", "notifications_ownsubscription"),
            Entry("Subscriptions", "notifications", "notifications_subscription"),
            Entry("Reports", "summarize", "notifications_report"),
            Entry("Deliveries", "outgoing_mail", "notifications_delivery"),
        ),
    ),
    (
        "Reading",
        (
            Entry("Runs", "history", "items_run"),
            Entry("Gaps", "visibility_off", "items_gap"),
            Entry("Blind spots", "help_center", "audits_blindspot"),
        ),
    ),
    (
        "Set up",
        (
            Entry("Accounts", "cloud", "accounts_account"),
            Entry("Account groups", "workspaces", "accounts_accountgroup"),
            Entry("Review policies", "gavel", "audits_reviewpolicy"),
            Entry("Known networks", "lan", "accounts_knownnetwork"),
            Entry("Watcher settings", "manage_search", "items_watchersetting"),
            Entry("Ignored names", "filter_alt_off", "items_ignoredname"),
            Entry("Users", "person", "accounts_user"),
            Entry("Grants", "key", "accounts_grant"),
            Entry("Roles", "badge", "auth_group"),
            Entry("API tokens", "vpn_key", "accounts_apitoken"),
            Entry("Ledger", "receipt_long", "accounts_ledgerentry"),
            Entry("Locked logins", "lock_clock", "axes_accessattempt"),
            Entry("Schedules", "schedule", "django_q_schedule"),
            Entry("Done jobs", "task_alt", "django_q_success"),
            Entry("Failed jobs", "error", "django_q_failure"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar with what this person may open."""
    home = reverse("admin:index")
    dashboard = _line("Dashboard", "dashboard", home, request.path == home)
    groups = []
    for title, entries in MENU:
        lines = [_entry(request, entry) for entry in entries if _may_view(request, entry.model)]
        if title == "Review":
            lines.insert(0, dashboard)
        groups.append({"title": title, "items": lines})
    return [group for group in groups if group["items"]]


def _entry(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    link = reverse(entry.page or f"admin:{entry.model}_changelist")
    line = _line(entry.title, entry.icon, link, request.path.startswith(link))
    counted = BADGES.get(entry.model) if moment_of(request).now else None
    count = counted(request.user).count() if counted else 0
    if count:
        line |= {"badge": str(count), "badge_variant": "danger"}
    return line


def _line(title: str, icon: str, link: str, active: bool) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "active": active}


def _may_view(request: HttpRequest, model: str) -> bool:
    app, _, name = model.rpartition("_")
    return bool(request.user.has_perm(f"{app}.view_{name}"))


def stylesheet(_request: HttpRequest) -> str:
    return static("vervet/vervet.css")


def favicon(_request: HttpRequest) -> str:
    return static("vervet/favicon.svg")
