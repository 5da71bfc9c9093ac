"""Questions worth asking again: a list with its filters, or a query of configurations."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords


class SavedView(models.Model):
    """A question with a name."""

    class Page(models.TextChoices):
        ITEMS = "items", "items"
        ISSUES = "issues", "issues"
        SEARCH = "search", "search"
        QUERY = "query", "query"

    name = models.CharField(max_length=100, unique=True)
    notes = models.TextField(blank=True, help_text="What it answers, in a sentence.")
    page = models.CharField(max_length=10, choices=Page)
    address = models.TextField(blank=True, help_text="The filters, as the page's address has them.")
    technology = models.CharField(max_length=100, blank=True, help_text="Of a query.")
    condition = models.TextField(blank=True, help_text="JMESPath: items for which it gives true.")
    columns = models.JSONField(
        default=list, blank=True, help_text='[{"title": "Keys", "path": "AccessKeys[].Status"}]'
    )
    key = models.SlugField(
        max_length=100, null=True, unique=True, editable=False, help_text="Of a shipped view."
    )
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )
    shared = models.BooleanField(default=True, help_text="Everybody finds it, not only its maker.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
