"""What rules look up: risky ports, deprecated runtimes, approved images."""

from django.db import models
from simple_history.models import HistoricalRecords


class ReferenceTable(models.Model):
    """Rows that rules read by ``table(key)``; shipped by packs and edited in the admin."""

    touches_all = True

    key = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    about = models.TextField(blank=True, help_text="What a row says, and where it came from.")
    rows = models.JSONField(default=list, help_text="A list; each row a text, number or object.")
    pack = models.CharField(max_length=100, blank=True, editable=False)
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.title
