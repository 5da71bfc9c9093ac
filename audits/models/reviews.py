"""What people decided about issues."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from audits.models.issues import Issue
from audits.models.rules import Rule
from items.fields import CanonicalJSONField
from items.models import Item


class Justification(models.Model):
    """Why something is accepted as it is, by whom, and until when."""

    class Scope(models.TextChoices):
        ISSUE = "issue", "this issue"
        ITEM = "item", "this rule on this item"

    class Category(models.TextChoices):
        RISK = "accepted risk", "accepted risk"
        CONTROL = "compensating control", "compensating control"
        FALSE = "false positive", "false positive"
        INAPPLICABLE = "not applicable", "not applicable"
        BUSINESS = "business need", "business need"

    class State(models.TextChoices):
        IN_FORCE = "in force", "in force"
        WITHDRAWN = "withdrawn", "withdrawn"
        LAPSED = "lapsed", "lapsed"
        ENDED = "ended", "ended"

    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ISSUE)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="justifications")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="justifications")
    category = models.CharField(max_length=30, choices=Category, default=Category.RISK)
    reason = models.TextField()
    until = models.DateField(null=True, blank=True, help_text="The last day on which it holds.")
    state = models.CharField(max_length=15, choices=State, default=State.IN_FORCE)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    account_path = "item__account"
    history = HistoricalRecords()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.category}: {self.reason[:80]}"


class Coverage(models.Model):
    """One issue under one justification, with what was justified then."""

    class End(models.TextChoices):
        WITHDRAWN = "withdrawn", "withdrawn"
        LAPSED = "lapsed", "it reaches further than what was justified"
        ENDED = "ended", "its last day has passed"

    justification = models.ForeignKey(
        Justification, on_delete=models.CASCADE, related_name="coverages"
    )
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="coverages")
    extent = CanonicalJSONField(default=list)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    why_ended = models.CharField(max_length=15, choices=End, blank=True)
    what_is_new = models.JSONField(default=list)

    account_path = "issue__item__account"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["justification", "issue"],
                condition=models.Q(until=None),
                name="coverage_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.issue_id} under {self.justification_id}"
