"""Changes in accounts whose every change waits for a reviewer."""

from django.conf import settings
from django.db import models

from audits.models.issues import Issue
from items.models import Item, Kind


class ChangeReview(models.Model):
    """One change, and what was said of it."""

    account_path = "item__account"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        EXPECTED = "expected", "expected"
        QUESTIONED = "questioned", "questioned"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="change_reviews")
    revision = models.BigIntegerField(unique=True, help_text="The key of a row of its history.")
    kind = models.CharField(max_length=10, choices=Kind)
    since = models.DateTimeField(help_text="When the change was seen.")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(null=True)
    ticket = models.CharField(max_length=300, blank=True, help_text="Its number or address.")
    text = models.TextField(blank=True)
    issue = models.ForeignKey(
        Issue,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="What questioning it opened.",
    )

    class Meta:
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["state", "since"])]

    def __str__(self) -> str:
        return f"{self.item}, {self.kind} {self.since:%Y-%m-%d %H:%M}"
