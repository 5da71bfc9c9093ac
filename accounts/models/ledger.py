"""What people did, row after row."""

from typing import Any

from django.db import models

from accounts.models.people import User
from accounts.models.watched import Account


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """Entries, which nothing of ours changes or removes."""

    def update(self, **_: Any) -> int:
        raise TypeError("An entry of the ledger is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("An entry of the ledger is never removed.")


class LedgerEntry(models.Model):
    """Something that a person did. Rows are only ever added, each chained to the one before.

    An entry outlives whom and what it names: nothing keeps these from being deleted.
    """

    account_path = "account"

    number = models.PositiveBigIntegerField(unique=True, help_text="Its place in the chain.")
    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    who = models.CharField(max_length=200, help_text="The person's name as it was then.")
    action = models.CharField(max_length=50, db_index=True, help_text="justified, changed ...")
    thing = models.CharField(max_length=100, help_text="What kind: audits.issue.")
    key = models.CharField(max_length=50, blank=True, help_text="Which one.")
    name = models.TextField(blank=True, help_text="What it was called then.")
    account = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        help_text="Nothing: it is about all accounts, or none.",
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    previous = models.CharField(max_length=64, help_text="The hash of the entry before.")
    hash = models.CharField(max_length=64)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["thing", "key"])]

    def __str__(self) -> str:
        return f"{self.number}: {self.who} {self.action} {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("An entry of the ledger is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An entry of the ledger is never removed.")


class LedgerHead(models.Model):
    """Where the chain ends: one row, locked by whoever adds to it, so that there is one writer."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.number} {self.hash}"
