"""The console's pages of items, and of how they are read: runs, gaps and settings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Case, F, Prefetch, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin import Choice, Facet, HistoryAdmin, ReadOnlyAdmin, Tabs, facet, tag
from accounts.moments import moment_of, page_time
from accounts.recalling import as_they_were, known_by
from items.label_facet import LabelFacet
from items.models import Gap, IgnoredName, Item, Run, WatcherSetting
from items.naming import technology_label
from items.recalling import absent, called, changed_within, items_at
from items.watchers import watchers

ACCOUNT = facet("account", "account", "account_id", "account__name")


class TechnologyFacet(Facet):
    title = "technology"
    parameter_name = "technology"
    path = "technology"

    def called(self, name: Any) -> str:
        return technology_label(str(name))


class TechnologyForm(forms.ModelForm):
    """A form whose technology is chosen, not typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "technology" in self.fields:
            self.fields["technology"] = technology_field(self.instance.technology)


def technology_field(present: str = "") -> forms.ChoiceField:
    """Return a choice among all technologies; one that is not known any more stays choosable."""
    known = {key: technology_label(key) for key in watchers if key in watchers}
    if present:
        known.setdefault(present, present)
    choices = sorted(known.items(), key=lambda one: one[1].lower())
    return forms.ChoiceField(
        choices=[("", "Choose one"), *choices], widget=UnfoldAdminSelectWidget()
    )


# -- items ------------------------------------------------------------------------------------


class ItemState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    exhaustive = True
    conditions = {
        "there": ("living", lambda: Q(gone_at=None)),
        "gone": ("gone", lambda: Q(gone_at__isnull=False)),
    }

    def holds(self, value: str) -> Q:
        moment = moment_of(self.request)
        if moment.now:
            return super().holds(value)
        return absent(moment.at) if value == "gone" else ~absent(moment.at)

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        past = not moment_of(self.request).now
        return self.counted_apart(rows) if past else super().counted(rows)

    @property
    def first(self) -> str:
        """Who searches finds what is gone, too."""
        return "all" if self.request.GET.get(SEARCH_VAR, "").strip() else super().first


def _days_ago(days: int) -> datetime:
    return page_time() - timedelta(days=days)


class ChangedFacet(Choice):
    title = "changed"
    parameter_name = "changed"
    conditions = {
        "day": ("in the last day", lambda: Q(changed_at__gte=_days_ago(1))),
        "week": ("in the last week", lambda: Q(changed_at__gte=_days_ago(7))),
        "month": ("in the last month", lambda: Q(changed_at__gte=_days_ago(30))),
    }
    days: ClassVar[Mapping[str, int]] = {"day": 1, "week": 7, "month": 30}

    def holds(self, value: str) -> Q:
        moment = moment_of(self.request)
        if moment.now:
            return super().holds(value)
        return changed_within(_days_ago(self.days[value]), moment.at)

    def counted(self, rows: QuerySet[Any]) -> list[tuple[str, str, int]]:
        past = not moment_of(self.request).now
        return self.counted_apart(rows) if past else super().counted(rows)


class ReadFacet(Choice):
    kept = False
    title = "read"
    parameter_name = "read"
    conditions = {
        "whole": ("completely", lambda: Q(unread={})),
        "part": ("only in part", lambda: ~Q(unread={})),
    }


class ItemAdmin(ReadOnlyAdmin):
    list_display: tuple[str, ...] = (
        "called",
        "technology_name",
        "account_name",
        "where",
        "state",
        "changed_at",
    )
    list_filter = (
        ItemState,
        ACCOUNT,
        TechnologyFacet,
        facet("region", "region", "region"),
        LabelFacet,
        ChangedFacet,
        ReadFacet,
    )
    list_select_related = ("account",)
    search_fields = ("name", "uid", "full_name")
    search_help_text = "Name, id or full name"
    also_exported = ("uid", "full_name", "place", "first_seen", "last_seen", "gone_at")
    ordering = ("technology", "name", "pk")
    nothing_yet = "Items appear when an account was read for the first time."

    def then(self, moment: datetime) -> QuerySet[Any]:
        return items_at(moment)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        rows = super().get_queryset(request).defer("config")
        if not moment_of(request).now:
            return rows  # Labels are of now.
        return rows.prefetch_related(Prefetch("labels", to_attr="labelled"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        moment = moment_of(request)
        if moment.now:
            return super().get_search_results(request, queryset, search_term)
        for bit in search_term.replace("\0", "").split():
            queryset = queryset.filter(called(bit, moment.at))
        return queryset, False

    @display(description="Name", ordering="name")
    def called(self, item: Item) -> str:
        labels = [(label.name,) for label in getattr(item, "labelled", ())]
        chip = '<span class="aside break information soft tag">{}</span>'
        return two_lines(item.name or item.uid, item.uid) + format_html_join(" ", chip, labels)

    @display(description="Technology", ordering="technology")
    def technology_name(self, item: Item) -> str:
        return technology_label(item.technology)

    @display(description="Account", ordering="account__name")
    def account_name(self, item: Item) -> str:
        return item.account.name

    @display(description="Region", ordering="region")
    def where(self, item: Item) -> str:
        return item.region or item.place

    @display(description="State", ordering="gone_at")
    def state(self, item: Item) -> str:
        if item.gone_at:
            return tag("information", "gone")
        if item.unread and not hasattr(item, "state"):  # Of the past that was not kept.
            return tag("medium", "read in part")
        return tag("good", "living")


def two_lines(name: str, below: str) -> str:
    """Return a name with what is known beside it; both may come from a cloud."""
    if name == below:
        return format_html('<span class="break">{}</span>', name)
    return format_html(
        '<span class="break">{}</span>'
        '<span class="block break font-normal mono text-subtle">{}</span>',
        name,
        below,
    )


# -- reading ----------------------------------------------------------------------------------


class RunState(Tabs):
    title = "state"
    parameter_name = "state"
    conditions = {
        "all": ("all", lambda: Q(pk__isnull=False)),
        "running": ("running", lambda: Q(state=Run.State.RUNNING)),
        "done": ("done", lambda: Q(state=Run.State.DONE)),
        "failed": ("failed", lambda: Q(state=Run.State.FAILED)),
    }


class RunKind(Choice):
    title = "kind"
    parameter_name = "kind"
    conditions = {
        "looked": ("looked", lambda: Q(kind=Run.Kind.LOOKED)),
        "judged": ("judged", lambda: Q(kind=Run.Kind.JUDGED)),
        "pushed": ("sent by a program", lambda: Q(kind=Run.Kind.PUSHED)),
    }


class RunStart(Choice):
    title = "started"
    parameter_name = "started"
    conditions = {
        "day": (
            "in the last 24 hours",
            lambda: Q(started_at__gte=_days_ago(1)),
        ),
        "week": (
            "in the last 7 days",
            lambda: Q(started_at__gte=_days_ago(7)),
        ),
    }


class RunGaps(Choice):
    title = "gaps"
    parameter_name = "gaps"
    conditions = {
        "some": ("with gaps", lambda: Q(gaps__gt=0)),
        "none": ("without", lambda: Q(gaps=0)),
    }


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "technology_name",
        "account",
        "kind",
        "ended",
        "found",
        "what_changed",
        "gaps",
    )
    list_filter = (RunState, ACCOUNT, TechnologyFacet, RunKind, RunStart, RunGaps)
    list_select_related = ("account",)
    search_fields = ("technology", "account__name", "error")
    ordering = ("-started_at", "-pk")
    stand_ins: ClassVar[Mapping[str, str]] = {"ended_at": "ended_at_then", "state": "state_then"}
    partly_kept = "Of a run that went on then, the numbers are those that it ended with."
    list_intro = "One look at one technology of one account, or a judging of what is stored."
    nothing_yet = "Nothing has been read yet. The worker begins within a minute."
    fields = (
        "account",
        "technology",
        "kind",
        "state",
        "started_at",
        "ended_at",
        "found",
        "created",
        "changed",
        "gone",
        "gaps",
        "error",
    )

    def then(self, moment: datetime) -> QuerySet[Any]:
        """Return the runs that had begun; of one that went on only its beginning was known."""
        return as_they_were(
            Run.objects.filter(started_at__lte=moment).annotate(
                ended_at_then=known_by(moment, "ended_at"),
                state_then=Case(
                    When(ended_at__gt=moment, then=Value(Run.State.RUNNING)),
                    default=F("state"),
                ),
            ),
            self.stand_ins,
        )

    @display(description="Technology", ordering="technology")
    def technology_name(self, run: Run) -> str:
        return technology_label(run.technology)

    @display(description="Ended", ordering="state")
    def ended(self, run: Run) -> str:
        if run.state == Run.State.RUNNING:
            return tag("low", "running")
        if run.state == Run.State.FAILED:
            reason = run.error.splitlines()[0][:120] if run.error else ""
            return format_html(
                '<span class="critical soft tag">failed</span> <span class="small">{}</span>',
                reason,
            )
        seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0
        return format_html(
            '<span class="nowrap">{} {} s</span>', tag("good", "done"), f"{seconds:.1f}"
        )

    @display(description="New, changed, gone")
    def what_changed(self, run: Run) -> str:
        return f"{run.created}, {run.changed}, {run.gone}"


class GapState(Tabs):
    title = "state"
    parameter_name = "state"
    everything = "all"
    conditions = {
        "open": ("open", lambda: Q(until=None)),
        "closed": ("closed", lambda: Q(until__isnull=False)),
    }


@admin.register(Gap)
class GapAdmin(ReadOnlyAdmin):
    list_display = ("what", "account", "where", "why", "mend", "count", "since")
    list_filter = (
        GapState,
        ACCOUNT,
        TechnologyFacet,
        facet("reason", "code", "code"),
        facet("place", "place", "place"),
    )
    list_select_related = ("account",)
    search_fields = ("operation", "code", "reason", "permission")
    stand_ins: ClassVar[Mapping[str, str]] = {"until": "until_then"}
    partly_kept = "How many items a gap concerns is what was counted last."
    list_intro = "What could not be read is unknown: nothing in it is taken for gone or for right."
    nothing_yet = "Everything that was asked for could be read."
    fields = (
        "account",
        "technology",
        "place",
        "part",
        "operation",
        "code",
        "reason",
        "permission",
        "count",
        "names",
        "since",
        "seen_at",
        "until",
    )

    def then(self, moment: datetime) -> QuerySet[Any]:
        rows = Gap.objects.filter(since__lte=moment)
        ended = known_by(moment, "until")
        return as_they_were(rows.annotate(until_then=ended), self.stand_ins)

    @display(description="What", ordering="technology")
    def what(self, gap: Gap) -> str:
        return two_lines(technology_label(gap.technology), gap.part or "the list itself")

    @display(description="Where", ordering="place")
    def where(self, gap: Gap) -> str:
        return gap.place or "everywhere"

    @display(description="Why", ordering="code")
    def why(self, gap: Gap) -> str:
        return format_html(
            '<span class="mono" title="{}">{}: {}</span>', gap.reason, gap.operation, gap.code
        )

    @display(description="What would mend it", ordering="permission")
    def mend(self, gap: Gap) -> str:
        return (
            format_html('<span class="mono">{}</span>', gap.permission) if gap.permission else "-"
        )


# -- settings ---------------------------------------------------------------------------------


class WatcherSettingForm(TechnologyForm):
    limited = False

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.limited and not self.cleaned_data.get("account"):
            self.add_error("account", "Choose one of your accounts; all is not yours to set.")
        return cleaned


@admin.register(WatcherSetting)
class WatcherSettingAdmin(HistoryAdmin):
    form = WatcherSettingForm
    names_accounts = ("account",)
    list_display = ("technology_name", "for_account", "on", "every", "ephemeral")
    list_filter = (TechnologyFacet, ACCOUNT)
    list_select_related = ("account",)
    search_fields = ("technology",)
    list_intro = "How often a technology is read. What stands for one account goes before all."
    nothing_yet = "Everything is read at the usual pace. Set another pace, or leave something out."

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        limited = self.limited(request.user, "change" if change else "add")
        kwargs["form"] = type("Form", (WatcherSettingForm,), {"limited": limited})
        return super().get_form(request, obj, change, **kwargs)

    @display(description="Technology", ordering="technology")
    def technology_name(self, setting: WatcherSetting) -> str:
        return technology_label(setting.technology)

    @display(description="Account", ordering="account__name")
    def for_account(self, setting: WatcherSetting) -> str:
        return str(setting.account or "all accounts")

    @display(description="Every", ordering="interval")
    def every(self, setting: WatcherSetting) -> str:
        return f"{setting.interval} seconds" if setting.interval else "as usual"


@admin.register(IgnoredName)
class IgnoredNameAdmin(HistoryAdmin):
    form = TechnologyForm
    list_display = ("pattern", "technology_name", "reason")
    list_filter = (TechnologyFacet,)
    search_fields = ("pattern", "reason")
    list_intro = "Things that are not recorded, by their name."

    @display(description="Technology", ordering="technology")
    def technology_name(self, ignored: IgnoredName) -> str:
        return technology_label(ignored.technology)
