"""What an editor wants a rule to do, waiting for a second person's yes or no."""

from django.conf import settings
from django.db import models

from audits.models.rules import Rule, RuleVersion


class Proposal(models.Model):
    """A version to be put into force, or a rule to be retired; kept with the answer."""

    touches_all = True

    class Answer(models.TextChoices):
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "withdrawn"
        REPLACED = "replaced", "replaced"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="proposals")
    version = models.ForeignKey(
        RuleVersion,
        on_delete=models.CASCADE,
        null=True,
        related_name="proposals",
        help_text="What would be put into force; nothing: the rule would be retired.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Nobody: a pack.",
    )
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(answer=""), name="one_proposal_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"Put version {self.version.number} into force" if self.version else "Retire"
