"""What a message tells thing by thing, for services that keep each of them."""

from collections.abc import Iterator, Sequence, Set
from typing import Any

from audits.models import IssueEvent, severity
from items.models import Item
from items.preceding import Changed, what_stood_before
from notifications.facts import change_fact, issue_fact
from notifications.gathering import change_of
from notifications.models import Delivery, Line, lasting_key
from notifications.summing import brought

AT_ONCE = 500


def each(delivery: Delivery) -> Iterator[dict[str, Any]]:
    """Yield every change, then every issue's event that a message tells, each as they happened.

    What the mail tells only by its sum comes too, and is marked ``summed``. Each is a fact, as
    in ``facts.py``, with a ``key`` that stays the same, and more of what is known.
    """
    told = delivery.subscription
    if told is None:
        return
    lines = Line.objects.filter(delivery=delivery)
    found = brought(list(_keys(lines, "run_id")), told)
    alone = _keys(lines, "revision_id")
    summed = {one.revision for one in found.created}
    for keys in _portions(sorted(alone | summed)):
        yield from changes_of(keys, summed)
    alone = _keys(lines, "event_id")
    summed = {one.event for one in found.opened}
    for keys in _portions(sorted(alone | summed)):
        yield from events_of(keys, summed)


def event_fact(event: IssueEvent) -> dict[str, Any]:
    """Return what happened to an issue, and how it stands now."""
    issue, version = event.issue, event.version
    fact = issue_fact(event)
    return {
        **fact,
        "key": lasting_key(f"event-{event.pk}"),
        "event": event.pk,
        "issue": issue.pk,
        "issue_key": lasting_key(f"issue-{issue.pk}"),
        "state": issue.state,
        "severity": severity(event.score),
        "cause": str(event.cause),
        "opened_at": issue.opened_at.isoformat(),
        "rationale": version.rationale,
        "references": list(version.references),
        "controls": list(version.controls),
        "item": {**fact["item"], **_known(issue.item)},
    }


def changes_of(keys: Sequence[int], summed: Set[int] = frozenset()) -> Iterator[dict[str, Any]]:
    """Yield the changes of revisions, in their order. Three queries."""
    before = what_stood_before(keys)
    rows = Item.history.select_related("account").filter(history_id__in=keys)
    for revision in rows.order_by("history_id"):
        yield _change(revision, before[revision.history_id]) | {
            "summed": revision.history_id in summed
        }


def _change(revision: Any, changed: Changed) -> dict[str, Any]:
    fact = change_fact(change_of(revision, revision.kind, changed.before))
    return {
        **fact,
        "key": lasting_key(f"revision-{revision.history_id}"),
        "revision": revision.history_id,
        "item": {**fact["item"], **_known(revision)},
        "config": revision.config,
        "before": changed.before,
    }


def events_of(keys: Sequence[int], summed: Set[int] = frozenset()) -> Iterator[dict[str, Any]]:
    """Yield events of issues, in their order. One query."""
    rows = IssueEvent.objects.filter(pk__in=keys).order_by("pk")
    rows = rows.select_related("issue__item__account", "issue__rule", "version")
    for event in rows:
        yield event_fact(event) | {"summed": event.pk in summed}


def _known(item: Any) -> dict[str, Any]:
    """Return what else is known of an item, or of a revision of one."""
    account = item.account
    return {
        "key": lasting_key(f"item-{item.id}"),
        "full_name": item.full_name,
        "place": item.place,
        "provider": account.type,
    }


def _keys(lines: Any, name: str) -> set[int]:
    return set(lines.exclude(**{name: None}).values_list(name, flat=True))


def _portions(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
