"""Frameworks and their controls, as editors change them; the pages of how they stand are apart."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from accounts.admin import GuardedAdmin, facet, linked, tag
from audits.models import Control, Framework


@admin.register(Framework)
class FrameworkAdmin(GuardedAdmin):
    list_display = ("title", "name", "edition", "control_count", "pack")
    search_fields = ("title", "name", "key")
    list_intro = "What rules are held to. A rule names a control as “name number”: PCI DSS 1.2.1."
    nothing_yet = "Bring in the shipped frameworks with: manage.py loadpacks"
    fields = ("key", "name", "edition", "title", "notes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Framework]:
        return super().get_queryset(request).annotate(n=Count("controls"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Rules name it: a new name would make all of them name what is not there.
        return ("key", "name") if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["help_texts"] = {"key": "Stays for good, and is part of addresses: house-rules-2."}
        return super().get_form(request, obj, change, **kwargs)

    @display(description="Controls", ordering="n")
    def control_count(self, framework: Any) -> str:
        link = f"{reverse('admin:audits_control_changelist')}?framework={framework.pk}"
        return linked(link, framework.n)


@admin.register(Control)
class ControlAdmin(GuardedAdmin):
    list_display = ("number", "title", "section", "told_by")
    list_filter = (facet("framework", "framework", "framework_id", "framework__name"),)
    list_select_related = ("framework",)
    search_fields = ("number", "title", "section")
    list_intro = "One demand of a framework, in our own words."
    nothing_yet = "Bring in the shipped frameworks with: manage.py loadpacks"
    fields = ("framework", "number", "title", "section", "order", "automated")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("framework", "number") if obj else ()

    @display(description="Told by", ordering="automated")
    def told_by(self, control: Control) -> str:
        return tag("low", "configuration") if control.automated else tag("information", "people")
