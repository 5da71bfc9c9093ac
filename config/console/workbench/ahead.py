"""What the text would do: over everything stored now, and over what was stored before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audits.models import Preview, RuleVersion
from audits.previewing import Seen, cancel
from config.console.workbench.sheet import Sheet
from config.previews import ask, view, why_it_waits

# A backtest begins so many days back where nobody says otherwise.
BACK = timedelta(days=90)


@dataclass(frozen=True)
class Panel:
    """One question that may be asked about the text, with its answer where there is one."""

    kind: str
    title: str
    button: str
    says: str
    seen: Seen | None = None
    fault: str = ""
    since: str = ""
    asks_at: str = ""
    """The address that takes the question; likewise the others."""
    looks_at: str = ""
    cancels_at: str = ""
    at_once: bool = False
    """Whether it is asked without a click."""

    @property
    def template(self) -> str:
        return f"console/workbench/{self.kind}.html"

    @property
    def waits_for(self) -> str:
        return why_it_waits(self.seen.preview) if self.seen and self.seen.waits else ""


TITLES = {
    Preview.Kind.IMPACT: (
        "If this were in force now",
        "Show what would change",
        "Every stored item is held against the text: which issues would be new, which would "
        "close, who would be told. Nothing is changed by it.",
    ),
    Preview.Kind.BACKTEST: (
        "Had it been in force before",
        "Look back",
        "Everything that was stored since a day is held against the text: when it would have "
        "fired, on what, after whose change.",
    ),
}


@require_POST
def workbench_ask(request: HttpRequest) -> HttpResponse:
    """Put the question about the text as it stands."""
    sheet, kind = Sheet.sent(request), _kind(request.POST.get("kind", ""))
    if not sheet.may_edit:
        raise PermissionDenied
    options = {}
    if kind == Preview.Kind.BACKTEST and request.POST.get("since"):
        options["since"] = request.POST["since"][:10]
    try:
        preview = ask(sheet.fields, sheet.rule, request.user, kind, options)
    except ValidationError as error:
        fault = by_field(error)
        return answered(request, _panel(kind, fault=fault, since=request.POST.get("since", "")))
    return answered(request, _panel(kind, view(preview, request.user)))


@require_GET
def workbench_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell how far a question is, or its answer."""
    return answered(request, _seen(request, pk))


@require_POST
def workbench_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask no more."""
    panel = _seen(request, pk)
    if panel.seen:
        cancel(panel.seen.preview, request.user)
    return answered(request, _seen(request, pk))


def panels(request: HttpRequest, sheet: Sheet) -> list[Panel]:
    """Return both questions; with its answer where this person asked it of this very text."""
    return [_panel(kind, _asked(request, sheet, kind)) for kind in TITLES]


def _asked(request: HttpRequest, sheet: Sheet, kind: str) -> Seen | None:
    if sheet.rule is None:
        return None
    mine = Preview.objects.filter(by=request.user.pk, rule=sheet.rule, kind=kind)
    last = mine.exclude(state=Preview.State.CANCELLED).order_by("-asked_at").first()
    text = {name: sheet.fields[name] for name in RuleVersion.FIELDS}
    return view(last, request.user) if last and last.fields == text else None


def _panel(kind: str, seen: Seen | None = None, fault: str = "", since: str = "") -> Panel:
    given = seen.preview.options.get("since", "") if seen else since
    since = given or (timezone.localdate() - BACK).isoformat()
    this = [seen.preview.pk] if seen else []
    return Panel(
        kind,
        *TITLES[Preview.Kind(kind)],
        seen=seen,
        fault=fault,
        since=since[:10],
        asks_at=reverse("workbench_ask"),
        looks_at=reverse("workbench_preview", args=this) if this else "",
        cancels_at=reverse("workbench_cancel", args=this) if this else "",
    )


def _kind(text: str) -> str:
    if text not in Preview.Kind.values:
        raise Http404
    return text


def _seen(request: HttpRequest, pk: int) -> Panel:
    """Return the panel of a question that this person asked; raise Http404 for another's."""
    preview = Preview.objects.filter(pk=pk, by=request.user.pk).first()
    if preview is None:
        raise Http404
    return _panel(preview.kind, view(preview, request.user))


def by_field(error: ValidationError) -> str:
    """Return what speaks against a text, a line a field."""
    said = error.message_dict.items()
    return "\n".join(f"{name.capitalize()}: {' '.join(words)}" for name, words in said)


def answered(request: HttpRequest, panel: Panel) -> HttpResponse:
    """Show a question where it stands on the page: not asked yet, waiting, or answered."""
    context: dict[str, Any] = {"panel": panel, "may_edit": True}
    if panel.seen:
        context |= {"preview": panel.seen.preview, "result": panel.seen.result}
    return TemplateResponse(request, "console/workbench/ahead.html", context)
