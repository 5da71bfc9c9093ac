"""Accounts, their groups, and the networks that somebody vouched for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.admin.base import HistoryAdmin, reach, tag
from accounts.admin.facets import Choice, Facet, Tabs, facet
from accounts.admin.forms import form_of
from accounts.admin.parameters import names_of
from accounts.discovering import discover
from accounts.ledger import enter
from accounts.models import Account, AccountGroup, KnownNetwork
from accounts.moments import moment_of, past_time
from accounts.recalling import named_then, recall
from accounts.seeing import visible
from accounts.states import differing, state
from accounts.types import types
from accounts.types.base import AccountType, Refused, stand_in


@dataclass(frozen=True)
class Doing:
    """A button on an account's page."""

    label: str
    icon: str
    permission: str
    """The first part of the permission's name: change, scan ..."""
    run: Callable[[Account], tuple[int, str]]
    """Does it; returns the level of the message and its text."""
    offered: Callable[[Account], bool] = lambda account: True
    deed: str = ""
    """What the ledger says was done; empty: nothing is, somebody only asks."""

    def done_by(self, person: Any, account: Account) -> tuple[int, str]:
        """Do it, and enter it where it is a deed."""
        if not self.deed:
            return self.run(account)
        with transaction.atomic():
            before = state(account)
            said = self.run(account)
            enter(person, self.deed, account, *differing(before, state(account)))
        return said


def test_connection(account: Account) -> tuple[int, str]:
    """Ask the provider who Vervet is in the account; tell what was refused where it is."""
    try:
        return messages.SUCCESS, f"It works: there Vervet is {types[account.type].whoami(account)}"
    except Refused as refused:
        return messages.ERROR, str(refused)
    except Exception as error:  # A fault of a plugin is told, like a refusal.
        return messages.ERROR, f"Asking failed: {type(error).__name__}: {error}"


def look_below(account: Account) -> tuple[int, str]:
    """Find the accounts below one at once."""
    try:
        discovery = discover(account)
    except Refused as refused:
        return messages.ERROR, str(refused)
    new = f"{len(discovery.new)} new" if discovery.new else "none new"
    return messages.SUCCESS, f"{discovery.found} found below {account}, {new}."


def switch(on: bool) -> Callable[[Account], tuple[int, str]]:
    """Return what switches an account on or off."""

    def run(account: Account) -> tuple[int, str]:
        account.active = on
        account.save()
        text = "is read again from now on." if on else "is not read any more. What was seen stays."
        return messages.SUCCESS, f"{account} {text}"

    return run


def archive(account: Account) -> tuple[int, str]:
    """Stop watching for good."""
    account.archive()
    return messages.SUCCESS, f"{account} is archived: not read any more, still to be looked up."


def bring_back(account: Account) -> tuple[int, str]:
    """Take an account out of the archive; it stays switched off."""
    account.archived_at = None
    account.save()
    return messages.SUCCESS, f"{account} is back. Switch it on when it is to be read."


def _watched(account: Account) -> bool:
    return not (account.third_party or account.archived_at)


def _testable(account: Account) -> bool:
    return _watched(account) and account.type in types


def finds(account: Account) -> str:
    """Return the type of the accounts that are found below one; empty: none are."""
    return types[account.type].finds if account.type in types else ""


DOINGS: Mapping[str, Doing] = {
    "test": Doing("Test connection", "cable", "change", test_connection, _testable),
    "below": Doing(
        "Find accounts",
        "account_tree",
        "change",
        look_below,
        lambda account: _watched(account) and bool(finds(account)),
    ),
    "off": Doing(
        "Switch off",
        "pause_circle",
        "change",
        switch(False),
        lambda account: _watched(account) and account.active,
        "switched off",
    ),
    "on": Doing(
        "Switch on",
        "play_circle",
        "change",
        switch(True),
        lambda account: _watched(account) and not account.active,
        "switched on",
    ),
    "archive": Doing(
        "Archive",
        "archive",
        "change",
        archive,
        lambda account: not account.archived_at,
        "archived",
    ),
    "back": Doing(
        "Bring back",
        "unarchive",
        "change",
        bring_back,
        lambda account: bool(account.archived_at),
        "brought back",
    ),
}


class AccountState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "watched": ("watched", lambda: Q(active=True, archived_at=None, third_party=False)),
        "off": ("switched off", lambda: Q(active=False, archived_at=None, third_party=False)),
        "known": ("only known", lambda: Q(third_party=True, archived_at=None)),
        "archived": ("archived", lambda: Q(archived_at__isnull=False)),
    }


class KindFacet(Facet):
    title = "kind"
    parameter_name = "kind"
    path = "type"

    def called(self, name: Any) -> str:
        return types[name].label if name in types else str(name)


class AccountAdmin(HistoryAdmin):
    stand_ins = {"groups": "historicalaccount_groups__accountgroup"}
    partly_kept = "Whether it was still listed below its parent then is not kept."
    list_display: tuple[str, ...] = (
        "called",
        "kind",
        "identifier",
        "group_names",
        "owner_mail",
        "state",
    )
    list_filter = (
        AccountState,
        KindFacet,
        facet("group", "group", "groups", "groups__name", many=True),
        facet("found below", "below", "parent", "parent__name"),
    )
    search_fields = ("name", "identifier", "owner_mail")
    search_help_text = "Name, number or owner"
    ordering = ("name",)
    actions: tuple[str, ...] = ("switch_on", "switch_off")
    change_form_template = "console/account.html"
    nothing_yet = "Add an account: Vervet then tells what to set up there, and begins to read it."
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget({"rows": 3})}}
    doings: ClassVar[Mapping[str, Doing]] = DOINGS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return super().get_queryset(request).prefetch_related("groups")

    # -- the form, which follows the type ----------------------------------------------------

    def type_of(self, request: HttpRequest, obj: Account | None) -> type[AccountType]:
        """Return the type that the form is for; raise Http404 on one that is not known."""
        key = obj.type if obj else request.POST.get("type") or request.GET.get("type")
        key = key or next(iter(types))
        if key in types:
            return types[key]
        if obj:
            return stand_in(key)
        raise Http404(f"There is no kind of account named {key}.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change what is known of an account whose type cannot check it."""
        known = not isinstance(obj, Account) or obj.type in types
        return known and super().has_change_permission(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        must_join = reach(request.user, self.permission("change" if change else "add"))
        kwargs["form"] = form_of(self.type_of(request, obj), must_join)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict]]:
        account_type = self.type_of(request, obj)
        first = ["name", "identifier", "groups", "owner_mail", "notes"]
        below = ["watches_found"] if account_type.finds else []
        asked = names_of(account_type.parameters)
        into = (f"How Vervet gets into {account_type.label}", {"fields": asked})
        return [
            (None, {"fields": (["kind"] if obj else ["type"]) + first}),
            *([into] if asked else []),
            ("Reading", {"fields": [*below, "active", "third_party", "calls_per_second"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("kind",) if obj else ()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        account = self.get_object(request, object_id) if object_id else None
        more: dict[str, Any] = {
            "kinds": [(key, types[key].label) for key in types if key in types],
            "kind": self.type_of(request, account),
        }
        if account:
            more["doings"] = self._offered(request, account)
            more["instructions"] = self._instructions(account)
            more["facts"] = self.facts(request, account)
            more["missing"] = types.why_not(account.type)
        return super().changeform_view(request, object_id, form_url, more | (extra_context or {}))

    def facts(self, request: HttpRequest, account: Account) -> list[dict[str, Any]]:
        """Return what the page says of the account beside its form."""
        facts: list[dict[str, Any]] = []
        moment = moment_of(request)
        rows = Account.objects.all() if moment.now else recall(Account, moment.at)
        seen = visible(rows, request.user)
        if account.parent and seen.filter(id=account.parent.pk).exists():
            link = reverse("admin:accounts_account_change", args=[account.parent.pk])
            facts.append({"name": "Found below", "value": account.parent, "link": link})
        if finds(account):
            below = seen.filter(parent=account).count()
            link = f"{reverse('admin:accounts_account_changelist')}?state=all&below={account.pk}"
            facts.append({"name": "Accounts below", "value": below, "link": link})
        return facts

    def _instructions(self, account: Account) -> str:
        if account.third_party or account.type not in types:
            return ""
        try:
            return types[account.type].instructions(account)
        except KeyError as missing:
            return f"Save the account first: {missing} is not known yet."
        except Exception as error:  # A fault of a plugin must not hide the account.
            return f"What to set up cannot be told: {type(error).__name__}: {error}"

    # -- buttons -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        do = path(
            "<int:object_id>/do/<slug:what>/",
            self.admin_site.admin_view(self.do_view),
            name="accounts_account_do",
        )
        return [do, *super().get_urls()]

    def do_view(self, request: HttpRequest, object_id: int, what: str) -> HttpResponse:
        """Do what a button says; only by POST, only where granted."""
        account = self.get_object(request, str(object_id))
        doing = self.doings.get(what)
        if account is None or doing is None:
            raise Http404
        if request.method != "POST" or not self._may_do(request, doing, account):
            raise PermissionDenied
        level, text = doing.done_by(request.user, account)
        self.message_user(request, text, level)
        return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account.pk]))

    def _may_do(self, request: HttpRequest, doing: Doing, account: Account) -> bool:
        return doing.offered(account) and self.may(request, doing.permission, account)

    def _offered(self, request: HttpRequest, account: Account) -> list[tuple[str, Doing]]:
        return [
            (what, doing)
            for what, doing in self.doings.items()
            if self._may_do(request, doing, account)
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # Accounts that were read are archived, one by one.
        return actions

    def _each(self, request: HttpRequest, rows: QuerySet[Account], what: str) -> None:
        doing = self.doings[what]
        chosen = self.acting(request, rows, doing.permission)
        done = [
            doing.done_by(request.user, account) for account in chosen if doing.offered(account)
        ]
        self.message_user(request, f"{doing.label}: {len(done)} of {len(chosen)}.")

    @action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Account]) -> None:
        self._each(request, rows, "on")

    @action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Account]) -> None:
        self._each(request, rows, "off")

    # -- columns -----------------------------------------------------------------------------

    @display(description="Name", ordering="name")
    def called(self, account: Account) -> str:
        return account.name

    @display(description="Kind", ordering="type")
    def kind(self, account: Account) -> str:
        return types[account.type].label if account.type in types else account.type

    @display(description="Groups")
    def group_names(self, account: Account) -> str:
        return ", ".join(group.name for group in account.groups.all()) or "-"

    @display(description="State")
    def state(self, account: Account) -> str:
        if account.archived_at:
            word, tone = "archived", "information"
        elif account.third_party:
            word, tone = "only known", "information"
        else:
            word, tone = ("watched", "good") if account.active else ("switched off", "medium")
        if _watched(account) and account.type not in types:
            word, tone = f"{word}, its plugin is missing", "medium"
        if account.missing_since and not account.archived_at and past_time() is None:
            word, tone = f"{word}, not listed any more", "medium"
        return tag(tone, word)


@admin.register(AccountGroup)
class AccountGroupAdmin(HistoryAdmin):
    list_display = ("name", "members", "notes")
    search_fields = ("name",)
    nothing_yet = "A group holds accounts that belong together; roles are granted for groups."

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountGroup]:
        rows: QuerySet[AccountGroup] = super().get_queryset(request)
        seen = visible(Account.objects.all(), request.user).values("pk")
        moment = moment_of(request)
        if moment.now:
            return rows.annotate(seen=Count("accounts", filter=Q(accounts__in=seen)))
        states = recall(Account, moment.at).filter(id__in=seen).values("pk")
        links = named_then(Account, "groups").objects.filter(history__in=states)
        held = links.filter(accountgroup=OuterRef("id")).values("accountgroup")
        count = held.annotate(n=Count("account")).values("n")
        return rows.annotate(seen=Coalesce(Subquery(count), 0))

    @display(description="Accounts", ordering="seen")
    def members(self, group: Any) -> str:
        link = f"{reverse('admin:accounts_account_changelist')}?state=all&group={group.pk}"
        return format_html('<a class="text-link" href="{}">{}</a>', link, group.seen)


class WhoseFacet(Choice):
    title = "whose"
    parameter_name = "whose"
    conditions = {
        "ours": ("ours", lambda: Q(whose="ours")),
        "third": ("third party", lambda: Q(whose="third party")),
    }


@admin.register(KnownNetwork)
class KnownNetworkAdmin(HistoryAdmin):
    list_display = ("cidr", "whose", "note")
    list_filter = (WhoseFacet,)
    search_fields = ("cidr", "note")
    nothing_yet = "Rules hold what is not known for unknown: add offices, VPNs and partners here."
