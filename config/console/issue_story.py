"""What people said about an issue and what happened to it, in one column."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.moments import page_time
from audits.admin.handing import AssignForm
from audits.models import Issue, What
from config.console.neighbours import beside, way_back
from notifications.concerning import Mails
from notifications.models import Delivery
from notifications.returning import OTHERWISE

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
# Things told; what is older is counted.
MOST = 200


@dataclass
class Step:
    at: datetime
    icon: str
    tone: str
    event: Any = None
    remark: Any = None


def story(issue: Issue) -> tuple[list[Step], int]:
    """Return what was said and done by the moment of the page, the oldest first, and how much
    older there is."""
    until = page_time()
    told = issue.events.filter(at__lte=until).select_related("person", "version")
    events = told.order_by("-at", "-pk")[: MOST + 1]
    said = issue.comments.filter(at__lte=until).select_related("by")
    remarks = said.order_by("-at", "-pk")[: MOST + 1]
    steps = [Step(one.at, *ICONS[What(one.what)], event=one) for one in events]
    steps += [Step(one.at, "chat_bubble", "low", remark=one) for one in remarks]
    steps.sort(key=lambda step: step.at)
    return steps[-MOST:], max(0, len(steps) - MOST)


def around(request: HttpRequest, issue: Issue, may_review: bool) -> dict[str, Any]:
    """Return what an issue's page says beside the finding and the decision."""
    steps, older = story(issue)
    owner = issue.item.account.owner_mail
    form = None
    if may_review:
        chosen = {"to": issue.assignee_id}
        form = AssignForm(issues=Issue.objects.filter(pk=issue.pk), by=request.user)
        form.initial = chosen
    return {
        "steps": steps,
        "older": older,
        "assign_form": form,
        "may_comment": request.user.has_perm("items.review_item", issue.item),
        "owner": owner,
        "owner_hears": bool(may_review and owner) and Mails(Delivery.Kind.RETURNED, owner).on,
        "otherwise": OTHERWISE,
        "beside": beside(request, issue),
        "kept": way_back(request),
    }
