"""The console's pages of who is told, and of every mail that went out or still has to."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.urls import path
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.admin import Choice, Facet, HistoryAdmin, ReadOnlyAdmin, Tabs, facet, reach, tag
from accounts.admin.parameters import names_of
from accounts.seeing import visible
from audits.admin.views import in_reach as views_in_reach
from audits.models import Comment
from notifications.describing import about, told_of
from notifications.forms import form_of
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.notifiers.base import Notifier
from notifications.reach import STAND_INS, deliveries_in_reach, in_reach
from notifications.rehearsals import Rehearsing
from notifications.report.pages import ReportAdmin, week_view
from notifications.resending import SEND, send_again

__all__ = ["DeliveryAdmin", "ReportAdmin", "SubscriptionAdmin", "in_reach"]


class OnFacet(Choice):
    title = "state"
    parameter_name = "on"
    conditions = {"yes": ("on", lambda: Q(on=True)), "no": ("off", lambda: Q(on=False))}


class OffersViews:
    """Offers, of saved queries, those that the person may see."""

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        base: Any = super()
        rows: QuerySet[Any] | None = base.get_field_queryset(db, db_field, request)
        if db_field.name == "view" and rows is not None:
            return views_in_reach(rows, request.user)
        return rows


@admin.register(Subscription)
class SubscriptionAdmin(OffersViews, Rehearsing, HistoryAdmin):
    stand_ins = STAND_INS
    names_accounts = ("accounts",)
    change_form_template = "console/subscription.html"
    list_display = ("name", "whom", "told_by", "about", "told_of", "on")
    list_filter = (OnFacet, facet("account", "account", "accounts", "accounts__name", many=True))
    search_fields = ("name", "address")
    list_intro = "Who is told of changes and issues, as they happen and once a week."
    nothing_yet = "Nobody is told of anything yet. Any address will do; no login is needed."
    about_what = (
        (
            "About what",
            {
                "fields": (
                    "accounts",
                    "groups",
                    "technologies",
                    "labels",
                    "tags",
                    "rules",
                    "framework",
                    "view",
                )
            },
        ),
        (
            "Told of",
            {
                "fields": (
                    "issues",
                    "reopened",
                    "fixed",
                    "least_score",
                    "created",
                    "changed",
                    "gone",
                    "gaps",
                    "endings",
                    "rule_changes",
                    "weekly",
                    "weekly_quiet",
                    "weekly_pdf",
                )
            },
        ),
        (
            "How often",
            {
                "fields": (
                    "often",
                    "hour",
                    "weekday",
                    "zone",
                    "quiet_from",
                    "quiet_until",
                    "most_a_day",
                )
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        week = self.admin_site.admin_view(week_view)
        name = "notifications_subscription_report"
        return [path("<int:pk>/report/", week, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        rows = in_reach(rows, request.user).select_related("view", "framework", "owner")
        return rows.prefetch_related("accounts", "groups", "rules__active")

    # -- the form, which follows the notifier ------------------------------------------------

    def way_of(self, request: HttpRequest, obj: Subscription | None) -> type[Notifier]:
        """Return the notifier that the form is for; raise Http404 on one that is not known."""
        key = obj.notifier if obj else request.POST.get("notifier") or request.GET.get("notifier")
        key = key or next(iter(notifiers))
        if key in notifiers:
            return notifiers[key]
        if obj:
            return type("StandIn", (Notifier,), {"key": key, "label": key})
        raise Http404(f"There is no notifier named {key}.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change a subscription whose notifier cannot check it."""
        known = not isinstance(obj, Subscription) or obj.notifier in notifiers
        return known and super().has_change_permission(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        groups = reach(request.user, self.permission("change" if change else "add"))
        kwargs["form"] = form_of(self.way_of(request, obj), groups)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict]]:
        asked = names_of(self.way_of(request, obj).parameters)
        first = ["name", "told_by" if obj else "notifier", "address", *asked, "on"]
        return [(None, {"fields": first}), *self.about_what]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("told_by",) if obj else ()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        subscription = self.get_object(request, object_id) if object_id else None
        more: dict[str, Any] = {
            "ways": [(key, notifiers[key].label) for key in notifiers if key in notifiers],
            "way": self.way_of(request, subscription),
            "missing": notifiers.why_not(subscription.notifier) if subscription else "",
        }
        return super().changeform_view(request, object_id, form_url, more | (extra_context or {}))

    # -- columns -----------------------------------------------------------------------------

    @display(description="Address", ordering="address")
    def whom(self, subscription: Subscription) -> str:
        return format_html('<span class="long small">{}</span>', subscription.address)

    @display(description="Told by", ordering="notifier")
    def told_by(self, subscription: Subscription) -> str:
        key = subscription.notifier
        return notifiers[key].label if key in notifiers else f"{key} (missing)"

    @display(description="About")
    def about(self, subscription: Subscription) -> str:
        return about(subscription)

    @display(description="Told of")
    def told_of(self, subscription: Subscription) -> str:
        return told_of(subscription)


class DeliveryKind(Facet):
    title = "kind"
    parameter_name = "kind"
    path = "kind"

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(Delivery.Kind.values)

    def called(self, name: Any) -> str:
        return str(Delivery.Kind(name).label)


class DeliveryState(Tabs):
    title = "state"
    parameter_name = "state"
    conditions = {
        "all": ("all", lambda: Q(pk__isnull=False)),
        "waiting": (
            "waiting",
            lambda: Q(state__in=(Delivery.State.GATHERING, Delivery.State.SENDING)),
        ),
        "sent": ("sent", lambda: Q(state=Delivery.State.SENT)),
        "failed": ("given up", lambda: Q(state=Delivery.State.FAILED)),
        "unwanted": ("not wanted", lambda: Q(state=Delivery.State.UNWANTED)),
    }


TONES = {
    Delivery.State.GATHERING: "low",
    Delivery.State.SENDING: "low",
    Delivery.State.SENT: "good",
    Delivery.State.FAILED: "critical",
    Delivery.State.UNWANTED: "information",
}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "called",
        "whom",
        "kind",
        "status",
        "when",
        "last_fault",
    )
    list_filter = (
        DeliveryState,
        facet("subscription", "subscription", "subscription_id", "subscription__name"),
        DeliveryKind,
    )
    list_select_related = ("subscription", "person", "comment__item__account")
    search_fields = (
        "subject",
        "subscription__name",
        "subscription__address",
        "person__email",
        "to",
        "last_error",
    )
    ordering = ("-due_at", "-pk")
    list_intro = (
        "Every message, with what became of it. One that fails is tried again, ever more rarely. "
        "Not wanted: its reader has stopped such mails, or the subscription is off."
    )
    nothing_yet = "Nothing was sent yet."
    fields = (
        "subscription",
        "person",
        "kind",
        "status",
        "subject",
        "since",
        "due_at",
        "attempts",
        "last_error",
        "sent_at",
        "message_id",
    )
    readonly_fields = ("status",)
    actions = ("send_chosen_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SEND))

    @action(description="Send again", permissions=["send"])
    def send_chosen_again(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        chosen = Delivery.objects.filter(pk__in=rows.values("pk"))
        allowed = deliveries_in_reach(chosen, request.user, SEND)
        if allowed.count() != chosen.count():
            raise PermissionDenied("You may not send every one of the chosen messages again.")
        count = send_again(allowed, request.user)
        waiting = chosen.count() - count
        more = f" {waiting} still wait and stay as they are." if waiting else ""
        self.message_user(request, f"{count} are sent again within a minute.{more}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        seen = visible(Comment.objects.all(), request.user)
        said = Q(comment=None) | Q(comment__in=seen.values("pk"))
        return deliveries_in_reach(rows, request.user).filter(said)

    @display(description="Subject", ordering="subject")
    def called(self, delivery: Delivery) -> str:
        return delivery.subject or "not written"

    @display(description="To", ordering="subscription__address")
    def whom(self, delivery: Delivery) -> str:
        return format_html('<span class="long small">{}</span>', delivery.address)

    @display(description="State", ordering="state")
    def status(self, delivery: Delivery) -> str:
        state = Delivery.State(delivery.state)
        return tag(TONES[state], str(state.label))

    @display(description="Sent or due", ordering="due_at")
    def when(self, delivery: Delivery) -> datetime:
        return delivery.sent_at or delivery.due_at

    @display(description="Last error")
    def last_fault(self, delivery: Delivery) -> str:
        said = delivery.last_error[:160]
        return format_html('<span class="long small">{}</span>', said) if said else "-"
