"""Start from data: a value in an item, or a line of a difference, becomes an expression."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from audits.linting import LONGEST
from audits.loading import EMPTY
from audits.suggesting import Path, Suggestion, never_again, reach, suggest
from config.console.workbench import choosing
from config.console.workbench.exampling import examples_of
from items.diffing import differences
from items.models import Item
from items.revisions import element_names
from items.watchers import watchers

# A path longer than this was not made by a page of ours.
DEEPEST = 60


@dataclass(frozen=True)
class Start:
    """What a new rule begins with, and what it was made of."""

    item: Item
    suggestions: list[Suggestion]
    states: tuple[Any, ...] = ()
    """Configurations that become examples: one on which it fires, and what was before."""

    def fields(self, user: Any) -> dict[str, Any]:
        """Return the text that the best suggestion makes, with examples."""
        text: dict[str, Any] = {"technologies": [self.item.technology]}
        if not self.suggestions:
            return text
        best = self.suggestions[0]
        text |= {"expression": best.expression, "identity": best.identity, "notes": best.notes}
        whole = {**EMPTY, "title": "", **text}
        return {**text, "examples": examples_of(whole, self.item, list(self.states), user)}


@require_POST
def workbench_suggest(request: HttpRequest) -> HttpResponse:
    """Offer expressions for a value of the item on the page."""
    if not (
        request.user.has_perm("audits.change_rule") or request.user.has_perm("audits.add_rule")
    ):
        raise PermissionDenied
    item = choosing.picked(request.user, request.POST.get("item", ""))
    path = path_of(request.POST.get("path", ""))
    made = suggest(item.config, path, element_names(item.technology)) if item and path else []
    context = {"suggestions": made, "empty": not request.POST.get("expression", "").strip()}
    return TemplateResponse(request, "console/workbench/suggestion.html", context)


def written(request: HttpRequest) -> dict[str, Any]:
    """Return the text that the address of a new rule brings, as a query does."""
    expression = request.GET.get("expression", "").replace("\0", "")[:LONGEST]
    if not expression:
        return {}
    technologies = request.GET.get("technology", "").split(",")
    return {
        "title": request.GET.get("title", "").replace("\0", "")[:150],
        "technologies": [one for one in technologies if one in watchers],
        "expression": expression,
    }


def started(request: HttpRequest) -> Start | None:
    """Return what the address of a new rule asks to begin with."""
    item = choosing.picked(request.user, request.GET.get("item", ""))
    if item is None:
        return None
    path = path_of(request.GET.get("path", ""))
    if path:
        known = reach(item.config, path) is not None or bool(suggest(item.config, path))
        made = suggest(item.config, path, element_names(item.technology)) if known else []
        return Start(item, made, (item.config,))
    revision, line = request.GET.get("revision", ""), request.GET.get("line", "")
    if revision.isdigit() and line.isdigit() and max(len(revision), len(line)) < 18:
        return _against(item, int(revision), int(line), request.GET.get("old", ""))
    return Start(item, [])


def _against(item: Item, revision: int, line: int, old: str = "") -> Start:
    """Return what a line of a difference begins: it must not fire on what was before."""
    row = item.history.filter(history_id=revision).first()
    if row is None:
        return Start(item, [])
    same = Q(history_date=row.history_date, history_id__lt=row.history_id)
    earlier = item.history.filter(Q(history_date__lt=row.history_date) | same)
    if old.isdigit() and len(old) < 18:
        earlier = earlier.filter(history_id=int(old))
    before = earlier.order_by("-history_date", "-history_id").first()
    if before is None:
        return Start(item, [])
    names = element_names(item.technology)
    found = differences(before.config, row.config, names)
    if line >= len(found):
        return Start(item, [])
    made = never_again(before.config, row.config, found[line], names)
    return Start(item, made, (row.config, before.config))


def path_of(text: str) -> Path:
    """Read the path of a part as a page of ours carries it; empty where it is none."""
    if len(text) > 4000:
        return ()
    try:
        steps = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ()
    if not isinstance(steps, list) or len(steps) > DEEPEST:
        return ()
    sound = all(isinstance(one, str) or (type(one) is int and one >= 0) for one in steps)
    return tuple(steps) if sound else ()
