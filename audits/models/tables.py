"""What rules look up: risky ports, deprecated runtimes, approved images."""

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from items.fields import canonical_bytes

# What every rule that reads a table takes along for each item.
MOST_ROWS = 5000
MOST_BYTES = 500_000


def row_name(row: Any) -> str:
    """Return what tells a row from the others: its ``name``, or all of it."""
    name = row.get("name") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name else canonical_bytes(row).decode()


class ReferenceTable(models.Model):
    """Rows that rules read by ``table(key)``; shipped by packs and edited in the admin."""

    touches_all = True

    key = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    about = models.TextField(blank=True, help_text="What a row says, and where it came from.")
    rows = models.JSONField(
        default=list,
        blank=True,
        help_text="A list; each row a text, a number, or an object with a name.",
    )
    pack = models.CharField(max_length=100, blank=True, editable=False)
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse rows that are no list, too many, or that cannot be told apart."""
        if not isinstance(self.rows, list):
            raise ValidationError({"rows": 'Write a list: [{"name": "SSH", "ports": [22]}]'})
        if len(self.rows) > MOST_ROWS or len(canonical_bytes(self.rows)) > MOST_BYTES:
            raise ValidationError(
                {"rows": f"At most {MOST_ROWS} rows and {MOST_BYTES // 1000} kB in all."}
            )
        names = [row_name(row) for row in self.rows]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise ValidationError({"rows": f"There twice: {', '.join(twice[:5])}"})
