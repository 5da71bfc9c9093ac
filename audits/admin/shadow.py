"""What versions in shadow find: no issues, for who decides whether the version should hold."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import Choice, Curtain, ReadOnlyAdmin, chip, facet, linked, tag
from audits.models import ShadowFinding, severity
from audits.packing import readable
from items.admin import TechnologyFacet


class ShadowTechnologyFacet(TechnologyFacet):
    path = "item__technology"


class AnswerFacet(Choice):
    title = "answer"
    parameter_name = "answer"
    conditions = {
        "found": ("found something", lambda: Q(unknown=False)),
        "unknown": ("has none", lambda: Q(unknown=True)),
    }


@admin.register(ShadowFinding)
class ShadowFindingAdmin(ReadOnlyAdmin):
    list_display = ("score_chip", "called", "item_link", "account")
    list_display_links = ("called",)
    list_filter = (
        facet("rule", "rule", "version__rule_id", "version__title"),
        facet("account", "account", "item__account_id", "item__account__name"),
        ShadowTechnologyFacet,
        AnswerFacet,
    )
    search_fields = ("notes", "version__title", "item__name", "item__uid", "item__full_name")
    ordering = ("-score", "-since", "pk")
    list_intro = (
        "What versions in shadow would find. It scores nothing, tells nobody, and goes when the "
        "version leaves the shadow."
    )
    nothing_yet = "Nothing is in shadow, or what is in shadow finds nothing."
    fields = ("version_link", "item_link", "account", "score_chip", "evidence_text", "since")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShadowFinding]:
        rows: QuerySet[ShadowFinding] = super().get_queryset(request)
        standing = rows.filter(pk__in=ShadowFinding.objects.standing().values("pk"))
        return standing.select_related("version__rule", "item__account").defer("item__config")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, self._notes(request), "since"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        first, *others = self.fields
        return [first, self._notes(request), *others]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_readonly_fields(request, obj)

    def _notes(self, request: HttpRequest) -> Callable[[ShadowFinding], str]:
        """Return the column of the notes; why there is no answer may name accounts."""
        curtain = Curtain(request.user)

        @display(description="What")
        def notes(row: ShadowFinding) -> str:
            text = curtain(row.notes)[:600] if row.unknown else row.notes
            return format_html('<span class="break small">{}</span>', text or "-")

        return notes

    @display(description="Score", ordering="-score")
    def score_chip(self, row: ShadowFinding) -> str:
        if row.unknown:
            return tag("medium", "no answer")
        return chip(row.score, severity(row.score))

    @display(description="Rule", ordering="version__title")
    def called(self, row: ShadowFinding) -> str:
        return f"{row.version.title}, version {row.version.number}"

    @display(description="Rule")
    def version_link(self, row: ShadowFinding) -> str:
        link = reverse("admin:audits_rule_version", args=[row.version.rule_id, row.version.number])
        return linked(link, self.called(row))

    @display(description="Item", ordering="item__name")
    def item_link(self, row: ShadowFinding) -> str:
        return linked(reverse("admin:items_item_change", args=[row.item_id]), row.item)

    @display(description="Account", ordering="item__account__name")
    def account(self, row: ShadowFinding) -> str:
        return row.item.account.name

    @display(description="What was found")
    def evidence_text(self, row: ShadowFinding) -> str:
        return format_html('<pre class="code" tabindex="0">{}</pre>', readable(row.evidence))
