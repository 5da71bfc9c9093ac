"""What can be done on an item's page: say something, watch the item, have it read again."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits.commenting import comment
from config.console.page import one
from config.scheduling import read_now
from items.labelling import label
from items.models import Item
from items.naming import technology_label
from items.watchers import watchers
from notifications.watching import stop_watching, watch


@require_POST
def item_comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a remark on the item, or on the revision that was sent with it."""
    item: Item = one(Item.objects.defer("config"), request, pk)
    revision = request.POST.get("revision", "")
    try:
        comment(
            item,
            request.POST.get("text", ""),
            request.user,
            revision=int(revision) if revision.isdigit() and len(revision) < 18 else None,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(item, "#story")


@require_POST
def item_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the slice that the item is in read as soon as a worker is free."""
    item: Item = one(Item.objects.select_related("account").defer("config"), request, pk)
    if not may_read(item, request.user):
        raise PermissionDenied
    read_now(item.account, item.technology)
    label = technology_label(item.technology)
    messages.success(
        request, f"Every {label} of {item.account} is read as soon as a worker is free."
    )
    return _back(item)


@require_POST
def item_label(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the item the labels that were sent, commas between, and no others."""
    item: Item = one(Item.objects.defer("config"), request, pk)
    try:
        label(item, request.POST.get("labels", "").split(","), request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(item)


@require_POST
def item_watch(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the person of whatever happens to the item, or no longer."""
    item: Item = one(Item.objects.defer("config"), request, pk)
    if request.POST.get("stop"):
        stop_watching(item, request.user)
        messages.success(request, "You no longer watch it.")
        return _back(item)
    try:
        watch(item, request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "You are mailed whatever happens to it.")
    return _back(item)


def may_read(item: Item, user: Any) -> bool:
    """Say whether the person may have the item's account read, and whether it is read at all."""
    watched = item.account.active and not (item.account.third_party or item.account.archived_at)
    return (
        watched
        and item.technology in watchers
        and bool(user.has_perm("accounts.scan_account", item.account))
    )


def _back(item: Item, part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:items_item_change", args=[item.pk]) + part)
