"""The page that shows, before a subscription is saved, what it would have sent last week."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from notifications.models import Subscription
from notifications.rehearsing import rehearse, written_again

WEEK = timedelta(days=7)
# So many of the mails are listed, the last first; all are counted.
LISTED = 200
ASKED = "_rehearse"
# What a form sends beside its fields.
BESIDE = {ASKED, "csrfmiddlewaretoken", "_save", "_continue", "_addanother"}


class Rehearsing:
    """Lets a form of a subscription show what it would have sent, and save nothing."""

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        if ASKED in request.POST:
            return _rehearsal(request, obj)
        return super().response_add(request, obj, *args, **kwargs)  # type: ignore[misc]

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        if ASKED in request.POST:
            return _rehearsal(request, obj)
        return super().response_change(request, obj)  # type: ignore[misc]


def _rehearsal(request: HttpRequest, told: Subscription) -> HttpResponse:
    """Show the mails, or the one that is asked for; what the form saved is undone."""
    until = timezone.now()
    mails = rehearse(told, until - WEEK, until)
    asked = request.POST[ASKED]
    shown = None
    if asked.isdigit():
        if not 0 < int(asked) <= len(mails):
            raise Http404("There is no such mail.")
        shown = written_again(told, mails, int(asked) - 1)
    context = {
        **admin.site.each_context(request),
        "title": f"{told.name}: last week",
        "told": told,
        "count": len(mails),
        "mails": list(enumerate(mails, 1))[: -LISTED - 1 : -1],
        "more": max(0, len(mails) - LISTED),
        "shown": shown,
        "asked": asked,
        "given": list(_given(request)),
    }
    request.current_app = admin.site.name
    answer = HttpResponse(render_to_string("console/rehearsal.html", context, request))
    transaction.set_rollback(True)
    return answer


def _given(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Yield what the form sent, to be sent again."""
    for name, values in request.POST.lists():
        if name not in BESIDE:
            for value in values:
                yield name, str(value)
