"""What the queue says when it is empty: what was looked at, and what had no answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q
from django.urls import reverse

from accounts.moments import past_time
from accounts.seeing import visible
from audits.models import BlindSpot, Judged, Tenure
from audits.standing import alive, at
from items.models import Item, Run, Slice

# Filters that narrow down where was looked, by the field of items and of blind spots.
PLACES = {"account": "account_id", "technology": "technology", "group": "account__groups"}
STATES = {
    "open": "is open",
    "waiting": "waits for approval",
    "justified": "is justified",
    "closed": "was closed this week",
    "unknown": "is unknown",
    "fixed": "is fixed",
    "all": "is there",
}


@dataclass
class Nothing:
    """An empty list, in words."""

    title: str
    items: int = 0
    rules: int = 0
    checks: int = 0
    read_at: datetime | None = None
    unknown: int = 0
    unknown_link: str = ""
    others: int = 0
    """Issues that the same list has without its severities."""
    others_link: str = ""


def nothing(changelist: Any) -> Nothing:
    """Return what was held against rules where the list looked, and what had no answer."""
    user, params = changelist.asked_by, changelist.params
    chosen = {one["name"]: one["chosen"] for one in changelist.facets if one["chosen"]}
    state = STATES.get(params.get("state", "open"), STATES["open"])
    what = " or ".join(chosen.get("severity", ())) or "Nothing"
    title = f"Nothing {what} {state}" if chosen.get("severity") else f"Nothing {state}"
    for name, word in (("technology", "on"), ("account", "in"), ("group", "in")):
        if chosen.get(name):
            title += f" {word} {' or '.join(chosen[name])}"
    if changelist.query or set(chosen) - {"severity", *PLACES}:
        title = "Nothing matches this search"
    here = _here(params)
    past = past_time()
    items = visible(alive(past) if past else Item.objects.living(), user).filter(here)
    counts = dict(items.order_by().values_list("technology").annotate(Count("id", distinct=True)))
    pairs = _rules_on(counts, past)
    standing = at(past) if past else Q(until=None)
    spots = visible(BlindSpot.objects.filter(standing), user).filter(here).distinct()
    found = Nothing(
        title,
        items=sum(counts.values()),
        rules=len({rule for rule, _ in pairs}),
        checks=sum(counts[technology] for _, technology in pairs),
        read_at=_read_at(user, here, past),
        unknown=spots.count(),
        unknown_link=_blind_spots(params),
    )
    lesser = [one for one in changelist.facets if one["name"] == "severity"]
    if lesser and chosen.get("severity"):
        found.others = sum(line["count"] for line in lesser[0]["choices"] if not line["selected"])
        found.others_link = changelist.get_query_string(remove=["severity"])
    return found


def _rules_on(technologies: Iterable[str], past: datetime | None) -> set[tuple[int, str]]:
    """Return which rules are, or were, held against which of the technologies."""
    if past:
        run = Tenure.objects.filter(at(past), technology__in=technologies)
        return set(run.values_list("version__rule", "technology").distinct())
    judged = Judged.objects.filter(technology__in=technologies, shadow=False)
    return set(judged.order_by().values_list("rule_id", "technology").distinct())


def _read_at(user: Any, here: Q, past: datetime | None) -> datetime | None:
    """Return when anything there was last read."""
    if past is None:
        slices = visible(Slice.objects.all(), user).filter(here)
        found = slices.aggregate(at=Max("read_at"))
    else:
        done = Run.objects.filter(kind=Run.Kind.LOOKED, state=Run.State.DONE, ended_at__lte=past)
        looked = visible(done, user).filter(here)
        found = looked.aggregate(at=Max("started_at"))
    at_last: datetime | None = found["at"]
    return at_last


def _here(params: dict[str, str]) -> Q:
    """Return what the filters of place say, of items, slices and blind spots alike."""
    holds = Q()
    for name, path in PLACES.items():
        values = [one for one in params.get(name, "").replace("\0", "").split(",") if one]
        if name != "technology":
            values = [one for one in values if one.isdecimal() and len(one) < 18]
        if values:
            holds &= Q(**{f"{path}__in": values})
    return holds


def _blind_spots(params: dict[str, str]) -> str:
    kept = {name: params[name] for name in ("account", "technology") if params.get(name)}
    return f"{reverse('admin:audits_blindspot_changelist')}?{urlencode(kept)}"
