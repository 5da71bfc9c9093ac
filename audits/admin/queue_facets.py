"""By what the queue is divided, filtered and ordered."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import Choice, Facet, Order, Tabs
from accounts.admin.facets import NONE
from accounts.grouping import grouped
from accounts.models import Account
from accounts.moments import moment_of, page_time
from accounts.recalling import recall
from accounts.seeing import granted
from audits.due import Policies, due_at, due_before, due_days, late
from audits.models import severity
from audits.waiting import waiting
from items.admin import TechnologyFacet
from items.label_facet import LabelFacet

Answer = TypeVar("Answer")
WEEK = timedelta(days=7)
# How the address calls whoever asks, so that a saved view is everybody's own.
ME = "me"


def once(request: HttpRequest, ask: Callable[..., Answer], *about: Any) -> Answer:
    """Return an answer that is asked for once a request."""
    kept = request.__dict__.setdefault("_asked_once", {})
    if (ask, *about) not in kept:
        kept[ask, *about] = ask(*about)
    return kept[ask, *about]


def policies(request: HttpRequest) -> Policies:
    """Return in how many days each severity is to be decided, at the moment of the page."""
    moment = moment_of(request)
    return once(request, due_days, None if moment.now else moment.at)


def my_accounts(request: HttpRequest) -> list[int]:
    """Return the accounts of the groups that the person is granted to review."""
    scope = granted(request.user).get("audits.review_issue", set())
    groups = [group for group in scope if group is not None]
    kept: dict[str, list[int]] = request.__dict__.setdefault("_my_accounts", {})
    if "pks" not in kept:
        rows = Account.objects.filter(groups__in=groups).order_by("pk").distinct()
        kept["pks"] = list(rows.values_list("pk", flat=True)) if groups else []
    return kept["pks"]


class IssueState(Tabs):
    title = "state"
    parameter_name = "state"
    conditions = {
        "open": ("open", lambda: Q(fixed_at=None, justified=False)),
        "waiting": ("waiting for approval", waiting),
        "justified": ("justified", lambda: Q(fixed_at=None, justified=True)),
        "closed": ("closed this week", lambda: Q(fixed_at__gte=timezone.now() - WEEK)),
        "unknown": ("unknown", lambda: Q(fixed_at=None, unknown=True)),
        "fixed": ("fixed", lambda: Q(fixed_at__isnull=False)),
        "all": ("all", lambda: Q()),
    }
    # What is found under an address only, and never ends growing.
    by_address = ("fixed", "all")

    def condition(self, chosen: list[str]) -> Q:
        return once(self.request, self.conditions[chosen[0]][1])

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        shown = [value for value in self.conditions if value not in self.by_address]
        lately = rows.filter(Q(fixed_at=None) | Q(fixed_at__gte=timezone.now() - WEEK))
        counts = lately.order_by().aggregate(
            **{value: Count("pk", filter=self.condition([value])) for value in shown}
        )
        return [(value, self.conditions[value][0], counts[value]) for value in shown]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from super().choices(changelist)
        on = self.chosen()[0]
        if on in self.by_address:
            here = self.linked(changelist, on)
            name, count = self.conditions[on][0], changelist.result_count
            yield {"selected": True, "query_string": here, "display": name, "count": count}


class SeverityFacet(Choice):
    title = "severity"
    parameter_name = "severity"
    conditions = {
        "critical": ("critical", lambda: Q(score__gte=9)),
        "high": ("high", lambda: Q(score__range=(7, 8))),
        "medium": ("medium", lambda: Q(score__range=(4, 6))),
        "low": ("low", lambda: Q(score__range=(1, 3))),
        "information": ("information", lambda: Q(score=0)),
    }

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Of the past read each score once: it must be looked up."""
        score = self.stand_ins.get("score")
        if score is None:
            return super().counted(rows)
        by_word: dict[str, int] = dict.fromkeys(self.conditions, 0)
        for value, count in rows.order_by().values_list(score).annotate(n=Count("pk")):
            by_word[severity(value)] += count
        return [(word, name, by_word[word]) for word, (name, _) in self.conditions.items()]


class GroupFacet(Facet):
    title = "account group"
    parameter_name = "group"
    path = "account__groups"
    names = "account__groups__name"

    def condition(self, chosen: list[str]) -> Q:
        moment = moment_of(self.request)
        at = None if moment.now else moment.at
        named = Q(id__in=[one for one in chosen if one != NONE])
        holds = Q(account__in=grouped(named, at))
        if NONE in chosen:
            holds |= ~Q(account__in=grouped(Q(), at))
        return holds

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Of the past count by the groups of then."""
        moment = moment_of(self.request)
        if moment.now:
            return super().counted(rows)
        by_account = dict(rows.order_by().values_list("account_id").annotate(n=Count("pk")))
        counts: dict[tuple[str, str], int] = {}
        for account in recall(Account, moment.at).filter(id__in=by_account):
            for group in account.groups.all() or [None]:
                key = (str(group.pk), group.name) if group else (NONE, NONE)
                counts[key] = counts.get(key, 0) + by_account[account.pk]
        found = [(value, name, count) for (value, name), count in counts.items()]
        return sorted(found, key=lambda one: (-one[2], one[1]))


class IssueTechnologyFacet(TechnologyFacet):
    path = "technology"


class IssueLabelFacet(LabelFacet):
    path = "item__labels__name"
    item = "item"


class DueFacet(Choice):
    title = "due"
    parameter_name = "due"
    names_of = {"late": "late", "week": "this week"}

    @classmethod
    def values(cls) -> tuple[str, ...]:
        return tuple(cls.names_of)

    def _holds(self, value: str) -> Q:
        known, today = policies(self.request), timezone.localdate(page_time())
        late_now = value == "late"
        return self.then(late(known) if late_now else due_before(today + WEEK, known, today))

    def condition(self, chosen: list[str]) -> Q:
        together = Q(pk__in=[])
        for value in chosen:
            together |= self._holds(value)
        return together

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        counts = rows.order_by().aggregate(
            **{value: Count("pk", filter=self._holds(value)) for value in self.names_of}
        )
        return [(value, name, counts[value]) for value, name in self.names_of.items()]


class AssigneeFacet(Facet):
    title = "assigned to"
    parameter_name = "assignee"
    path = "assignee_id"
    names = "assignee__username"
    also = (ME, NONE)

    def condition(self, chosen: list[str]) -> Q:
        mine = str(self.request.user.pk)
        return super().condition([mine if value == ME else value for value in chosen])

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        """Count the person's own first, then what nobody has."""
        mine = str(self.request.user.pk)
        found = [
            (ME, f"me ({name})", count) if value == mine else (value, name, count)
            for value, name, count in super().counted(rows)
        ]
        if [value for value, _, _ in found] == [NONE]:
            return []  # Nothing is assigned: nothing to choose among.
        return sorted(found, key=lambda one: (one[0] != ME, one[0] != NONE))

    def called(self, name: Any) -> str:
        return str(name or "nobody")


class AgeFacet(Choice):
    title = "open since"
    parameter_name = "age"
    conditions = {
        "day": ("the last day", lambda: Q(opened_at__gte=_ago(1))),
        "week": ("the last 7 days", lambda: Q(opened_at__gte=_ago(7))),
        "month": ("the last 30 days", lambda: Q(opened_at__gte=_ago(30))),
        "older": ("more than 30 days", lambda: Q(opened_at__lt=_ago(30))),
    }


def _ago(days: int) -> Any:
    return page_time() - timedelta(days=days)


class IssueOrder(Order):
    """Mine are those assigned to me, and those in accounts of groups that I review."""

    orders = {
        "mine": ("mine first", ("-score", "opened_at", "pk")),
        "worst": ("worst first", ("-score", "opened_at", "pk")),
        "due": ("due first", ("-score", "opened_at", "pk")),
        "newest": ("newest first", ("-opened_at", "-score", "pk")),
        "oldest": ("oldest first", ("opened_at", "-score", "pk")),
    }

    @classmethod
    def fields(cls, request: HttpRequest) -> tuple[Any, ...]:
        fields = super().fields(request)
        asked = request.GET.get("order", "mine")
        if asked == "due":
            return (due_at(policies(request)).asc(nulls_last=True), *fields)
        if asked == "mine" or asked not in cls.orders:
            mine = Q(account__in=my_accounts(request))
            if moment_of(request).now:  # Who was to decide is not kept.
                mine |= Q(assignee=request.user.pk)
            first = Case(When(mine, then=Value(0)), default=Value(1), output_field=IntegerField())
            return (first.asc(), *fields)
        return fields
