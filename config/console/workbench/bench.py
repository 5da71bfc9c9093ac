"""What the page shows of a text and an item: the same for its first look and for every answer."""

from typing import Any

from django.http import HttpRequest

from audits.cautions import Trap
from audits.linting import EXPRESSIONS
from audits.models import Rule, severity
from audits.traps import warnings
from config.console.workbench import helping, judging, paths, pointing, trying
from config.console.workbench.sheet import Sheet
from items.models import Item
from items.naming import technology_label

# The fields under which it is said what is wrong with them.
SAID = (*EXPRESSIONS, "notes", "parameters", "technologies", "score")


def bench(request: HttpRequest, sheet: Sheet, item: Item | None) -> dict[str, Any]:
    """Return all that depends on the text and the item."""
    judgement = judging.judgement(sheet, item, request.user) if item and sheet.runs else None
    tree, more = judging.written(item) if item and not judgement else ([], 0)
    examples = trying.rows(sheet)
    warned = warnings(sheet.fields, request.user) if sheet.may_edit and sheet.runs else []
    text = sheet.fields["expression"]
    place = _whole(request.POST.get("at"), len(text))
    offers, looked = paths.offers(sheet.technologies, request.user, text, place)
    failing = sum(bool(row.fault) for row in examples)
    return {
        "sheet": sheet,
        "rule": sheet.rule,
        "newest": sheet.newest,
        "may_edit": sheet.may_edit,
        "fields": sheet.fields,
        "severity": severity(_score(sheet)),
        "score": _score(sheet),
        "technology_names": [technology_label(one) for one in sheet.technologies],
        "faults": sheet.said if request.method == "POST" or sheet.rule else {},
        "warnings": warned,
        "under": pointing.lined(pointing.underlined(text, _places(sheet, warned))),
        "item": item,
        "judgement": judgement,
        "tree": judgement.tree if judgement else tree,
        "more": judgement.more if judgement else more,
        "reads": judging.reads(sheet) if sheet.runs else {},
        "said_names": SAID,
        "steps": _steps(sheet.rule),
        "examples": examples,
        "failing": failing,
        "missing": trying.missing(examples),
        "offers": offers,
        "looked": looked,
        "functions": helping.fitting(text, place),
    }


def _score(sheet: Sheet) -> int:
    score = sheet.fields["score"]
    return score if isinstance(score, int) and 0 <= score <= 10 else 0


def _steps(rule: Rule | None) -> list[dict[str, Any]]:
    """Return how far a rule is on its way: a draft, in shadow, in force."""
    active = rule.active.number if rule and rule.active and rule.state == "active" else 0
    shadow = rule.shadow.number if rule and rule.shadow else 0
    retired = rule is not None and rule.state == Rule.State.RETIRED
    return [
        {"word": "Draft", "number": 0, "on": not (active or shadow or retired)},
        {"word": "Shadow", "number": shadow, "on": bool(shadow)},
        {"word": "In force", "number": active, "on": bool(active)},
        *([{"word": "Retired", "number": 0, "on": True}] if retired else []),
    ]


def _places(sheet: Sheet, warned: list[Trap]) -> list[pointing.Place]:
    wrong = [
        pointing.Place(fault.place, fault.length, "wrong")
        for fault in sheet.faults
        if fault.field == "expression" and fault.place is not None
    ]
    traps = [
        pointing.Place(trap.place, trap.length, "wrong" if trap.blocks else "odd")
        for trap in warned
        if trap.field == "expression" and trap.place is not None
    ]
    return wrong + traps


def _whole(text: str | None, most: int) -> int:
    """Return where the cursor stands; at the end of the text where that is not said."""
    return min(int(text), most) if text and text.isdigit() and len(text) < 7 else most
