"""What a person is told of because they asked for it: one's own subscriptions, by mail."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from accounts.admin import GuardedAdmin
from config.console.own_mails import own_mails
from notifications.admin import OffersViews, SubscriptionAdmin
from notifications.describing import about
from notifications.forms import SubscriptionForm
from notifications.models import OwnSubscription
from notifications.notifiers import notifiers
from notifications.rehearsals import Rehearsing

# Of what is watched so many are named.
MOST = 100


class OwnSubscriptionForm(SubscriptionForm):
    """A subscription of the person who fills it in: to their own address, by mail."""

    way = notifiers["email"]
    person: ClassVar[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.owner = self.person
        self.instance.notifier, self.instance.address = self.way.key, self.person.email


@admin.register(OwnSubscription)
class OwnSubscriptionAdmin(OffersViews, Rehearsing, GuardedAdmin):
    change_list_template = "console/own_subscriptions.html"
    change_form_template = "console/own_subscription.html"
    list_display = ("name", "about", "told_of", "often", "on")
    search_fields = ("name",)
    list_intro = "What you are mailed because you asked for it, within what you may see."
    rows_called = "subscriptions"
    nothing_yet = "Add one, or watch an item on its page."
    shows_past = False
    told_of = SubscriptionAdmin.told_of

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnSubscription]:
        rows: QuerySet[OwnSubscription] = super().get_queryset(request)
        rows = rows.filter(owner=request.user.pk).select_related("view", "framework")
        return rows.prefetch_related("accounts", "groups", "rules__active")

    def may(self, request: HttpRequest, to: str, obj: Any = None) -> bool:
        """Let a person view and change their own, whoever else may see the same."""
        if obj is not None and not self._mine(request).filter(pk=getattr(obj, "pk", obj)).exists():
            return False
        return bool(request.user.has_perm(self.permission(to)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "email", "")) and super().has_add_permission(request)

    def _mine(self, request: HttpRequest) -> QuerySet[OwnSubscription]:
        return OwnSubscription.objects.filter(owner=request.user.pk)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        more = {"mails": own_mails(request.user)}
        return super().changelist_view(request, more | (extra_context or {}))

    def keeps_history(self, request: HttpRequest) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = type("Form", (OwnSubscriptionForm,), {"person": request.user})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict]]:
        first = ["name", "mailed_to", "on"]
        if obj and obj.watching:
            _, told_of, often = SubscriptionAdmin.about_what
            return [(None, {"fields": [*first, "watched"]}), told_of, often]
        return [(None, {"fields": first}), *SubscriptionAdmin.about_what]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("mailed_to", "watched") if obj and obj.watching else ("mailed_to",)

    @display(description="About")
    def about(self, told: OwnSubscription) -> Any:
        return "what you watch" if told.watching else about(told)

    @display(description="Mailed to")
    def mailed_to(self, told: OwnSubscription) -> str:
        return told.address or "your address"

    @display(description="Items")
    def watched(self, told: OwnSubscription) -> str:
        rows = told.items.defer("config").order_by("name", "pk")[:MOST]
        names = ((reverse("admin:items_item_change", args=[one.pk]), one) for one in rows)
        listed = format_html_join(", ", '<a href="{}">{}</a>', names)
        return listed or format_html("{}", "None. Watch one on its page.")
