"""What a report names one by one: issues, decisions that end, changes that wait."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounts.recalling import renamed
from audits.inbox import STAND_INS as SAID_STAND_INS
from audits.inbox import changes_at, overdue
from audits.models import ChangeReview, Coverage, Justification
from audits.standing import at
from audits.trending import WEEK
from items.naming import technology_label
from notifications.report.scope import Scope

NAMED = 10
# So long before its end a justification is named; as the console's list "within 30 days".
SOON = timedelta(days=30)
# What a report keeps of a text that came from outside.
LONGEST = 200
ENDED = (Justification.State.ENDED, Justification.State.LAPSED, Justification.State.WITHDRAWN)


def issues(scope: Scope) -> dict[str, Any]:
    """Return the ten worst and the ten oldest of what is open and not justified."""
    worst = _issues(scope, "-score_then", "opened_at_then", "pk")
    return {
        "worst": worst,
        "worst_link": scope.link("issues", order="worst"),
        "oldest": _issues(scope, "opened_at_then", "-score_then", "pk"),
        "oldest_link": scope.link("issues", order="oldest"),
    }


def _issues(scope: Scope, *order: str) -> list[dict[str, Any]]:
    """Name the first of an order: what is shown of them is read of these only."""
    keys = list(scope.open_then.order_by(*order).values_list("pk", flat=True)[:NAMED])
    rows = scope.open_then.filter(pk__in=keys).order_by(*order)
    shown = rows.select_related("version", "item__account").defer("item__config", "evidence")
    return [
        {
            "score": one.score,
            "severity": one.severity,
            "title": one.version.title,
            "notes": one.notes[:LONGEST],
            "item": str(one.item)[:LONGEST],
            "account": one.item.account.name,
            "technology": technology_label(one.technology),
            "since": one.opened_at.isoformat(),
            "days": (scope.at - one.opened_at).days,
            "link": reverse("admin:audits_issue_change", args=[one.pk]),
        }
        for one in shown
    ]


def decisions(scope: Scope) -> dict[str, Any]:
    """Return the justifications that end within thirty days, and those that ended in the week."""
    today = timezone.localdate(scope.at)
    known = scope.justifications
    ending = known.filter(state=Justification.State.IN_FORCE, until__lte=today + SOON)
    ended = known.filter(state__in=ENDED, history_date__gt=scope.at - WEEK)
    return {
        "ending": {
            "count": ending.count(),
            "link": scope.link("justifications", state="force", ends="month"),
            "named": _decisions(scope, ending.order_by("until", "id")),
        },
        "ended": {
            "count": ended.count(),
            "named": _decisions(scope, ended.order_by("-history_date", "id")),
        },
    }


def _decisions(scope: Scope, rows: Any) -> list[dict[str, Any]]:
    found = list(rows.select_related("rule__active", "account", "by")[:NAMED])
    held = Coverage.objects.filter(at(scope.at), justification__in=[one.pk for one in found])
    counts = dict(held.order_by().values_list("justification").annotate(n=Count("pk")))
    return [
        {
            "title": str(one.rule),
            "account": one.account.name if one.account else "",
            "reason": one.reason[:LONGEST],
            "state": str(one.state),
            "until": one.until.isoformat() if one.until else "",
            "by": one.by.username,
            "covers": counts.get(one.pk, 0),
            "link": reverse("admin:audits_justification_change", args=[one.pk]),
        }
        for one in found
    ]


def changes(scope: Scope) -> dict[str, Any]:
    """Return the changes that wait for a reviewer's word, and name those that wait too long."""
    rows = scope.seen(changes_at(scope.at), "item__account", "item__technology")
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    late = rows.filter(renamed(overdue(scope.at), SAID_STAND_INS))
    counts = rows.aggregate(
        **{
            state: Count("pk", filter=Q(state_then=state))
            for state in (ChangeReview.State.WAITING, ChangeReview.State.QUESTIONED)
        },
    )
    named = late.select_related("item__account").defer("item__config").order_by("since", "pk")
    return {
        "changes": {
            "waiting": counts[ChangeReview.State.WAITING],
            "waiting_link": scope.link("changes", state="waiting"),
            "questioned": counts[ChangeReview.State.QUESTIONED],
            "questioned_link": scope.link("changes", state="questioned"),
            "overdue": late.count(),
            "overdue_link": scope.link("changes", state="overdue"),
            "named": [
                {
                    "item": str(one.item)[:LONGEST],
                    "account": one.item.account.name,
                    "kind": one.get_kind_display(),
                    "since": one.since.isoformat(),
                    "days": (scope.at - one.since).days,
                    "link": reverse("admin:items_item_change", args=[one.item_id]),
                }
                for one in named[:NAMED]
            ],
        }
    }
