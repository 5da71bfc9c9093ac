"""Users, and what is granted to them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.admin.base import GuardedAdmin, GuardedInline, HistoryAdmin
from accounts.admin.facets import Choice, facet
from accounts.ledger import enter
from accounts.models import Grant, User
from accounts.states import state


class RoleByName:
    """Fields of a grant; its role is no link for those who may not open roles."""

    named: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may = request.user.has_perm("accounts.change_grant")
        return (*self.named, "role" if may else "role_name", "group")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("role_name",)

    @display(description="Role")
    def role_name(self, grant: Grant) -> str:
        return str(grant.role)


class GrantInline(RoleByName, GuardedInline):
    model = Grant
    extra = 1
    verbose_name = "grant"
    verbose_name_plural = "What this person may do: nothing until it is granted"


class UserFacet(Choice):
    title = "state"
    parameter_name = "state"
    conditions = {
        "administrators": ("administrators", lambda: Q(is_superuser=True, is_active=True)),
        "without": (
            "without a grant",
            lambda: Q(grants=None, is_superuser=False, is_active=True),
        ),
        "off": ("switched off", lambda: Q(is_active=False)),
    }


@admin.register(User)
class UserAdmin(DjangoUserAdmin, GuardedAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (GrantInline,)
    list_display = ("username", "full_name", "email", "grants", "last_login", "is_active")
    list_filter = (
        UserFacet,
        facet("role", "role", "grants__role", "grants__role__name", many=True),
    )
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who it is", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_superuser", "last_login", "date_joined"),
                "description": "An administrator may do everything. Everybody else sees nothing "
                "until it is granted below.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("grants__role", "grants__group")

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Change somebody's password; the ledger keeps that it was done, never the value."""
        kept = User.objects.filter(pk=id).first() if id.isdecimal() else None
        before = kept and state(kept, "password")
        answer = super().user_change_password(request, id, form_url)
        now = kept and User.objects.get(pk=kept.pk)
        if before and now and before != state(now, "password"):
            enter(request.user, "changed password", now, before, state(now, "password"))
        return answer

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    @display(description="Name", ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "-"

    @display(description="May do")
    def grants(self, user: User) -> str:
        if user.is_superuser:
            return "everything"
        grants = [f"{one.role} of {one.group or 'all accounts'}" for one in user.grants.all()]
        return ", ".join(grants) or "nothing"


@admin.register(Grant)
class GrantAdmin(RoleByName, HistoryAdmin):
    named = ("user",)
    list_display = ("user", "role", "accounts")
    list_filter = (
        facet("role", "role", "role_id", "role__name"),
        facet("accounts", "group", "group_id", "group__name"),
    )
    list_select_related = ("user", "role", "group")
    search_fields = ("user__username", "user__email", "group__name")
    autocomplete_fields = ("user",)
    nothing_yet = "A new user sees nothing until a role is granted, for a group of accounts or all."

    @display(description="Accounts", ordering="group__name")
    def accounts(self, grant: Grant) -> str:
        return str(grant.group or "all accounts")
