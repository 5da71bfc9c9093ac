"""What is held to be wrong: rules, their versions, and where they were last run."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models import Account, AccountGroup
from items.models import Item

SEVERITIES = ((9, "critical"), (7, "high"), (4, "medium"), (1, "low"), (0, "information"))


def severity(score: int) -> str:
    """Return the word for a score: 0 information, 1-3 low, 4-6 medium, 7-8 high, 9-10 critical."""
    return next(word for least, word in SEVERITIES if score >= least)


def by_severity(counts: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Add up how many there are of each score; every word is there, the worst first."""
    words = {word: 0 for _, word in SEVERITIES}
    for score, count in counts:
        words[severity(score)] += count
    return words


class Rule(models.Model):
    """A rule through all its versions; which of them is in force."""

    touches_all = True

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SHADOW = "shadow", "in shadow"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    key = models.CharField(max_length=200, unique=True, editable=False)
    pack = models.CharField(max_length=100, blank=True, editable=False)
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    active = models.ForeignKey(
        "RuleVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    shadow = models.ForeignKey(
        "RuleVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="Run and shown, but scores nothing and tells nobody; beside the active one.",
    )
    shadow_since = models.DateTimeField(null=True, editable=False)
    retired_by_pack = models.BooleanField(
        default=False,
        editable=False,
        help_text="It left its pack, and comes back into force with it.",
    )

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        ordering = ["key"]
        permissions = [("approve_rule", "Can let another person's change of a rule in")]

    def __str__(self) -> str:
        return self.active.title if self.active else self.key

    @property
    def newest(self) -> "RuleVersion | None":
        return self.versions.order_by("-number").first()


class RuleVersion(models.Model):
    """One text of a rule. Never edited: an edit is the next version."""

    # Everything that decides a verdict or is shown; what a pack ships and an editor may change.
    FIELDS = (
        "title",
        "technologies",
        "applies_when",
        "expression",
        "identity",
        "extent",
        "notes",
        "score",
        "parameters",
        "rationale",
        "remediation",
        "references",
        "controls",
    )

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    engine = models.CharField(max_length=20, default="jmespath-1", editable=False)
    title = models.CharField(max_length=200)
    technologies = models.JSONField(default=list, help_text="One or more technologies.")
    applies_when = models.TextField(
        blank=True, help_text="Where this gives nothing, the rule does not apply. Empty: always."
    )
    expression = models.TextField(help_text="Selects what is wrong.")
    identity = models.TextField(
        blank=True, help_text="What of a finding makes it the same one tomorrow."
    )
    extent = models.TextField(
        blank=True, help_text="What of a finding may widen: networks, principals, ports."
    )
    notes = models.TextField(blank=True, help_text="Shown with a finding; {path} is filled in.")
    score = models.PositiveSmallIntegerField(
        default=5, validators=[MaxValueValidator(10)], help_text="0 information to 10 critical."
    )
    parameters = models.JSONField(default=dict, blank=True)
    rationale = models.TextField(blank=True, help_text="Why it matters.")
    remediation = models.TextField(blank=True, help_text="What to do.")
    references = models.JSONField(default=list, blank=True)
    controls = models.JSONField(default=list, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["rule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    def values(self) -> dict[str, Any]:
        """Return every field of the text by name."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def defaults(self) -> dict[str, Any]:
        """Return the value of each parameter where no setting says otherwise."""
        return {name: one.get("default") for name, one in self.parameters.items()}


class RuleExample(models.Model):
    """A configuration with the verdict it must get; part of a version, copied to the next."""

    version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, related_name="examples")
    name = models.CharField(max_length=200)
    config = models.JSONField()
    context = models.JSONField(default=dict, blank=True)
    fires = models.BooleanField()
    identities = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["version", "pk"]

    def __str__(self) -> str:
        return self.name


class RuleSetting(models.Model):
    """Score, on or off, and parameters of a rule in one scope; the narrowest scope wins."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="settings")
    pattern = models.CharField(
        max_length=500, blank=True, help_text="Of the name or full name; * and ? as in file names."
    )
    tag = models.CharField(max_length=300, blank=True, help_text="name=value")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True)
    group = models.ForeignKey(AccountGroup, on_delete=models.CASCADE, null=True, blank=True)
    on = models.BooleanField(null=True, blank=True, help_text="Unknown: as the rule is.")
    score = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(10)]
    )
    parameters = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=500)
    matched_at = models.DateTimeField(
        null=True, editable=False, help_text="When it last held for something that was judged."
    )

    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.rule} for {self.scope}"

    @property
    def scope(self) -> str:
        """What it holds for, in words."""
        return str(self.pattern or self.tag or self.account or self.group or "nothing")

    @property
    def kind(self) -> str:
        """By what it holds: the narrowest kind stands over the others."""
        by = ("name", self.pattern), ("tag", self.tag), ("account", self.account_id)
        return next((word for word, value in by if value), "account group")

    def clean(self) -> None:
        chosen = [self.pattern, self.tag, self.account_id, self.group_id]
        if sum(map(bool, chosen)) != 1:
            raise ValidationError("Choose one: a pattern, a tag, an account or a group.")
        if self.tag and "=" not in self.tag:
            raise ValidationError({"tag": "Write it as name=value."})
        if self.on is None and self.score is None and not self.parameters:
            raise ValidationError("Say what is to hold: on or off, a score, or parameters.")


class Dependency(models.Model):
    """A look that a rule took at another technology while it judged an item."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="+")
    technology = models.CharField(max_length=100)
    path = models.CharField(max_length=300, blank=True, help_text="Empty: the whole slice.")
    value = models.CharField(
        max_length=32, help_text="Digest of the value looked for, or of the account."
    )
    shadow = models.BooleanField(default=False, help_text="The version in shadow looked.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "rule", "shadow", "technology", "path", "value"],
                name="dependency_once",
            )
        ]
        indexes = [models.Index(fields=["technology", "path", "value"])]

    def __str__(self) -> str:
        return f"{self.rule_id} reads {self.technology} {self.path}"


class Judged(models.Model):
    """With what a rule was last run on a slice; where that has changed since, it is stale.

    A rule has a second row where a version of it is in shadow.
    """

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    technology = models.CharField(max_length=100)
    shadow = models.BooleanField(default=False)
    stamp = models.CharField(max_length=200)
    stale = models.CharField(
        max_length=10, blank=True, help_text="Why what it looked up is no longer as it was."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "technology", "rule", "shadow"], name="judged_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.technology} of {self.account_id}"
