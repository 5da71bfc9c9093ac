"""Save what stands on the page, and take it where it should go: draft, shadow or into force."""

import re

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from audits.editing import Saved, Then, save_version
from audits.models import Rule
from config.console.workbench import choosing
from config.console.workbench.bench import bench
from config.console.workbench.sheet import Sheet


@require_POST
def workbench_save(request: HttpRequest) -> HttpResponse:
    """Save the text; lead to the saved rule, or answer with what speaks against it."""
    sheet = Sheet.sent(request)
    if not sheet.may_edit:
        raise PermissionDenied
    try:
        saved = _save(request, sheet)
    except ValidationError as error:
        return _refused(request, sheet, error)
    messages.add_message(request, *_told(saved, _then(request)))
    link = reverse("workbench", args=[saved.version.rule_id])
    item = request.POST.get("item", "")
    answer = HttpResponse()
    answer["HX-Redirect"] = f"{link}?item={item}" if item.isdigit() else link
    return answer


def _save(request: HttpRequest, sheet: Sheet) -> Saved:
    """Write the next version; raise ValidationError, by field."""
    wrong = {name: list(faults) for name, faults in sheet.form.errors.items()}
    wrong.pop("key", None)
    if wrong:
        raise ValidationError(wrong)
    if not sheet.examples.is_valid():
        raise ValidationError({"examples": _example_faults(sheet)})
    return save_version(
        sheet.rule or _key(request, sheet),
        sheet.fields,
        request.user,
        request.POST.get("reason", "")[:500],
        then=_then(request),
        seen=sheet.form.cleaned_data.get("seen") or 0,
    )


def _then(request: HttpRequest) -> Then:
    given = request.POST.get("then", "")
    return Then(given) if given in {one.value for one in Then} else Then.DRAFT


def _key(request: HttpRequest, sheet: Sheet) -> str:
    """Return how a new rule is called for ever: as given, or after technology and title."""
    given = request.POST.get("key", "").strip()
    if given:
        return given
    name = slugify(sheet.fields["title"])[:80].strip("-_") or "rule"
    technology = next(iter(sheet.technologies), "rule")
    key = f"{technology}.{re.sub(r'[^a-z0-9_-]', '', name)}"
    number = 2
    unique = key
    while Rule.objects.filter(key=unique).exists():
        unique, number = f"{key}-{number}", number + 1
    return unique


def _example_faults(sheet: Sheet) -> list[str]:
    found = []
    for form in sheet.examples:
        for name, faults in form.errors.items():
            title = form["name"].value() or "An example without a name"
            found += [f"{title}, {form[name].label.lower()}: {fault}" for fault in faults]
    return found


def _refused(request: HttpRequest, sheet: Sheet, error: ValidationError) -> HttpResponse:
    """Say at each field what is wrong with it; nothing on the page is lost."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    item = choosing.picked(request.user, request.POST.get("item", ""))
    context = bench(request, sheet, item)
    shown = set(context["said_names"])
    lines = [
        f"{LABELS.get(name, name.capitalize())}: {fault}" if name else fault
        for name, faults in by_field.items()
        for fault in faults
        if name not in shown
    ]
    lines += [
        f"See what is said under {name.replace('_', ' ')}." for name in by_field if name in shown
    ]
    trapped = {trap.field for trap in context["warnings"] if trap.blocks}
    said = {name: "\n".join(one) for name, one in by_field.items() if name not in trapped}
    context |= {
        "oob": True,
        "faults": {**context["faults"], **said},
        "trouble": {"title": "Nothing was saved.", "lines": lines},
    }
    return TemplateResponse(request, "console/workbench/answer.html", context)


LABELS = {"reason": "Why it changes", "examples": "Examples", "key": "Key", "title": "Title"}


def _told(saved: Saved, then: Then) -> tuple[int, str]:
    """Say what became of it."""
    said = f"Version {saved.version.number} is saved" if saved.new else "Nothing differs"
    if saved.problems:
        stays = {Then.SHADOW: "is not tried", Then.FORCE: "is not in force"}.get(then, "stays")
        return messages.WARNING, f"{said}, but it {stays}: {' '.join(saved.problems)}"
    if saved.proposal:
        return messages.SUCCESS, f"{said}; it waits for a second person to let it in."
    if saved.active:
        return messages.SUCCESS, f"{said}; it is in force."
    if then == Then.SHADOW:
        return messages.SUCCESS, f"{said}; it runs in shadow: it scores nothing, tells nobody."
    return messages.SUCCESS, f"{said}, as a draft."
