"""A finding that is kept, and everything that ever happened to it."""

from typing import Any, Self

from django.conf import settings
from django.db import models

from accounts.models import Account
from audits.models.rules import Rule, RuleVersion, severity
from items.fields import CanonicalJSONField
from items.models import Item, Run


class What(models.TextChoices):
    """What happened to an issue."""

    OPENED = "opened", "opened"
    REOPENED = "reopened", "reopened"
    FIXED = "fixed", "fixed"
    RESCORED = "rescored", "rescored"
    UNKNOWN = "unknown", "unknown"
    KNOWN = "known again", "known again"
    JUSTIFIED = "justified", "justified"
    WITHDRAWN = "withdrawn", "withdrawn"
    LAPSED = "lapsed", "lapsed"
    ENDED = "ended", "ended"
    ASSIGNED = "assigned", "assigned"


class Cause(models.TextChoices):
    """Why it happened."""

    CLOUD = "cloud", "the cloud changed"
    RULE = "rule", "a rule changed"
    SETTING = "setting", "a setting changed"
    CONTEXT = "context", "what is known changed"
    TIME = "time", "time passed"
    COVERAGE = "coverage", "what could be read changed"
    PERSON = "person", "a person"


class IssueQuerySet(models.QuerySet["Issue"]):
    def open(self) -> Self:
        return self.filter(fixed_at=None)

    def unjustified(self) -> Self:
        return self.filter(fixed_at=None, justified=False)


class Issue(models.Model):
    """One reason why one item breaks one rule. The row keeps the latest state of its events."""

    account_path = "account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="issues")
    # Where the item is, which never changes: counting issues reads no item.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="issues", editable=False
    )
    technology = models.CharField(max_length=100, editable=False)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="issues")
    fingerprint = models.CharField(max_length=32)
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField(db_index=True)
    notes = models.TextField()
    evidence = CanonicalJSONField(null=True)
    extent = CanonicalJSONField(default=list)
    opened_at = models.DateTimeField()
    fixed_at = models.DateTimeField(null=True, db_index=True)
    unknown = models.BooleanField(default=False, help_text="The rule has no answer at present.")
    justified = models.BooleanField(default=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_issues",
    )

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-score", "opened_at"]
        permissions = [("review_issue", "Can assign and justify issues, and take that back")]
        constraints = [
            models.UniqueConstraint(fields=["item", "rule", "fingerprint"], name="issue_once"),
        ]
        indexes = [
            # All that the queue counts by: no row with its evidence is read.
            models.Index(
                fields=[
                    "account",
                    "technology",
                    "rule",
                    "score",
                    "opened_at",
                    "assignee",
                    "justified",
                    "unknown",
                ],
                condition=models.Q(fixed_at=None),
                name="issue_counted",
            ),
            models.Index(
                fields=["-score", "opened_at"],
                condition=models.Q(fixed_at=None, justified=False),
                name="issue_worst_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version.title}: {self.item}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.account_id is None:
            self.account_id, self.technology = self.item.account_id, self.item.technology
        super().save(*args, **kwargs)

    @property
    def severity(self) -> str:
        return severity(self.score)

    @property
    def state(self) -> str:
        """Open, justified or fixed, in one word."""
        return "fixed" if self.fixed_at else "justified" if self.justified else "open"


class FormerFingerprint(models.Model):
    """What an issue was known by until a rule's new identity gave it another fingerprint."""

    account_path = "issue__item__account"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="formerly")
    fingerprint = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        ordering = ["until", "pk"]

    def __str__(self) -> str:
        return self.fingerprint


class IssueEvent(models.Model):
    """Something that happened to an issue. Rows are only ever added."""

    account_path = "issue__account"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(db_index=True)
    what = models.CharField(max_length=20, choices=What)
    cause = models.CharField(max_length=20, choices=Cause)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    score_before = models.PositiveSmallIntegerField(null=True)
    score = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("An event of an issue is never changed.")
        super().save(*args, **kwargs)


class BlindSpot(models.Model):
    """Where a rule has no answer, why, and since when. It is no pass."""

    account_path = "account"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="blind_spots")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="blind_spots")
    technology = models.CharField(max_length=100)
    item = models.ForeignKey(
        Item,
        on_delete=models.CASCADE,
        null=True,
        related_name="blind_spots",
        help_text="Nothing: part of the slice could not be listed.",
    )
    reason = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "item"],
                condition=models.Q(until=None),
                name="blind_spot_of_item_once",
            ),
            models.UniqueConstraint(
                fields=["rule", "account", "technology"],
                condition=models.Q(until=None, item=None),
                name="blind_spot_of_slice_once",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.rule_id} on {self.technology}"  # A reason may name any account.


class ShadowFindingQuerySet(models.QuerySet["ShadowFinding"]):
    def standing(self) -> Self:
        """Keep what versions find that are in shadow now."""
        return self.filter(version__rule__shadow=models.F("version"))


class ShadowFinding(models.Model):
    """What a version in shadow finds: no issue, no event.

    When the pointer moves it stands no more at once, and goes with the slice's next judging.
    """

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, related_name="findings")
    fingerprint = models.CharField(max_length=32)
    score = models.PositiveSmallIntegerField()
    notes = models.TextField()
    evidence = CanonicalJSONField(null=True)
    unknown = models.BooleanField(
        default=False, help_text="It has no answer for the item; the notes say why."
    )
    since = models.DateTimeField()

    objects = ShadowFindingQuerySet.as_manager()

    class Meta:
        ordering = ["-score", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "item", "fingerprint"], name="shadow_finding_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version.title}: {self.item}"
