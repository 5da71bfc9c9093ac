"""What all chosen rules of an import would change together, asked and answered on its page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from audits.importing import MOST_RULES, plan
from audits.models import Preview
from audits.previewing import cancel
from audits.unpacking import PackError
from config.console.import_impact import TOLD
from config.console.importing import NEEDED, sent_choices, sent_text
from config.previews import ask_all, why_it_waits

State = Preview.State


@dataclass(frozen=True)
class Part:
    """One rule's answer within the sum."""

    preview: Preview
    title: str
    counts: dict[str, int]
    """Empty where there is no answer (yet)."""

    @property
    def told(self) -> list[tuple[int, str]]:
        return _told(self.counts)


@require_POST
def import_sum_ask(request: HttpRequest) -> HttpResponse:
    """Ask what the chosen rules would change, each with its chosen fields."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    try:
        planned = plan(*sent_text(request))
    except PackError as error:
        raise Http404 from error
    choices = {one.key: one.taken for one in sent_choices(request)}
    differing = [one for one in planned if one.key in choices and one.what != "same"]
    # What cannot even be a draft is not imported, so it changes nothing.
    chosen = [one for one in differing if not one.refused(choices[one.key])]
    if not chosen:
        return _page(request, {"fault": "Choose at least one rule that can be imported."})
    texts = [(one.text(choices[one.key]), one.rule) for one in chosen]
    try:
        previews = ask_all(texts, request.user, Preview.Kind.IMPACT)
    except ValidationError as error:
        return _page(request, {"fault": " ".join(error.messages)})
    return _sum(request, previews)


@require_GET
def import_sum_answer(request: HttpRequest) -> HttpResponse:
    """Tell how far the questions are, or the sum of their answers."""
    return _sum(request, _asked(request, request.GET.get("of", "")))


@require_POST
def import_sum_cancel(request: HttpRequest) -> HttpResponse:
    """Ask no more."""
    of = request.POST.get("of", "")
    for one in _asked(request, of):
        cancel(one, request.user)
    return _sum(request, _asked(request, of))


def _asked(request: HttpRequest, of: str) -> list[Preview]:
    """Return questions of this person; raise Http404 where one is missing or another's."""
    keys = of.split("-")[:MOST_RULES]
    if not all(key.isdecimal() and len(key) < 18 for key in keys):
        raise Http404
    found = list(
        Preview.objects.filter(pk__in=keys, by=request.user.pk).defer("result").order_by("pk")
    )
    if len(found) != len(set(keys)):
        raise Http404
    return found


def _sum(request: HttpRequest, previews: Sequence[Preview]) -> HttpResponse:
    waiting = [one for one in previews if one.state in (State.WAITING, State.RUNNING)]
    context: dict[str, Any] = {
        "of": "-".join(str(one.pk) for one in previews),
        "rules": len(previews),
        "waiting": waiting,
    }
    if waiting:
        context["percent"] = sum(_percent(one) for one in previews) // len(previews)
        context["answered"] = len(previews) - len(waiting)
        context["waits_for"] = why_it_waits(waiting[0])
        return _page(request, context)
    parts = [Part(one, one.fields.get("title", ""), _counts(one)) for one in previews]
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    answered = [one for one in previews if one.state == State.DONE and one.result]
    return _page(
        request,
        context
        | {
            "parts": parts,
            "told": _told(counts),
            "counts": counts,
            "answered": len(answered),
            "cut": sum(one.result["items"] < one.result["total"] for one in answered if one.result),
            "mailed": len(
                {
                    mail["subscription"]
                    for one in answered
                    for mail in (one.result or {}).get("mails", ())
                }
            ),
        },
    )


def _percent(one: Preview) -> int:
    if one.state not in (State.WAITING, State.RUNNING):
        return 100
    return min(100, 100 * one.done // max(1, one.total))


def _counts(one: Preview) -> dict[str, int]:
    return one.result["counts"] if one.state == State.DONE and one.result else {}


def _told(counts: dict[str, int]) -> list[tuple[int, str]]:
    return [(counts[name], words) for name, words in TOLD.items() if counts.get(name)]


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "console/import_sum.html", context)
