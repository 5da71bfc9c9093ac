"""What programs show to the API, how much they ask, and what they were answered."""

from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from accounts.models.people import User
from accounts.models.watched import AccountGroup


class ApiToken(AbstractAuthToken):
    """What a program shows to the API in the place of a person; only its digest is kept."""

    limited_by = ("groups",)

    digest = models.CharField(max_length=128, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100, help_text="What uses it: nightly export.")
    scopes = models.JSONField(default=list, help_text="What it is for.")
    groups = models.ManyToManyField(
        AccountGroup, blank=True, help_text="Nothing chosen: all accounts that you may see."
    )
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def ended(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()


class Asking(models.Model):
    """How often somebody asked within the minute that runs; counted for all processes at once."""

    who = models.CharField(max_length=40, primary_key=True)
    since = models.BigIntegerField(help_text="When the minute began, in milliseconds.")
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.who}: {self.count}"


class Answered(models.Model):
    """What was answered to a request that carried an Idempotency-Key; kept for a day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=64, help_text="The digest of what was sent, and where.")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="None: it is being answered.")
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="answered_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"
