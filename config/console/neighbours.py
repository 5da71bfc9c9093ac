"""An issue within the list that it was opened from: its place, and the ones beside it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.moments import PARAMETER, moment_of
from audits.models import Issue

LONGEST = 2000


@dataclass
class Beside:
    """Where in its list an issue stands."""

    back: str
    """The address of the list."""
    place: int = 0
    """From 1; 0: it stands there no more."""
    count: int = 0
    before: str = ""
    after: str = ""


def beside(request: HttpRequest, issue: Issue) -> Beside | None:
    """Return where the issue stands in the list that it was opened from; None: from none.

    The address carries the list's own and the place there. Where the issue left the list since
    (it was justified), the one that took its place is the next one.
    """
    asked, at = request.GET.get("list"), request.GET.get("at", "")
    if asked is None or not (at.isdecimal() and 0 < len(at) < 8) or len(asked) > LONGEST:
        return None
    listed = f"{reverse('admin:audits_issue_changelist')}?{asked}"
    place = max(1, int(at))
    rows, count = _rows(request, asked)
    if rows is None:
        return Beside(listed)
    start = max(0, place - 2)
    keys = list(rows.values_list("pk", flat=True)[start : place + 1])
    if issue.pk in keys:
        here = start + keys.index(issue.pk)
        after = here + 1
    else:
        here, after = place - 1, place - 1
    around = {start + number: key for number, key in enumerate(keys)}
    return Beside(
        listed,
        place=here + 1 if issue.pk in keys else 0,
        count=count,
        before=_link(around.get(here - 1), asked, here),
        after=_link(around.get(after), asked, after + 1),
    )


def way_back(request: HttpRequest) -> str:
    """Return what an issue's own address carries of the list that it was opened from."""
    kept = {name: request.GET[name] for name in ("list", "at") if name in request.GET}
    return f"?{urlencode(kept)}" if kept else ""


def _rows(request: HttpRequest, asked: str) -> tuple[Any, int]:
    """Return the rows of a list of issues as its page orders them, and how many there are."""
    like = HttpRequest()
    like.method, like.user = "GET", request.user
    given: Any = QueryDict(asked, mutable=True)
    if not moment_of(request).now:
        given[PARAMETER] = moment_of(request).text
    like.GET = given
    try:
        changelist = admin.site.get_model_admin(Issue).get_changelist_instance(like)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return None, 0
    return changelist.queryset, changelist.result_count


def _link(pk: int | None, asked: str, place: int) -> str:
    if pk is None:
        return ""
    page = reverse("admin:audits_issue_change", args=[pk])
    return f"{page}?{urlencode({'list': asked, 'at': place})}"
