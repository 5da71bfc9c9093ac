"""What a message says, as plain JSON, for notifiers that show it in their own way.

An alert: ``issues``, ``changes`` and ``sums`` as the mail shows them, worst first, ``notices`` of
what is neither, and how many
there are in ``counts``. A weekly report: ``headline``, ``opened``, ``fixed``, ``open``,
``by_severity``, and what else of its figures (``report/figures.py``) a service may show; links
in those are paths. Moments are ISO 8601. Texts from clouds stand as they came: escape them for
where they are shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from audits.models import IssueEvent
from items.models import Item
from items.naming import technology_label
from notifications.gathering import Change, Gathered
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
        "issues": [issue_fact(found.event) for topic in told.topics for found in topic.found],
        "changes": [change_fact(change) for change in told.changes],
        "sums": [_sum(one) for one in told.sums],
        "notices": [
            {"what": section.key, **asdict(notice)}
            for section in told.sections
            for notice in section.notices
        ],
    }


def _weekly(context: Mapping[str, Any]) -> dict[str, Any]:
    figures = context["report"].figures
    kept = ("headline", "lead", "score", "severities", "causes", "worst", "unread")
    return {
        "from": figures["since"],
        "to": figures["until"],
        "open": figures["open"]["now"],
        "opened": figures["new"]["count"] + figures["reopened"]["count"],
        "fixed": figures["fixed"]["count"],
        "by_severity": {one["name"]: one["now"] for one in figures["severities"] if one["now"]},
        "link": context["report_link"],
        **{name: figures[name] for name in kept},
    }


TELLERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    Delivery.Kind.ALERT: _alert,
    Delivery.Kind.WEEKLY: _weekly,
}


def issue_fact(event: IssueEvent) -> dict[str, Any]:
    """Return what happened to an issue; reads nothing where all around it was selected."""
    issue, version = event.issue, event.version
    return {
        "what": str(event.what),
        "at": event.at.isoformat(),
        "rule": issue.rule.key,
        "title": version.title,
        "score": event.score,
        "notes": issue.notes,
        "remediation": version.remediation,
        "link": link("admin:audits_issue_change", issue.pk),
        "item": _item(issue.item),
    }


def change_fact(change: Change) -> dict[str, Any]:
    """Return what changed, with the differences that it holds."""
    revision = change.revision
    return {
        "what": change.what,
        "who": change.who,
        "how": change.how,
        "at": revision.history_date.isoformat(),
        "link": change.link,
        "item": {**_named(revision), "link": change.link},
        "differences": [
            {"where": one.where, "what": one.what, "before": one.before, "after": one.after}
            for one in change.lines
        ],
        "more_differences": change.more,
    }


def _item(item: Item) -> dict[str, Any]:
    return {**_named(item), "link": link("admin:items_item_change", item.pk)}


def _named(item: Any) -> dict[str, Any]:
    """Return how an item, or a revision of one, is called."""
    return {
        "name": item.name,
        "uid": item.uid,
        "technology": item.technology,
        "label": technology_label(item.technology),
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
