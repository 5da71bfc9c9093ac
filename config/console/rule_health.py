"""The page of rules that ail: what speaks against each, and what would mend it."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audits.ailments import MEANING, Ailment, Examination, Sick
from audits.traits import Trait, joined
from config.console.page import page

NEEDED = ("audits.view_rule", "audits.view_issue", "audits.view_blindspot", "items.view_item")
ICONS = {
    Ailment.BROKEN: ("error", "critical"),
    Ailment.BLIND: ("visibility_off", "medium"),
    Ailment.ACCEPTED: ("verified", "low"),
    Ailment.SILENT: ("volume_off", "information"),
    Ailment.SLOW: ("hourglass_bottom", "high"),
}
# Rules of one ailment that the page shows; the rest is in the list of rules.
SHOWN = 25
# Rules for which something common is sought; each reads some hundred items.
SEARCHED = 5


def rule_health(request: HttpRequest) -> HttpResponse:
    """Show every rule in force that may be wrong, by what may be wrong with it."""
    if not all(request.user.has_perm(name) for name in NEEDED):
        raise PermissionDenied
    examination = Examination.by(request.user)
    context = {
        "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
        "groups": [_group(examination, ailment) for ailment in Ailment],
        "in_force": len(examination.rules),
        "ailing": len({one.rule for one in examination.found}),
        "may_edit": request.user.has_perm("audits.change_rule"),
    }
    return page(request, "rule_health", "Rule health", context)


def _group(examination: Examination, ailment: Ailment) -> dict[str, Any]:
    found = [one for one in examination.found if one.ailment == ailment]
    icon, tone = ICONS[ailment]
    every = reverse("admin:audits_rule_changelist") + f"?health={ailment.value}"
    rows = [_row(examination, one, place) for place, one in enumerate(found[:SHOWN])]
    return {
        "ailment": ailment,
        "meaning": MEANING[ailment],
        "icon": icon,
        "tone": tone,
        "rows": rows,
        "count": len(found),
        "every": every,
    }


def _row(examination: Examination, sick: Sick, place: int) -> dict[str, Any]:
    rule = examination.rules[sick.rule]
    found: list[Trait] = []
    if sick.ailment == Ailment.ACCEPTED and place < SEARCHED:
        found = examination.traits_of(sick.rule)
    present = rule.active.applies_when if rule.active else ""
    bench = reverse("workbench", args=[rule.pk])
    return {
        "rule": rule,
        "words": sick.words,
        "link": _evidence(sick),
        "bench": bench,
        "traits": [
            {"trait": one, "bench": _bench(bench, joined(present, one.applies_when))}
            for one in found
        ],
        "searched": sick.ailment == Ailment.ACCEPTED and place < SEARCHED,
    }


def _bench(address: str, condition: str) -> str:
    return f"{address}?{urlencode({'applies_when': condition})}"


def _evidence(one: Sick) -> str:
    """Return where what is said can be seen."""
    spots = reverse("admin:audits_blindspot_changelist") + f"?rule={one.rule}"
    issues = reverse("admin:audits_issue_changelist") + f"?state=justified&rule={one.rule}"
    rule = reverse("admin:audits_rule_change", args=[one.rule])
    links = {Ailment.BROKEN: spots, Ailment.BLIND: spots, Ailment.ACCEPTED: issues}
    return links.get(one.ailment, rule)
