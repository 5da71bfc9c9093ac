"""The console's list of saved views: the shared ones, and one's own."""

import json
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from accounts.admin import Choice, GuardedAdmin, linked, tag
from audits.admin.rule_form import area
from audits.admin.tables import RowsField
from audits.models import SavedView
from audits.querying import Column, Query
from items.naming import technology_label

PAGES = {
    SavedView.Page.ITEMS: "admin:items_item_changelist",
    SavedView.Page.ISSUES: "admin:audits_issue_changelist",
    SavedView.Page.SEARCH: "find",
    SavedView.Page.QUERY: "find-query",
}


def view_link(view: SavedView) -> str:
    """Return the address that answers a saved view's question now."""
    page = reverse(PAGES[SavedView.Page(view.page)])
    asked = view.address.lstrip("?")
    if view.page == SavedView.Page.QUERY:
        return f"{page}?view={view.pk}{f'&{asked}' if asked else ''}"
    return f"{page}?{asked}"


def in_reach(views: QuerySet[SavedView], user: Any) -> QuerySet[SavedView]:
    """Keep the views that are shared, and the person's own."""
    return views.filter(Q(shared=True) | Q(by=user.pk))


ONLY_QUERIES = (
    "Only to a query can one subscribe: a search or a list is answered from all that is stored, "
    "while a mail tells of what one look found."
)


class SavedViewForm(forms.ModelForm):
    class Meta:
        widgets: ClassVar[dict[str, Any]] = {
            "notes": area(2),
            "condition": area(4, code=True),
            "address": area(2, code=True),
        }

    columns = RowsField(
        required=False,
        widget=area(6, code=True),
        help_text=SavedView._meta.get_field("columns").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "page" in self.fields:
            self.fields["page"].help_text = ONLY_QUERIES

    def clean_columns(self) -> Any:
        rows = self.cleaned_data["columns"] or []
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("path"), str) for row in rows
        ):
            raise ValidationError('Write a list: [{"title": "Keys", "path": "AccessKeys"}]')
        return rows

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data
        if given.get("page") == SavedView.Page.QUERY:
            columns = tuple(
                Column(str(one.get("title", "")), one["path"]) for one in given.get("columns") or ()
            )
            asked = Query(given.get("technology", ""), given.get("condition", ""), columns)
            for fault in asked.faults():
                self.add_error("condition" if fault.startswith("The cond") else "columns", fault)
        return cleaned


class PageFacet(Choice):
    title = "asks"
    parameter_name = "page"
    conditions = {page.value: (page.label, partial(Q, page=page)) for page in SavedView.Page}


class WhoseFacet(Choice):
    title = "from"
    parameter_name = "from"
    conditions = {
        "pack": ("shipped", lambda: Q(key__isnull=False)),
        "people": ("people", lambda: Q(key=None)),
    }


@admin.register(SavedView)
class SavedViewAdmin(GuardedAdmin):
    form = SavedViewForm
    list_display = ("opened", "about", "asks", "origin", "edit")
    list_display_links = None
    list_filter = (PageFacet, WhoseFacet)
    list_select_related = ("by",)
    search_fields = ("name", "notes")
    list_intro = "Questions worth asking again. Whoever opens one is shown what they may see."
    nothing_yet = "Load the shipped views (manage.py loadpacks), or save a search or a query."
    fields = ("name", "notes", "page", "address", "technology", "condition", "columns", "shared")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        return in_reach(super().get_queryset(request), request.user)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        try:
            given["columns"] = json.loads(str(given.get("columns") or "[]"))
        except ValueError:
            given["columns"] = []
        return given

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.by = request.user
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, SavedView) and obj.key:
            return False  # It would come back with the packs.
        return super().has_delete_permission(request, obj) and self._is_theirs(request, obj)

    def _is_theirs(self, request: HttpRequest, obj: Any) -> bool:
        """Say whether a view is the person's own, or they keep the rules for everybody."""
        if not isinstance(obj, SavedView):
            return True
        return obj.by_id == request.user.pk or bool(request.user.has_perm("audits.change_rule"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SavedView]) -> None:
        for view in queryset:
            if self.has_delete_permission(request, view):
                view.delete()

    @display(description="Name", ordering="name")
    def opened(self, view: SavedView) -> str:
        return linked(view_link(view), view.name)

    @display(description="What it answers")
    def about(self, view: SavedView) -> str:
        return view.notes or "-"

    @display(description="Asks", ordering="page")
    def asks(self, view: SavedView) -> str:
        if view.page == SavedView.Page.QUERY and view.technology:
            return ", ".join(map(technology_label, view.technology.split(",")))
        return view.get_page_display()

    @display(description="From", ordering="by")
    def origin(self, view: SavedView) -> str:
        whose = "shipped" if view.key else str(view.by or "-")
        return whose if view.shared else tag("information", f"{whose} alone")

    @display(description="")
    def edit(self, view: SavedView) -> str:
        return linked(reverse("admin:audits_savedview_change", args=[view.pk]), "Details")
