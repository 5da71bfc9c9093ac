"""What a text of a rule would do, worked out in the background before it counts."""

from django.conf import settings
from django.db import models

from audits.models.rules import Rule


class Preview(models.Model):
    """One question about a text that need not be saved; its answer when it is done."""

    class Kind(models.TextChoices):
        IMPACT = "impact", "what it would change now"
        BACKTEST = "backtest", "when it would have fired"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    kind = models.CharField(max_length=10, choices=Kind)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, null=True, related_name="previews")
    fields = models.JSONField(help_text="The text, as a version holds it.")
    options = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that took it; the last of them may write."
    )
    done = models.PositiveIntegerField(default=0, help_text="Items looked at.")
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    reason = models.TextField(blank=True, help_text="Why it failed.")

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.state}"
