"""Reference tables: what rules look up, and editors keep."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import HistoryAdmin
from audits.admin.rule_form import area
from audits.models import ReferenceTable, Rule
from audits.reading import EVERYTHING
from audits.rulebook import tables_of


class RowsField(forms.JSONField):
    """Rows as JSON, each on a line of its own."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list) or not value:
            return super().prepare_value(value)
        rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value)
        return f"[\n{rows}\n]"


class ReferenceTableForm(forms.ModelForm):
    class Meta:
        widgets: ClassVar[dict[str, Any]] = {"about": area(4)}

    rows = RowsField(
        required=False,
        widget=area(24, code=True),
        help_text=ReferenceTable._meta.get_field("rows").help_text,
    )

    def clean_rows(self) -> Any:
        rows = self.cleaned_data["rows"]
        return [] if rows is None else rows


@admin.register(ReferenceTable)
class ReferenceTableAdmin(HistoryAdmin):
    form = ReferenceTableForm
    list_display = ("title", "key", "size", "origin")
    search_fields = ("key", "title", "about")
    list_intro = "What rules look up by its key. A change is judged anew wherever a rule reads it."
    nothing_yet = "Load the shipped tables (manage.py loadpacks), or add one of your own."
    fields = ("key", "title", "about", "rows", "read_by", "origin")
    readonly_fields = ("read_by", "origin")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Rules name a table by its key.
        return (*self.readonly_fields, "key") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        if isinstance(obj, ReferenceTable):
            return allowed and not obj.pack and not self._readers(obj)
        return allowed

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ReferenceTable]) -> None:
        for table in queryset:
            if self.has_delete_permission(request, table):
                self.delete_model(request, table)

    @display(description="Rows")
    def size(self, table: ReferenceTable) -> int:
        return len(table.rows) if isinstance(table.rows, list) else 0

    @display(description="Read by")
    def read_by(self, table: ReferenceTable) -> str:
        return ", ".join(self._readers(table)) or "no rule"

    @display(description="From")
    def origin(self, table: ReferenceTable) -> str:
        return f"the pack {table.pack}" if table.pack else "here"

    def _readers(self, table: ReferenceTable) -> list[str]:
        """The titles of rules in force that read a table."""
        rules = Rule.objects.exclude(active=None).select_related("active")
        return [
            rule.active.title
            for rule in rules
            if rule.active and tables_of(rule.active) & {table.key, EVERYTHING}
        ]
