"""How rules were run: from when until when, where they do not apply, and what it took."""

from django.db import models

from accounts.models import Account
from audits.models.rules import Rule, RuleVersion
from items.models import Item


class Tenure(models.Model):
    """From when until when a version was held against a whole slice."""

    account_path = "account"

    version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, related_name="tenures")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    technology = models.CharField(max_length=100)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "account", "technology"],
                condition=models.Q(until=None),
                name="tenure_once",
            )
        ]

    def __str__(self) -> str:
        return f"version {self.version_id} on {self.technology} of {self.account_id}"


class Exemption(models.Model):
    """An item to which a rule does not apply, from when until when. It is no pass."""

    account_path = "account"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="exemptions")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    technology = models.CharField(max_length=100)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    by_setting = models.BooleanField(
        help_text="A setting turns the rule off there; else the rule's own condition."
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "item"], condition=models.Q(until=None), name="exemption_once"
            )
        ]

    def __str__(self) -> str:
        return f"rule {self.rule_id} does not apply to item {self.item_id}"


class Effort(models.Model):
    """What running a version on a slice has taken so far."""

    account_path = "account"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="efforts")
    version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    technology = models.CharField(max_length=100)
    items = models.PositiveBigIntegerField(default=0, help_text="Items judged, one each time.")
    steps = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "technology", "rule"], name="effort_once")
        ]

    def __str__(self) -> str:
        return f"{self.seconds:.3f} s for {self.items} items"
