"""Examples by one click: the item that is shown becomes one; and what no example would miss."""

import copy
import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from audits.mutating import unnoticed
from audits.sampling import NoExample, Sampled, example_from
from config.console.workbench import choosing
from config.console.workbench.bench import bench
from config.console.workbench.sheet import Sheet
from items.models import Item

# Parts of which it is said that no example would miss them.
SHOWN = 6


@require_POST
def workbench_example(request: HttpRequest) -> HttpResponse:
    """Make an example of the item that is shown; what it says there is what it must say."""
    sheet = _editable(request)
    item = choosing.picked(request.user, request.POST.get("item", ""))
    said = "Choose an item first."
    if item:
        try:
            made = example_from(sheet.fields, item, request.user)
        except NoExample as reason:
            said = f"No example can be made of this item. {reason}"
        else:
            request.POST = _with(request.POST, made.example)  # type: ignore[assignment]
            sheet, said = Sheet.sent(request), _kept(made)
    context = {**bench(request, sheet, item), "oob": True, "said": said}
    context |= {"example_forms": sheet.examples, "whole_examples": True}
    return TemplateResponse(request, "console/workbench/answer.html", context)


@require_POST
def workbench_unnoticed(request: HttpRequest) -> HttpResponse:
    """Say which parts of the text could be otherwise without an example telling."""
    found = unnoticed(_editable(request).fields)
    context = {"unnoticed": found[:SHOWN], "more": len(found) - len(found[:SHOWN])}
    return TemplateResponse(request, "console/workbench/unnoticed.html", context)


def examples_of(text: dict[str, Any], item: Item, configs: list[Any], user: Any) -> list[Any]:
    """Return examples of an item as it was at some times, as far as they can be made."""
    found = []
    for config in configs:
        then = copy.copy(item)
        then.config = config
        try:
            found.append(example_from(text, then, user).example)
        except NoExample:
            continue
    return found


def _editable(request: HttpRequest) -> Sheet:
    sheet = Sheet.sent(request)
    if not sheet.may_edit:
        raise PermissionDenied
    return sheet


def _with(sent: QueryDict, example: dict[str, Any]) -> QueryDict:
    """Return what was sent with an example in the first form that nobody filled in."""
    data = sent.copy()
    total = data.get("examples-TOTAL_FORMS", "")
    count = min(int(total), 200) if total.isdigit() and len(total) < 5 else 0
    blank = (n for n in range(count) if not data.get(f"examples-{n}-name"))
    place = next((n for n in blank if not data.get(f"examples-{n}-config")), count)
    prefix = f"examples-{place}-"
    data[prefix + "name"] = example["name"]
    data[prefix + "fires"] = "yes" if example["fires"] else "no"
    for name in ("config", "context", "identities"):
        if name in example:
            data[prefix + name] = json.dumps(example[name], indent=2, ensure_ascii=False)
    count = max(count, place + 2)
    data["examples-TOTAL_FORMS"] = str(count)
    data.setdefault(f"examples-{count - 1}-fires", "yes")  # As an empty form has it.
    return data


def _kept(made: Sampled) -> str:
    """Say which values look like ids and stay, since the verdict hangs on them."""
    if not made.kept:
        return ""
    values = ", ".join(one[:60] for one in made.kept[:5])
    return f"The example keeps {values}: without it the rule would say something else."
