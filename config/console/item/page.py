"""The page of one item: what it is, what is wrong with it, and what it used to be."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse

from accounts.admin import Curtain
from accounts.models import Account, AccountGroup
from accounts.moments import Moment, moment_of
from accounts.recalling import recall
from accounts.seeing import visible
from audits.functions.shapes import TAG_KEYS, tags_of
from audits.models import BlindSpot, Issue
from config.console.item.difference import compared
from config.console.item.doing import may_read
from config.console.item.links import icon_of, known, used_by
from config.console.item.policies import policies_of
from config.console.item.story import story
from config.console.item.then import banner, blind, issues_of, item_then, not_yet, tried
from config.console.item.tree import marks_of, open_issues
from config.console.page import one, page
from items.fields import canonical_bytes
from items.labelling import labels_of
from items.models import Item
from items.naming import technology_label
from items.revisions import Numbered, element_names, numbered
from items.tree import lines
from items.watchers import watchers
from notifications.watching import is_watched

# Tags, and groups of the account, that are shown.
TAGS = 30
GROUPS = 5


def item_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an item, now or as it was at a moment; nothing of it can be changed here."""
    moment = moment_of(request)
    present: Item = one(Item.objects.select_related("account"), request, pk)
    item = item_then(present, moment)
    if item is None:
        return not_yet(request, present)
    past = None if moment.now else moment.at
    issues = open_issues(item, request.user, moment)
    revisions = numbered(item, past)
    given = request.GET
    marks = marks_of(item.config, item.technology, issues)
    size = len(canonical_bytes(item.config))
    tree = list(lines(item.config, marks, element_names(item.technology)))
    context = {
        "crumb": ("Items", reverse("admin:items_item_changelist")),
        "scripts": [static("vervet/item.js")],
        "item": item,
        "missing": watchers.why_not(item.technology),
        "groups": _groups(item, request.user, past),
        "facts": _facts(item, revisions),
        "tags": _tags(item.config),
        "labels": labels_of(item) if moment.now else [],
        **_wrong(item, request.user, issues, moment),
        **banner(request, item, moment),
        "icon": icon_of(item.technology),
        "tree": tree,
        "links": known(tree, request.user, item),
        "users": used_by(item, request.user, past, every="users" in given),
        "marked": len(marks),
        "policies": policies_of(item.config),
        "compared": compared(item, revisions, given.get("old", ""), given.get("new", "")),
        "story": story(item, request.user, revisions, _whole(given.get("from")), past, size),
        "may_start": request.user.has_perm("audits.add_rule"),
        "may_comment": request.user.has_perm("items.review_item", item),
        "may_read": may_read(item, request.user),
        "watched": is_watched(item, request.user),
    }
    return page(request, "item/page", str(item), context)


def _wrong(item: Item, user: Any, issues: list[Issue], moment: Moment) -> dict[str, Any]:
    """Return what is wrong, what could not be judged, and what could not be read."""
    curtain = Curtain(user)
    spots = visible(BlindSpot.objects.filter(blind(moment), item=item.pk), user)
    return {
        "issues": issues,
        "tried": tried(item, moment),
        "fixed": visible(issues_of(item, moment)[1], user).count(),
        "spots": [
            {"rule": spot.rule, "since": spot.since, "reason": curtain(spot.reason)}
            for spot in spots.select_related("rule__active").order_by("rule__key")
        ],
        "unread": [(part, curtain(why)) for part, why in sorted(item.unread.items())],
    }


def _tags(config: dict[str, Any]) -> list[tuple[str, Any]]:
    given = next((config[name] for name in TAG_KEYS if config.get(name)), None)
    return sorted(tags_of(given).items())[:TAGS] if given else []


def _groups(item: Item, user: Any, past: datetime | None) -> list[AccountGroup]:
    """Return the groups that the account is in, or was in then."""
    if not user.has_perm("accounts.view_accountgroup"):
        return []
    rows = Account.objects.all() if past is None else recall(Account, past)
    account = rows.filter(id=item.account_id).first()
    return list(account.groups.all()[:GROUPS]) if account else []


def _facts(item: Item, revisions: list[Numbered]) -> list[dict[str, Any]]:
    listed = reverse("admin:items_item_changelist")
    changed = f"revision {len(revisions)}" if revisions else ""
    return [
        {
            "name": "Technology",
            "value": technology_label(item.technology),
            "hint": item.technology,
            "link": f"{listed}?technology={item.technology}",
        },
        {
            "name": "Account",
            "value": item.account.name,
            "hint": item.account.identifier,
            "link": reverse("admin:accounts_account_change", args=[item.account_id]),
        },
        {"name": "Region", "value": item.region or item.place, "hint": f"listed in {item.place}"},
        {"name": "First seen", "moment": item.first_seen},
        {"name": "Gone since", "moment": item.gone_at}
        if item.gone_at
        else {"name": "Last read", "moment": item.last_seen},
        {"name": "Last changed", "moment": item.changed_at, "hint": changed},
    ]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else 0
