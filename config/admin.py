"""Pages of the console that join apps, and of the tools beneath: roles, jobs, locked logins."""

from typing import Any
from urllib.parse import quote

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timesince import timesince
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.decorators import action, display

from accounts.admin import AccountAdmin, Doing, GuardedAdmin, ReadOnlyAdmin, chip, linked, tag
from accounts.admin.accounts import DOINGS
from accounts.models import Account
from accounts.moments import Moment, moment_of, page_time
from accounts.seeing import visible
from accounts.types import types
from audits.admin.queue_list import PageByKeys
from audits.models import Issue, severity
from audits.recalling import score_at
from audits.standing import at, failing
from config.console import inbox, own_subscriptions  # noqa: F401  (They register pages.)
from config.console.item.comparing import LETTERS, address
from config.console.item.then import items_banner
from config.roles import ROLES
from config.scheduling import scan_now
from items.admin import ItemAdmin
from items.models import Gap, Item, Run, Slice
from items.recalling import living_at
from notifications.concerning import stopped_by_owner
from notifications.models import Delivery


def _scan(account: Account) -> tuple[int, str]:
    scan_now([account])
    return messages.SUCCESS, f"{account} is read as soon as a worker is free."


def _stopped(request: HttpRequest, account: Account) -> list[dict[str, Any]]:
    """Say which mails the account's owner has stopped, where there are such."""
    stopped = stopped_by_owner(account.owner_mail)
    if not stopped:
        return []
    seen = admin.site.get_model_admin(Delivery).get_queryset(request)
    link = _list("notifications_delivery", f"?state=unwanted&q={quote(account.owner_mail)}")
    if not seen.filter(state=Delivery.State.UNWANTED, to__iexact=account.owner_mail).exists():
        link = ""  # Nothing was kept from them yet, or it is not for this person to see.
    return [{"name": "Mails the owner stopped", "value": ", ".join(stopped), "link": link}]


def _readable(account: Account) -> bool:
    watched = account.active and not (account.third_party or account.archived_at)
    return watched and account.type in types


SCAN = Doing("Scan now", "sync", "scan", _scan, _readable, "asked for a scan")


@admin.register(Account)
class WatchedAccountAdmin(AccountAdmin):
    """Accounts, with how fresh is what is known of them, and what is wrong there."""

    doings = {"scan": SCAN, **DOINGS}
    list_display = (
        "called",
        "kind",
        "identifier",
        "group_names",
        "state",
        "fresh",
        "gaps",
        "issues",
    )
    actions = ("scan_chosen", *AccountAdmin.actions)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        moment = moment_of(request)
        going_on = Q(until=None) if moment.now else at(moment.at)
        gaps = Gap.objects.filter(going_on, account=OuterRef("id"))
        unsettled = Issue.objects.unjustified() if moment.now else failing(moment.at)
        issues = unsettled.filter(account=OuterRef("id"))
        read = _read(moment).filter(account=OuterRef("id")).order_by().values("account")
        return (
            super()
            .get_queryset(request)
            .annotate(
                read_at=_one(read.annotate(n=Max("read_at" if moment.now else "started_at"))),
                gap_count=_one(gaps.order_by().values("account").annotate(n=Count("pk"))),
                issue_count=_one(issues.order_by().values("account").annotate(n=Count("pk"))),
            )
        )

    def has_scan_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "scan")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was seen stays: an account that was read is archived, not deleted."""
        if isinstance(obj, Account) and (obj.items.exists() or obj.runs.exists()):
            return False
        return super().has_delete_permission(request, obj)

    @action(description="Scan now", permissions=["scan"])
    def scan_chosen(self, request: HttpRequest, rows: QuerySet[Account]) -> None:
        self._each(request, rows, "scan")

    def facts(self, request: HttpRequest, account: Account) -> list[dict[str, Any]]:
        counted: Any = account
        link = f"?account={account.pk}"
        moment = moment_of(request)
        items: Any = Item.objects.living() if moment.now else living_at(moment.at)
        return [
            {"name": "Last read", "value": _ago(counted.read_at), "link": _list("items_run", link)},
            {
                "name": "Open gaps",
                "value": counted.gap_count or 0,
                "link": _list("items_gap", link),
            },
            {
                "name": "Open issues",
                "value": counted.issue_count or 0,
                "link": _list("audits_issue", link),
            },
            {
                "name": "Items",
                "value": items.filter(account=account.pk).count(),
                "link": _list("items_item", link),
            },
            *(_stopped(request, account) if moment.now else ()),
            *super().facts(request, account),
        ]

    @display(description="Last read", ordering="read_at")
    def fresh(self, account: Any) -> str:
        return _ago(account.read_at) if account.read_at or _readable(account) else "-"

    @display(description="Gaps", ordering="-gap_count")
    def gaps(self, account: Any) -> str:
        return _counted(account.gap_count, "items_gap", account)

    @display(description="Open issues", ordering="-issue_count")
    def issues(self, account: Any) -> str:
        return _counted(account.issue_count, "audits_issue", account)


@admin.register(Item)
class JudgedItemAdmin(ItemAdmin):
    """Items, each with the worst that is wrong with it."""

    paginator = PageByKeys
    list_display = (
        "called",
        "worst_issue",
        "technology_name",
        "account_name",
        "where",
        "state",
        "changed_at",
    )
    actions = ("compare_chosen",)

    @action(description="Compare")
    def compare_chosen(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        chosen = list(rows.order_by("pk").values_list("pk", flat=True)[: len(LETTERS) + 1])
        if not 1 < len(chosen) <= len(LETTERS):
            messages.error(request, "Choose two to four items to compare.")
            return None
        return HttpResponseRedirect(address([str(pk) for pk in chosen]))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        more = items_banner(request)
        return super().changelist_view(request, more | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        moment = moment_of(request)
        rows = Issue.objects.unjustified() if moment.now else failing(moment.at)
        issues = visible(rows, request.user).filter(item=OuterRef("pk"))
        score: Any = F("score") if moment.now else score_at(moment.at)
        worst = issues.order_by().values("item").annotate(n=Max(score))
        return super().get_queryset(request).annotate(worst=_one(worst))

    @display(description="Worst issue", ordering="-worst")
    def worst_issue(self, item: Any) -> str:
        return "-" if item.worst is None else chip(item.worst, severity(item.worst))


def _read(moment: Moment) -> QuerySet[Any]:
    """Return what tells when accounts were read; of the past the runs that had ended by then."""
    if moment.now:
        return Slice.objects.all()
    return Run.objects.filter(kind=Run.Kind.LOOKED, state=Run.State.DONE, ended_at__lte=moment.at)


def _one(counted: QuerySet[Any]) -> Subquery:
    return Subquery(counted.values("n")[:1])


def _ago(moment: Any) -> str:
    return f"{timesince(moment, page_time(), depth=1)} ago" if moment else "never"


def _list(model: str, query: str) -> str:
    return reverse(f"admin:{model}_changelist") + query


def _counted(count: int | None, model: str, account: Account) -> str:
    if not count:
        return "0"
    link = _list(model, f"?account={account.pk}")
    return linked(link, count)


# -- beneath ----------------------------------------------------------------------------------

for _model in (Group, Schedule, Success, Failure, OrmQ, AccessAttempt, AccessLog, AccessFailureLog):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, GuardedAdmin):  # type: ignore[misc]
    """Roles. Those that come with Vervet are filled after every migrate, so they are only shown."""

    list_display = ("name", "granted_to", "shipped")
    ordering = ("name",)
    list_intro = "A role says what may be done; a grant gives it to a person."
    filter_horizontal = ("permissions",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(people=Count("grants__user", distinct=True))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _shipped(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _shipped(obj) and super().has_delete_permission(request, obj)

    @display(description="Granted to", ordering="people")
    def granted_to(self, role: Any) -> str:
        link = f"{reverse('admin:accounts_grant_changelist')}?role={role.pk}"
        return format_html('<a class="text-link" href="{}">{}</a>', link, role.people)

    @display(description="Comes with Vervet", boolean=True)
    def shipped(self, role: Group) -> bool:
        return _shipped(role)


def _shipped(role: Any) -> bool:
    return isinstance(role, Group) and role.name in ROLES


class JobAdmin(ReadOnlyAdmin):
    list_display: tuple[str, ...] = ("func", "arguments", "started", "took")
    list_filter = ()
    search_fields = ("func", "name", "group")
    ordering = ("-stopped",)
    fields = ("id", "name", "func", "arguments", "started", "stopped", "attempt_count", "said")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields

    @display(description="Arguments")
    def arguments(self, job: Any) -> str:
        return ", ".join(map(str, job.args or ())) or "-"

    @display(description="Took")
    def took(self, job: Any) -> str:
        return f"{job.time_taken():.1f} s"

    @display(description="Result")
    def said(self, job: Any) -> str:
        return str(job.result or "-")[:4000]


@admin.register(Success)
class DoneJobAdmin(JobAdmin):
    list_intro = "The last jobs that the worker did."
    nothing_yet = "No worker has done anything yet: start one with manage.py work"


@admin.register(Failure)
class FailedJobAdmin(JobAdmin):
    list_display = ("func", "arguments", "started", "attempt_count", "fault")
    list_intro = "Jobs that ended with an error. What failed to be read is read again."
    nothing_yet = "No job has failed."

    @display(description="Error")
    def fault(self, job: Any) -> str:
        return (str(job.result or "").strip().splitlines() or ["-"])[-1][:200]


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "schedule_type", "minutes", "next_run", "last")
    list_intro = "What the worker does by itself."
    nothing_yet = "Nothing is scheduled, so nothing is read: start manage.py work"
    ordering = ("name",)
    fields = ("name", "func", "schedule_type", "minutes", "cron", "next_run", "repeats")

    @display(description="Last time")
    def last(self, schedule: Schedule) -> str:
        done = schedule.success()
        return {True: tag("good", "done"), False: tag("critical", "failed")}.get(done, "-")


@admin.register(AccessAttempt)
class LockedLoginAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    list_intro = "Logins that failed. Delete one, and that person may try again at once."
    nothing_yet = "No login has failed."
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)
