"""The change inbox: changes that wait for a reviewer's word, and what was said of the others."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.decorators import action, display

from accounts.admin import ReadOnlyAdmin, Tabs, facet
from accounts.moments import page_time
from accounts.recalling import as_they_were, renamed
from accounts.seeing import visible
from audits.inbox import STAND_INS, changes_at, expected, lines_of, overdue, question
from audits.models import ChangeReview
from items.admin import TechnologyFacet
from items.models import Item
from items.preceding import what_stood_before
from items.revisions import Numbered
from notifications.telling import tell_of_questions

# Lines of a difference that a row shows.
MOST_LINES = 6


class InboxState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "waiting": ("waiting", lambda: Q(state=ChangeReview.State.WAITING)),
        "overdue": ("overdue", lambda: overdue(page_time())),
        "questioned": ("questioned", lambda: Q(state=ChangeReview.State.QUESTIONED)),
        "expected": ("expected", lambda: Q(state=ChangeReview.State.EXPECTED)),
    }


class ChangeTechnologyFacet(TechnologyFacet):
    path = "item__technology"


@admin.register(ChangeReview)
class InboxAdmin(ReadOnlyAdmin):
    """Every change of the accounts of which each is looked at."""

    change_list_template = "console/inbox.html"
    list_display = (
        "item_name",
        "kind",
        "account",
        "since",
        "state",
        "ticket",
        "text",
        "decided_by",
        "at",
    )
    list_filter = (
        InboxState,
        facet("account", "account", "item__account_id", "item__account__name"),
        facet("change", "kind", "kind"),
        ChangeTechnologyFacet,
        facet("decided by", "by", "by_id", "by__username"),
    )
    list_select_related = ("item__account", "by")
    stand_ins = STAND_INS
    search_fields = ("item__name", "item__uid", "item__full_name", "ticket", "text")
    search_help_text = "Item, ticket or words"
    ordering = ("since", "pk")
    actions = ("expect", "ask")
    actions_on_top = False  # The bar at the foot does what they do.
    list_intro = (
        "Accounts of groups of which every change is looked at: say which change was meant, or "
        "ask about it."
    )
    nothing_yet = (
        "Nothing waits. Changes come here from accounts of a group that is marked “every change "
        "waits for a reviewer”."
    )

    def then(self, moment: datetime) -> QuerySet[Any]:
        """Return the changes that had been seen, with what had been said of them."""
        rows = changes_at(moment)
        return as_they_were(rows, STAND_INS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeReview]:
        rows: QuerySet[ChangeReview] = super().get_queryset(request)
        return rows.defer("item__config")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("items.review_item"))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = {"title": "Change inbox"}
        response = super().changelist_view(request, title | (extra_context or {}))
        if isinstance(response, TemplateResponse) and "cl" in (response.context_data or {}):
            context: dict[str, Any] = response.context_data  # type: ignore[assignment]
            context["rows"] = _rows(context["cl"].result_list, request.user)
        return response

    @action(description="Expected", permissions=["review"])
    def expect(self, request: HttpRequest, rows: QuerySet[ChangeReview]) -> None:
        ticket, text = _sent(request, "ticket")[:300], _sent(request, "text")
        self._decide(request, lambda: expected(_keys(rows), request.user, ticket, text), rows)

    @action(description="Question", permissions=["review"])
    def ask(self, request: HttpRequest, rows: QuerySet[ChangeReview]) -> None:
        text = _sent(request, "text")

        def do() -> None:
            tell_of_questions(question(_keys(rows), request.user, text))

        self._decide(request, do, rows)

    def _decide(self, request: HttpRequest, do: Any, rows: QuerySet[ChangeReview]) -> None:
        count = rows.count()
        try:
            with transaction.atomic():
                do()
        except (ValidationError, PermissionDenied) as error:
            said = getattr(error, "messages", None) or [str(error)]
            self.message_user(request, " ".join(said), messages.ERROR)
            return
        what = "change is" if count == 1 else "changes are"
        word = "expected" if request.POST.get("action") == "expect" else "questioned"
        self.message_user(request, f"{count} {what} {word}.", messages.SUCCESS)

    @display(description="Item", ordering="item__name")
    def item_name(self, review: ChangeReview) -> str:
        return str(review.item)

    @display(description="Account", ordering="item__account__name")
    def account(self, review: ChangeReview) -> str:
        return review.item.account.name

    @display(description="By", ordering="by__username")
    def decided_by(self, review: ChangeReview) -> str:
        return str(review.by or "-")


def waiting(user: Any) -> QuerySet[ChangeReview]:
    """Return the changes in sight that wait."""
    return visible(ChangeReview.objects.filter(state=ChangeReview.State.WAITING), user)


def _keys(rows: QuerySet[ChangeReview]) -> list[ChangeReview]:
    """Return the rows without what the list reads along: they are read anew, locked."""
    return list(ChangeReview.objects.filter(pk__in=rows.order_by().values("pk")).only("pk"))


def _sent(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:2000]


def _rows(reviews: Any, user: Any) -> list[dict[str, Any]]:
    """Return each change with what differs; five queries, however many there are."""
    found = list(reviews)
    changed = what_stood_before(one.revision for one in found)
    pks = [one.pk for one in found]
    now = page_time()
    late = changes_at(now).filter(renamed(overdue(now), STAND_INS), pk__in=pks)
    late_ones = set(late.values_list("pk", flat=True))
    items = visible(Item.objects.all(), user, "review").filter(
        pk__in=[one.item_id for one in found]
    )
    mine = set(items.values_list("pk", flat=True))
    rows = []
    for one in found:
        about = changed.get(one.revision)
        lines = lines_of(one.item.technology, about) if about else []
        actor = about.actor if about else None
        rows.append(
            {
                "review": one,
                "lines": lines[:MOST_LINES],
                "more": max(0, len(lines) - MOST_LINES),
                "earlier": about.earlier if about else None,
                "who": Numbered(one.revision, 0, one.since, one.kind, actor, None),
                "late": one.pk in late_ones,
                "may": one.item_id in mine,
            }
        )
    return rows
