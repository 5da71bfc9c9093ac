"""Reference tables: what rules look up, and editors keep."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin import HistoryAdmin
from audits.models import ReferenceTable, Rule
from audits.reading import EVERYTHING
from audits.rulebook import tables_of


@admin.register(ReferenceTable)
class ReferenceTableAdmin(HistoryAdmin):
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
                table.delete()

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
