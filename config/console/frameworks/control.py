"""The page of one control: its rules, and every item behind each of its numbers."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.seeing import visible
from audits.assessing import MEANING, Line, assess
from audits.frameworks import rules_by_control
from audits.models import Control
from audits.standing import Cell, InForce, Standing, items_of
from config.console.frameworks.asked import Asked
from config.console.frameworks.listing import TALLIES, TONES, numbers, percent
from config.console.page import page
from items.models import Item
from items.naming import technology_label

PAGE = 50
LABELS = {name: label for name, label, _ in TALLIES}
ISSUES = {"failed": "open", "accepted": "justified"}
# Slices that are named; more than these are counted.
NAMED = 30


@dataclass(frozen=True)
class Check:
    """One rule on one item, as it is listed."""

    rule: InForce
    item: Item


def control(request: HttpRequest, key: str, number: str) -> HttpResponse:
    """Show one control, and the checks that one of its numbers counts."""
    asked = Asked.by(request)
    rows = visible(Control.objects.select_related("framework"), request.user)
    row = rows.filter(framework__key=key, number=number).first()
    if row is None:
        raise Http404("There is no such control.")
    mapping = {row.name: rules_by_control().get(row.name, [])}
    found = asked.standing(mapping[row.name])
    (line,) = assess([row], mapping, found)
    link = reverse("control", args=[key, number])
    context = {
        "crumb": (str(row.framework), reverse("framework", args=[key]) + asked.query()),
        "asked": asked,
        **asked.past,
        "control": row,
        "line": line,
        "tone": TONES[line.state],
        "meaning": MEANING[line.state],
        "numbers": numbers(line.tally, link, asked),
        "rate": percent(line.tally.rate),
        "coverage": percent(line.tally.coverage),
        "rules": _rules(asked, line, found, link),
        **_checks(asked, line, found, link),
    }
    return page(request, "control", f"{row.name}: {row.title}", context)


def _rules(asked: Asked, line: Line, found: Standing, link: str) -> list[dict[str, Any]]:
    by_rule = found.by_rule()
    waiting = {cell.rule for cell in found.not_run}
    return [
        {
            "rule": found.rules[rule],
            "waiting": rule in waiting,
            "link": reverse("admin:audits_rule_change", args=[rule]),
            "numbers": numbers(by_rule[rule], link, asked, rule=rule),
        }
        for rule in sorted(
            line.rules, key=lambda one: (-by_rule[one].failed, found.rules[one].title)
        )
    ]


def _checks(asked: Asked, line: Line, found: Standing, link: str) -> dict[str, Any]:
    """Return the page of checks that is asked for; failed ones where nothing is."""
    state = asked.given.get("state", "")
    if state not in LABELS:
        state = next((name for name in LABELS if getattr(line.tally, name)), "failed")
    rule = next((one for one in line.rules if str(one) == asked.given.get("rule")), None)
    rules = [rule] if rule else list(line.rules)
    start = _whole(asked.given.get("from", ""))
    by_rule = found.by_rule()
    counts = [(found.rules[one], getattr(by_rule[one], state)) for one in rules]
    total = sum(count for _, count in counts)
    same = {"with": "", "state": state, "rule": rule}
    last = start + PAGE
    return {
        "state": state,
        "label": LABELS[state],
        "only": found.rules[rule] if rule else None,
        "all_rules": link + asked.query(**{**same, "rule": None}) + "#checks",
        "total": total,
        "checks": _page(found, counts, state, start),
        "issue_state": ISSUES.get(state, ""),
        "unread": _unread(asked, found, rules) if state == "unknown" else [],
        "unread_count": sum(by_rule[one].unread for one in rules) if state == "unknown" else 0,
        "first": start + 1,
        "last": min(last, total),
        "newer": link + asked.query(**same, **{"from": max(0, start - PAGE)}) + "#checks"
        if start
        else "",
        "older": link + asked.query(**same, **{"from": last}) + "#checks" if last < total else "",
    }


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _page(
    found: Standing, counts: list[tuple[InForce, int]], state: str, start: int
) -> list[Check]:
    """Return some of the checks, rule after rule; only the rules on the page are asked."""
    rows: list[Check] = []
    ends = accumulate(count for _, count in counts)
    for (rule, count), end in zip(counts, ends, strict=True):
        begin = end - count
        if begin >= start + PAGE or end <= start or not count:
            continue
        cut = slice(max(0, start - begin), min(count, start + PAGE - begin))
        items = items_of(found, rule.rule, state).select_related("account").defer("config")
        rows += [Check(rule, item) for item in items[cut]]
    return rows


def _unread(asked: Asked, found: Standing, rules: list[int]) -> list[dict[str, Any]]:
    """Name the slices of which nobody knows what is in them."""
    names = {account.pk: account.name for account in asked.accounts}
    wanted = set(rules)
    slices: dict[tuple[int, str], list[Cell]] = {}
    for cell, tally in found.cells.items():
        if tally.unread and cell.rule in wanted:
            slices.setdefault((cell.account, cell.technology), []).append(cell)
    return [
        {
            "account": names[account],
            "technology": technology_label(technology),
            "rules": len(cells),
            "link": reverse("admin:items_gap_changelist") + f"?account={account}",
        }
        for (account, technology), cells in list(slices.items())[:NAMED]
    ]
