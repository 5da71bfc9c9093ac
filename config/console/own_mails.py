"""What a person is mailed because it concerns them, and the switch of each kind."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import User
from notifications.concerning import Mails, concerning, switches


def own_mails(person: Any) -> list[tuple[str, Mails, bool]]:
    """Return the kinds of mail that may go to a person: what a form calls it, and whether on."""
    return [(_name(one), one, on) for one, on in switches(person)]


def _name(mails: Mails) -> str:
    return f"{mails.kind} {'person' if mails.person else 'owner'}"


@require_POST
def switch_mails(request: HttpRequest) -> HttpResponse:
    """Stop one kind of mail to the person who asks, or send it again."""
    own = {_name(one): one for one in concerning(cast(User, request.user))}
    mails = own.get(request.POST.get("mails", ""))
    if mails is None:
        raise Http404
    (mails.resume if "again" in request.POST else mails.stop)(by=request.user)
    return redirect("admin:notifications_ownsubscription_changelist")
