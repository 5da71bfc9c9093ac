"""The console's page of API tokens: one's own; administrators may revoke anybody's."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from knox.models import get_digest_token
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSingleDateWidget

from accounts.admin.base import GuardedAdmin, tag
from accounts.admin.facets import Tabs
from accounts.models import ApiToken
from accounts.narrowing import Scope
from accounts.states import state

SAID = ("name", "user", "scopes", "groups", "expiry")
# How many characters of a token are kept as they are, to find it by.
SHOWN = 8


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="It never does more than you may yourself.",
    )
    last_day = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget(),
        help_text="With the end of this day it ends. Nothing: when it is revoked.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "groups")

    def clean_last_day(self) -> Any:
        day = self.cleaned_data["last_day"]
        if day and day < timezone.localdate():
            raise ValidationError("That day has passed.")
        return day


class TokenState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "open": ("in use", lambda: Q(expiry=None) | Q(expiry__gt=timezone.now())),
        "ended": ("ended", lambda: Q(expiry__lte=timezone.now())),
    }


@admin.register(ApiToken)
class ApiTokenAdmin(GuardedAdmin):
    form = TokenForm
    list_display = ("name", "user", "begins", "for_what", "for_whom", "used", "ends")
    list_filter = (TokenState,)
    search_fields = ("name",)
    fields = ("name", "scopes", "groups", "last_day")
    list_intro = "With a token a program asks the API in your place. Delete one to revoke it."
    nothing_yet = "Add one for each program, so that each can be revoked by itself."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows = super().get_queryset(request).select_related("user").prefetch_related("groups")
        return rows if request.user.is_superuser else rows.filter(user=request.user.pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_theirs(request, obj)

    def _is_theirs(self, request: HttpRequest, obj: Any) -> bool:
        if not isinstance(obj, ApiToken):
            return True
        return bool(request.user.is_superuser) or obj.user_id == request.user.pk

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        known = ("name", "user", "begins", "for_what", "for_whom", "created", "used", "ends")
        return known if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def keeps_history(self, request: HttpRequest) -> bool:
        return False

    def said(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return state(row, *SAID)  # Never the digest.

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.user = request.user
        obj.digest, token = get_digest_token()
        obj.token_key = token[:SHOWN]
        day = form.cleaned_data["last_day"]
        obj.expiry = timezone.make_aware(datetime.combine(day, time.max)) if day else None
        super().save_model(request, obj, form, change)
        said = "Copy the token now, it is not shown again: {}"
        messages.warning(request, format_html(said, token))

    @display(description="Begins with")
    def begins(self, token: ApiToken) -> str:
        return format_html('<span class="mono">{}…</span>', token.token_key[:SHOWN])

    @display(description="For")
    def for_what(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @display(description="Accounts")
    def for_whom(self, token: ApiToken) -> str:
        return ", ".join(str(one) for one in token.groups.all()) or "all that its owner may see"

    @display(description="Last used", ordering="used_at")
    def used(self, token: ApiToken) -> Any:
        return token.used_at or "never"

    @display(description="Ends", ordering="expiry")
    def ends(self, token: ApiToken) -> Any:
        return tag("medium", "ended") if token.ended else token.expiry or "when revoked"
