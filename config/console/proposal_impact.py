"""What a proposal would change, shown to who answers it before the answer is given."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from audits.models import Preview, Proposal, RuleVersion
from audits.previewing import cancel, may_ask
from config.console.page import one
from config.console.workbench.ahead import TITLES, Panel, answered, by_field
from config.previews import ask, view

IMPACT = Preview.Kind.IMPACT


@require_GET
def proposal_impact(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell what was answered to this person, or how far it is; ask where nobody asked yet."""
    return _answer(request, pk, _proposed(request, pk))


@require_POST
def proposal_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what the proposal would change now."""
    version = _proposed(request, pk)
    try:
        ask(version.values(), version.rule, request.user, IMPACT)
    except ValidationError as error:
        return _answer(request, pk, version, by_field(error))
    return _answer(request, pk, version)


@require_POST
def proposal_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask no more."""
    version = _proposed(request, pk)
    asked = _asked(request, version)
    if asked:
        cancel(asked, request.user)
    return _answer(request, pk, version)


def _proposed(request: HttpRequest, pk: int) -> RuleVersion:
    """Return the version that waits to be let in; raise Http404 or PermissionDenied."""
    proposals = Proposal.objects.filter(answer="").select_related("version__rule")
    version: RuleVersion | None = one(proposals, request, pk).version
    if version is None:
        raise Http404("It puts no version into force.")
    if not may_ask(request.user):
        raise PermissionDenied
    return version


def _asked(request: HttpRequest, version: RuleVersion) -> Preview | None:
    """Return what this person asked last of the very text that is proposed."""
    mine = Preview.objects.filter(by=request.user.pk, rule=version.rule, kind=IMPACT)
    text = version.values()
    return next((asked for asked in mine.order_by("-pk") if asked.fields == text), None)


def _answer(request: HttpRequest, pk: int, version: RuleVersion, fault: str = "") -> HttpResponse:
    asked = _asked(request, version)
    panel = Panel(
        IMPACT,
        *TITLES[IMPACT],
        seen=view(asked, request.user) if asked else None,
        fault=fault,
        asks_at=reverse("proposal_ask", args=[pk]),
        looks_at=reverse("proposal_impact", args=[pk]),
        cancels_at=reverse("proposal_cancel", args=[pk]),
        at_once=not (asked or fault),
    )
    return answered(request, panel)
