"""The page of one item: what it is, what is wrong with it, and what it used to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.admin import Curtain
from accounts.seeing import visible
from audits.functions.shapes import TAG_KEYS, tags_of
from audits.models import BlindSpot, Issue
from config.console.page import one, page
from items.diffing import Difference, differences
from items.fields import canonical_bytes
from items.models import Item, Kind
from items.naming import technology_label
from items.tree import lines
from items.watchers import watchers

# Revisions that a page compares; the rest is linked.
REVISIONS = 20
# Differences of one revision that are written out.
LINES = 40
ICONS = {
    Kind.CREATED: ("add_circle", "good"),
    Kind.CHANGED: ("edit", "low"),
    Kind.GONE: ("delete", "high"),
    Kind.BACK: ("undo", "low"),
    Kind.COMPLETED: ("done_all", "information"),
    Kind.IGNORED: ("filter_alt_off", "information"),
}


@dataclass(frozen=True)
class Step:
    """A revision with how it differs from the one before."""

    revision: Any
    kind: str
    icon: str
    tone: str
    lines: list[Difference]
    more: int


def item_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an item; nothing of it can be changed here."""
    item: Item = one(Item.objects.select_related("account"), request, pk)
    issues = list(
        visible(Issue.objects.open(), request.user)
        .filter(item=item)
        .select_related("version")
        .order_by("justified", "-score", "opened_at")
    )
    curtain = Curtain(request.user)
    spots = visible(BlindSpot.objects.filter(item=item, until=None), request.user)
    names = watchers[item.technology].element_names if item.technology in watchers else {}
    steps, newer, older = _history(item, names, _whole(request.GET.get("from")))
    context = {
        "crumb": ("Items", reverse("admin:items_item_changelist")),
        "item": item,
        "label": technology_label(item.technology),
        "facts": _facts(item),
        "tags": _tags(item.config),
        "issues": issues,
        "fixed": visible(Issue.objects.exclude(fixed_at=None), request.user)
        .filter(item=item)
        .count(),
        "spots": [
            {"rule": spot.rule, "since": spot.since, "reason": curtain(spot.reason)}
            for spot in spots.select_related("rule__active").order_by("rule__key")
        ],
        "unread": [(part, curtain(why)) for part, why in sorted(item.unread.items())],
        "tree": list(lines(item.config, _marks(issues), names)),
        "steps": steps,
        "newer": newer,
        "older": older,
        "may_start": request.user.has_perm("audits.add_rule"),
    }
    return page(request, "item", str(item), context)


def _tags(config: dict[str, Any]) -> list[tuple[str, Any]]:
    given = next((config[name] for name in TAG_KEYS if config.get(name)), None)
    return sorted(tags_of(given).items())[:30] if given else []


def _facts(item: Item) -> list[dict[str, Any]]:
    listed = reverse("admin:items_item_changelist")
    return [
        {
            "name": "Technology",
            "value": technology_label(item.technology),
            "hint": item.technology,
            "link": f"{listed}?technology={item.technology}",
        },
        {
            "name": "Account",
            "value": item.account.name,
            "hint": item.account.identifier,
            "link": reverse("admin:accounts_account_change", args=[item.account_id]),
        },
        {"name": "Region", "value": item.region or item.place, "hint": f"listed in {item.place}"},
        {"name": "First seen", "moment": item.first_seen},
        {"name": "Gone since", "moment": item.gone_at}
        if item.gone_at
        else {"name": "Last read", "moment": item.last_seen},
        {"name": "Last changed", "moment": item.changed_at},
    ]


def _marks(issues: list[Issue]) -> Any:
    """Return what tells which issues are about a part: those whose evidence is that part."""
    by_evidence: dict[bytes, list[Issue]] = {}
    for issue in issues:
        if isinstance(issue.evidence, (dict, list)) and issue.evidence:
            by_evidence.setdefault(canonical_bytes(issue.evidence), []).append(issue)

    def marks(value: Any) -> list[Issue]:
        if not by_evidence or not isinstance(value, (dict, list)):
            return []
        return by_evidence.get(canonical_bytes(value), [])

    return marks


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else 0


def _history(
    item: Item, names: Mapping[str, Sequence[str]], start: int
) -> tuple[list[Step], int | None, int | None]:
    """Return one page of the history, newest first, and where the pages beside it start."""
    rows = list(
        item.history.order_by("-history_date", "-history_id")[start : start + REVISIONS + 1]
    )
    steps = []
    for place, row in enumerate(rows[:REVISIONS]):
        before = rows[place + 1].config if place + 1 < len(rows) else None
        found = differences(before, row.config, names) if before is not None else []
        icon, tone = ICONS.get(row.kind, ("edit", "information"))
        steps.append(
            Step(
                row,
                row.get_kind_display() or Kind.CHANGED.label,
                icon,
                tone,
                found[:LINES],
                max(0, len(found) - LINES),
            )
        )
    newer = max(0, start - REVISIONS) if start else None
    return steps, newer, start + REVISIONS if len(rows) > REVISIONS else None
