"""The page itself, and the answer to each edit on it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from audits.linting import EXPRESSIONS
from audits.models import Rule, severity
from config.console.page import one, page
from config.console.workbench import choosing, helping, judging, paths, pointing, trying
from config.console.workbench.sheet import Sheet
from config.console.workbench.starting import started
from items.models import Item
from items.naming import technology_label

VERSIONS = 6
# The fields under which it is said what is wrong with them.
SAID = (*EXPRESSIONS, "notes", "parameters", "technologies", "score")


@require_GET
def workbench(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a rule with an item; who may not change it only looks."""
    rule: Rule = one(Rule.objects.all(), request, pk)
    sheet = Sheet.of(request, rule, {})
    item = choosing.picked(request.user, request.GET.get("item", ""))
    item = item or _first(request.user, sheet)
    return _page(request, sheet, item)


@require_GET
def workbench_new(request: HttpRequest) -> HttpResponse:
    """Show the draft of a new rule."""
    if not request.user.has_perm("audits.add_rule"):
        raise PermissionDenied
    start = started(request)
    sheet = Sheet.of(request, None, start.fields() if start else {})
    return _page(request, sheet, start.item if start else None)


@require_POST
def workbench_try(request: HttpRequest) -> HttpResponse:
    """Answer an edit, or another choice of an item: every part of the page that may differ."""
    sheet = sent_sheet(request)
    item, said = _chosen(request, sheet)
    context = {**bench(request, sheet, item), "oob": True, "said": said}
    return TemplateResponse(request, "console/workbench/answer.html", context)


@require_GET
def workbench_items(request: HttpRequest) -> HttpResponse:
    """List the items that answer to a search."""
    technologies = [one for one in request.GET.getlist("technologies") if len(one) <= 100][:50]
    if not request.user.has_perm("audits.view_rule"):
        raise PermissionDenied
    found = choosing.searched(request.user, technologies, request.GET.get("q", ""))
    context = {"items": found, "technologies": technologies}
    return TemplateResponse(request, "console/workbench/found.html", context)


def sent_sheet(request: HttpRequest) -> Sheet:
    """Return the text that a form on the page sent; raise Http404 or PermissionDenied."""
    key = request.POST.get("rule", "")
    if key:
        rule: Rule | None = one(Rule.objects.all(), request, int(key) if key.isdigit() else 0)
    elif request.user.has_perm("audits.add_rule"):
        rule = None
    else:
        raise PermissionDenied
    return Sheet.of(request, rule, {})


def _chosen(request: HttpRequest, sheet: Sheet) -> tuple[Item | None, str]:
    """Return the item to show, and what is to be said where none was found."""
    present = choosing.picked(request.user, request.POST.get("item", ""))
    choice = request.POST.get("choose", "")
    if choice in choosing.WANTED and sheet.runs:
        found, tried = choosing.sought(request.user, sheet, choice, present)
        if found:
            return found, ""
        word = "fires" if choice == "fires" else "passes"
        return present, f"None of the {tried} items that were tried {word}."
    picked = choosing.picked(request.user, choice)
    if picked or present:
        return picked or present, ""
    return _first(request.user, sheet), ""


def _first(user: Any, sheet: Sheet) -> Item | None:
    """Return an item to begin with: one that fires already, or any."""
    if sheet.runs and sheet.rule:
        found, _ = choosing.sought(user, sheet, "fires", None)
        if found:
            return found
    return choosing.candidates(user, sheet.technologies).order_by("-changed_at").first()


# -- what every answer is made of ---------------------------------------------------------------


def bench(request: HttpRequest, sheet: Sheet, item: Item | None) -> dict[str, Any]:
    """Return all that depends on the text and the item."""
    judgement = judging.judgement(sheet, item, request.user) if item and sheet.runs else None
    tree, more = judging.written(item) if item and not judgement else ([], 0)
    examples = trying.rows(sheet)
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
        "faults": sheet.said if request.method == "POST" else {},
        "under": pointing.underlined(text, _places(sheet)),
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


def _places(sheet: Sheet) -> list[pointing.Place]:
    return [
        pointing.Place(fault.place, fault.length, "wrong")
        for fault in sheet.faults
        if fault.field == "expression" and fault.place is not None
    ]


def _whole(text: str | None, most: int) -> int:
    """Return where the cursor stands; at the end of the text where that is not said."""
    return min(int(text), most) if text and text.isdigit() and len(text) < 7 else most


def _page(request: HttpRequest, sheet: Sheet, item: Item | None) -> HttpResponse:
    rule, newest = sheet.rule, sheet.newest
    title = newest.title if newest else "New rule"
    context = {
        "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
        "scripts": [static("vervet/workbench.js")],
        "form": sheet.form,
        "example_forms": sheet.examples,
        "all_functions": helping.functions(),
        "versions": list(rule.versions.select_related("author")[:VERSIONS]) if rule else [],
        **bench(request, sheet, item),
    }
    return page(request, "workbench/page", title, context)
