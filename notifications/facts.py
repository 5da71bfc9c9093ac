"""What a message says, as plain JSON, for notifiers that show it in their own way.

An alert: ``issues``, ``changes`` and ``sums`` as the mail shows them, worst first, and how many
there are in ``counts``. A weekly summary: ``opened``, ``fixed``, ``open`` and ``by_severity``.
Moments are ISO 8601. Texts from clouds stand as they came: escape them for where they are shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

from items.models import Item
from notifications.gathering import Change, Found, Gathered, Topic
from notifications.mails import link
from notifications.models import Delivery
from notifications.summing import Sum


def facts(kind: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of what templates were given; nothing but the kind where it is no news."""
    tell = TELLERS.get(kind)
    return {"kind": kind, **(tell(context) if tell else {})}


def _alert(context: Mapping[str, Any]) -> dict[str, Any]:
    told: Gathered = context["gathered"]
    return {
        "counts": {"changes": told.changed, "issues": told.issues},
        "issues": [_issue(topic, found) for topic in told.topics for found in topic.found],
        "changes": [_change(change) for change in told.changes],
        "sums": [_sum(one) for one in told.sums],
    }


def _weekly(context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "from": context["start"].isoformat(),
        "to": context["end"].isoformat(),
        **{name: context[name] for name in ("opened", "fixed", "open")},
        "by_severity": dict(context["by_severity"]),
    }


TELLERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    Delivery.Kind.ALERT: _alert,
    Delivery.Kind.WEEKLY: _weekly,
}


def _issue(topic: Topic, found: Found) -> dict[str, Any]:
    return {
        "what": str(found.event.what),
        "at": found.event.at.isoformat(),
        "rule": found.issue.rule.key,
        "title": topic.version.title,
        "score": found.event.score,
        "notes": found.issue.notes,
        "remediation": topic.version.remediation,
        "link": found.link,
        "item": _item(found.issue.item, found.label),
    }


def _change(change: Change) -> dict[str, Any]:
    revision = change.revision
    return {
        "what": change.what,
        "who": change.who,
        "how": change.how,
        "at": revision.history_date.isoformat(),
        "link": change.link,
        "item": {**_named(revision, change.label), "link": change.link},
        "differences": [
            {"where": one.where, "what": one.what, "before": one.before, "after": one.after}
            for one in change.lines
        ],
        "more_differences": change.more,
    }


def _item(item: Item, label: str) -> dict[str, Any]:
    return {**_named(item, label), "link": link("admin:items_item_change", item.pk)}


def _named(item: Any, label: str) -> dict[str, Any]:
    """Return how an item, or a revision of one, is called."""
    return {
        "name": item.name,
        "uid": item.uid,
        "technology": item.technology,
        "label": label,
        "region": item.region,
        "account": item.account.name,
        "account_identifier": item.account.identifier,
    }


def _sum(one: Sum) -> dict[str, Any]:
    return {
        "account": one.account.name,
        "account_identifier": one.account.identifier,
        "why": one.why,
        "created": one.created,
        "issues": one.issues,
        "by_severity": dict(one.by_severity),
        "link": one.link,
    }
