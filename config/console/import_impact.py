"""What one rule of an import would change, asked on the import's page and answered there."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from audits.importing import plan
from audits.models import Preview
from audits.previewing import view
from audits.unpacking import PackError
from config.console.importing import NEEDED, sent_choices, sent_text
from config.previews import ask, why_it_waits

# The counts of issues that are told, in this order, each in words.
TOLD = {
    "new": "new",
    "reopened": "open again",
    "closes": "closed",
    "rescored": "with another score",
    "stays": "as they are",
}
MOST_ACCOUNTS = 5


@require_POST
def import_ask(request: HttpRequest) -> HttpResponse:
    """Ask what the rule whose button was pressed would change with the chosen fields."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    key = request.POST.get("impact", "")
    try:
        planned = {one.key: one for one in plan(*sent_text(request))}
        one = planned[key]
        taken = {choice.key: choice.taken for choice in sent_choices(request)}.get(key, one.taken)
        preview = ask(one.text(taken), one.rule, request.user, Preview.Kind.IMPACT, replacing=False)
    except (PackError, KeyError) as error:
        raise Http404 from error
    except ValidationError as error:
        return _answer(request, None, " ".join(error.messages))
    return _answer(request, preview)


@require_GET
def import_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell how far a question is, or its answer."""
    preview = Preview.objects.filter(pk=pk, by=request.user.pk).first()
    if preview is None:
        raise Http404
    return _answer(request, preview)


def _answer(request: HttpRequest, preview: Preview | None, fault: str = "") -> HttpResponse:
    context: dict[str, Any] = {"fault": fault}
    if preview:
        seen = view(preview, request.user)
        counts = (seen.result or {}).get("counts", {})
        told = [(counts[name], words) for name, words in TOLD.items() if counts.get(name)]
        context |= {"seen": seen, "told": told, "counts": counts, "result": seen.result}
        context["accounts"] = [
            one
            for one in (seen.result or {}).get("accounts", ())
            if one["counts"].get("new") or one["counts"].get("closes")
        ][:MOST_ACCOUNTS]
        context["waits_for"] = why_it_waits(preview) if seen.waits else ""
    return TemplateResponse(request, "console/import_impact.html", context)
