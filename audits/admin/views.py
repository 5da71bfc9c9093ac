"""The console's list of saved views."""

from django.contrib import admin

from accounts.admin import HistoryAdmin
from audits.models import SavedView


@admin.register(SavedView)
class SavedViewAdmin(HistoryAdmin):
    list_display = ("name", "page", "shared", "by")
    search_fields = ("name", "notes")
    list_intro = "Questions worth asking again."
