"""Files for auditors: what was asked for, and what was made of it."""

from django.conf import settings
from django.db import models

from audits.models.frameworks import Control, Framework


class EvidencePack(models.Model):
    """A framework, or one control of it, as of a moment; made in the background."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="packs")
    control = models.ForeignKey(
        Control,
        on_delete=models.CASCADE,
        null=True,
        related_name="packs",
        help_text="Nothing: all.",
    )
    moment = models.DateTimeField()
    since = models.DateTimeField(help_text="From when on changes are listed.")
    accounts = models.JSONField(default=list, help_text="Those that the asker may see, by key.")
    scope = models.TextField(help_text="The same in words.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that took it; the last of them may write."
    )
    done = models.PositiveIntegerField(default=0, help_text="Items judged.")
    total = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    reason = models.TextField(blank=True, help_text="Why it failed.")

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.control or self.framework} as of {self.moment:%Y-%m-%d}"


class EvidencePart(models.Model):
    """A piece of the file, so that nobody holds all of it."""

    pack = models.ForeignKey(EvidencePack, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="evidence_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.pack_id}/{self.number}"
