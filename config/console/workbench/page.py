"""The page itself, and the answer to each edit on it."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from audits.linting import LONGEST
from audits.models import Rule
from config.console.page import one, page
from config.console.workbench import choosing, helping
from config.console.workbench.ahead import panels
from config.console.workbench.bench import bench
from config.console.workbench.sheet import Sheet
from config.console.workbench.starting import started, written
from items.models import Item

VERSIONS = 6


@require_GET
def workbench(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a rule with an item; who may not change it only looks.

    ``applies_when`` in the address is put into the form, as an edit that is not kept yet.
    """
    rule: Rule = one(Rule.objects.all(), request, pk)
    tried = request.GET.get("applies_when", "")[:LONGEST]
    sheet = Sheet.of(request, rule, {"applies_when": tried} if tried else {})
    item = choosing.picked(request.user, request.GET.get("item", ""))
    item = item or _first(request.user, sheet)
    return _page(request, sheet, item)


@require_GET
def workbench_new(request: HttpRequest) -> HttpResponse:
    """Show the draft of a new rule."""
    if not request.user.has_perm("audits.add_rule"):
        raise PermissionDenied
    start = started(request)
    begin = start.fields(request.user) if start else written(request)
    sheet = Sheet.of(request, None, begin)
    item = start.item if start else _first(request.user, sheet) if begin else None
    return _page(request, sheet, item)


@require_POST
def workbench_try(request: HttpRequest) -> HttpResponse:
    """Answer an edit, or another choice of an item: every part of the page that may differ."""
    sheet = Sheet.sent(request)
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


def _chosen(request: HttpRequest, sheet: Sheet) -> tuple[Item | None, str]:
    """Return the item to show, and what is to be said where none was found."""
    present = choosing.picked(request.user, request.POST.get("item", ""))
    choice = request.POST.get("choose", "")
    if choice in choosing.WANTED and sheet.runs:
        found, tried = choosing.sought(request.user, sheet, choice, present)
        if found:
            return found, ""
        return present, _none_found(choice, tried, present)
    picked = choosing.picked(request.user, choice)
    if picked or present:
        return picked or present, ""
    return _first(request.user, sheet), ""


def _none_found(choice: str, tried: int, present: Item | None) -> str:
    """Say that none of the items that were tried is as wished; the present one was not tried."""
    other = " other" if present else ""
    if not tried:
        return f"There is no{other} item to try."
    one, many = ("fire", "fires") if choice == "fires" else ("pass", "passes")
    if tried == 1:
        return f"The one{other} item that was tried does not {one}."
    return f"{'No other' if present else 'None'} of the {tried} items that were tried {many}."


def _first(user: Any, sheet: Sheet) -> Item | None:
    """Return an item to begin with: one that fires already, or any."""
    if sheet.runs and sheet.rule:
        found, _ = choosing.sought(user, sheet, "fires", None)
        if found:
            return found
    return choosing.candidates(user, sheet.technologies).order_by("-changed_at").first()


def _page(request: HttpRequest, sheet: Sheet, item: Item | None) -> HttpResponse:
    rule, newest = sheet.rule, sheet.newest
    title = newest.title if newest else "New rule"
    context = {
        "crumb": ("Rules", reverse("admin:audits_rule_changelist")),
        "scripts": [static("vervet/workbench.js")],
        "second_person": settings.SECOND_PERSON,
        "form": sheet.form,
        "example_forms": sheet.examples,
        "all_functions": helping.functions(),
        "versions": list(rule.versions.select_related("author")[:VERSIONS]) if rule else [],
        "panels": panels(request, sheet) if sheet.may_edit else [],
        **bench(request, sheet, item),
    }
    return page(request, "workbench/page", title, context)
