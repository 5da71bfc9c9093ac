"""What people decided about issues."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models import Account
from audits.models.issues import Issue
from audits.models.rules import Rule
from items.fields import CanonicalJSONField
from items.models import Item


class ReviewPolicy(models.Model):
    """How soon issues of a severity are to be decided, for how long, and by how many."""

    touches_all = True

    class Severity(models.TextChoices):
        CRITICAL = "critical", "critical"
        HIGH = "high", "high"
        MEDIUM = "medium", "medium"
        LOW = "low", "low"
        INFORMATION = "information", "information"

    severity = models.CharField(max_length=15, choices=Severity, unique=True)
    due_days = models.PositiveSmallIntegerField(
        "days until a decision is due", null=True, blank=True, help_text="Nothing: no due day."
    )
    longest_days = models.PositiveSmallIntegerField(
        "longest justification in days", null=True, blank=True, help_text="Nothing: without end."
    )
    second_person = models.BooleanField(
        "an approver lets a justification in",
        default=False,
        help_text="Until then the issues stay open. Never the person who asks.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "review policies"

    def __str__(self) -> str:
        return self.severity


class Justification(models.Model):
    """Why something is accepted as it is, by whom, and until when."""

    class Scope(models.TextChoices):
        ISSUE = "issue", "this issue"
        ITEM = "item", "this rule on this item"
        PATTERN = "pattern", "this rule where a pattern says so"

    class Category(models.TextChoices):
        RISK = "accepted risk", "accepted risk"
        CONTROL = "compensating control", "compensating control"
        FALSE = "false positive", "false positive"
        INAPPLICABLE = "not applicable", "not applicable"
        BUSINESS = "business need", "business need"

    class State(models.TextChoices):
        ASKED = "asked", "asked for"
        REFUSED = "refused", "refused"
        IN_FORCE = "in force", "in force"
        WITHDRAWN = "withdrawn", "withdrawn"
        LAPSED = "lapsed", "lapsed"
        ENDED = "ended", "ended"

    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ISSUE)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="justifications")
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        related_name="justifications",
        help_text="Nothing: a pattern over all accounts.",
    )
    item = models.ForeignKey(
        Item,
        on_delete=models.CASCADE,
        null=True,
        related_name="justifications",
        help_text="Nothing: a pattern, or issues of several items.",
    )
    name_pattern = models.CharField(
        max_length=500, blank=True, help_text="* and ? as in file names, of name or full name."
    )
    tag = models.CharField(max_length=300, blank=True, help_text="purpose=training")
    bound = models.PositiveIntegerField(
        null=True, blank=True, help_text="A pattern covers no more issues; beyond, it asks again."
    )
    over_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when more came than its bound: it covers nothing new any more.",
    )
    issues = models.ManyToManyField(
        Issue,
        blank=True,
        related_name="+",
        help_text="What it was asked for, where it is about issues by themselves.",
    )
    extent = CanonicalJSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="How far what was accepted reaches together; what comes later is covered "
        "within it only. Nothing: that was not kept.",
    )
    score = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="The highest score that was accepted; what comes later is covered up to its "
        "severity only. Nothing: that was not kept.",
    )
    category = models.CharField(max_length=30, choices=Category, default=Category.RISK)
    reason = models.TextField()
    ticket = models.CharField(max_length=300, blank=True, help_text="Its number or address.")
    until = models.DateField(null=True, blank=True, help_text="The last day on which it holds.")
    state = models.CharField(max_length=15, choices=State, default=State.IN_FORCE)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    asked_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: any approver.",
    )
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text="What the approver said.")

    account_path = "account"
    history = HistoricalRecords()

    class Meta:
        ordering = ["-at"]
        permissions = [("approve_justification", "Can let in what another asked for")]

    def __str__(self) -> str:
        return f"{self.category}: {self.reason[:80]}"


class Attachment(models.Model):
    """A file that stands behind a justification."""

    account_path = "justification__account"

    justification = models.ForeignKey(
        Justification, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class Reminder(models.Model):
    """A day on which those concerned are told that a justification ends soon."""

    account_path = "justification__account"

    justification = models.ForeignKey(
        Justification, on_delete=models.CASCADE, related_name="reminders"
    )
    days = models.PositiveSmallIntegerField(
        help_text="Before the end: 30, 7 or 1. 0: more came than its bound."
    )
    on = models.DateField(db_index=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["justification", "days"], name="reminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.days} days before {self.justification_id} ends"


class Coverage(models.Model):
    """One issue under one justification, with what was justified then."""

    class End(models.TextChoices):
        WITHDRAWN = "withdrawn", "withdrawn"
        LAPSED = "lapsed", "it reaches further than what was justified"
        ENDED = "ended", "its last day has passed"
        BOUND = "bound", "the pattern came to cover more than its bound"
        LEFT = "left", "its item is no longer within the pattern"

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
