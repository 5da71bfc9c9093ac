"""What is there, and what it used to be; and each look that was taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.models import Account
from items.fields import CanonicalJSONField


class Kind(models.TextChoices):
    """What a revision is: why a row of history was written."""

    CREATED = "created", "created"
    CHANGED = "changed", "changed"
    GONE = "gone", "gone"
    BACK = "back", "back"
    COMPLETED = "completed", "completed"
    IGNORED = "ignored", "ignored"


class LeaseLost(Exception):
    """Another worker has taken the slice over; nothing more may be written for this run."""


class Run(models.Model):
    """One look at a slice: a scan of it, or a judging of what is stored."""

    account_path = "account"
    holder = ""
    """Under which name this process holds the slice; only set on a run that was claimed."""
    slice: Slice
    """The row that is held; only set on a run that was claimed."""
    unseen: dict[tuple[str, str], Any] | None = None
    """What was stored when the run began and has not been met since, by place and id."""

    class Kind(models.TextChoices):
        LOOKED = "looked", "looked"
        JUDGED = "judged", "judged"
        PUSHED = "pushed", "sent by a program"

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="runs")
    technology = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LOOKED)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    found = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    gaps = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["account", "technology", "-started_at"])]

    def __str__(self) -> str:
        return f"{self.technology} of {self.account}, {self.started_at:%Y-%m-%d %H:%M:%S}"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write under the lease: renew it first, and hold its row until the commit.

        Raises LeaseLost, and writes nothing, where another worker has it.
        """
        with transaction.atomic():
            if not self.renew():
                raise LeaseLost(f"{self} was taken over by another worker")
            yield

    def renew(self) -> bool:
        """Move the lease's end away from now; say whether the lease was still ours."""
        held = Slice.objects.filter(
            account_id=self.account_id, technology=self.technology, holder=self.holder
        )
        return bool(held.update(lease_until=lease_end()))


def lease_end() -> datetime:
    """Return when a lease that is taken now ends."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


class Slice(models.Model):
    """One technology of one account: the row that is due, and that a worker leases."""

    account_path = "account"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="slices")
    technology = models.CharField(max_length=100)
    looked_at = models.DateTimeField(
        null=True, help_text="When the last look began; null: none yet, or one was asked for."
    )
    not_before = models.DateTimeField(null=True, help_text="After a look that failed: the pause.")
    holder = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(
        default=0, help_text="Looks begun since one last ended well."
    )
    places = models.JSONField(
        default=list, help_text="Places that were read completely at least once."
    )
    has_gaps = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, help_text="When a look last ended well.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "technology"], name="slice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.technology} of {self.account}"


class Revision(models.Model):
    """What a row of an item's history knows beside the item."""

    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    until = models.DateTimeField(null=True)
    actor = models.JSONField(null=True)

    class Meta:
        abstract = True


class ItemRecords(HistoricalRecords):
    """History with an index for "as of a moment"; indexes on a base's Meta would be dropped."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        return {
            **super().get_meta_options(model),
            "indexes": [
                # All that a count as of a moment asks: no row with its configuration is read.
                models.Index(
                    fields=["account", "technology", "history_date", "until", "kind", "id"],
                    name="item_as_of",
                ),
                # Few rows: what was gone at a moment.
                models.Index(
                    fields=["id", "history_date", "until"],
                    condition=models.Q(kind__in=["gone", "ignored"]),
                    name="item_gone_as_of",
                ),
            ],
        }


class ItemQuerySet(models.QuerySet["Item"]):
    def living(self) -> Self:
        return self.filter(gone_at=None)


class Item(models.Model):
    """One thing in one account, as it was last seen."""

    account_path = "account"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="items")
    technology = models.CharField(max_length=100)
    place = models.CharField(max_length=50, help_text="Where it was listed: a region or global.")
    uid = models.CharField(max_length=500, help_text="The provider's id.")
    name = models.CharField(max_length=500, db_index=True)
    full_name = models.CharField(max_length=1000, db_index=True)
    region = models.CharField(max_length=50, blank=True)
    config = CanonicalJSONField()
    digest = models.CharField(max_length=32, help_text="Of the configuration's durable part.")
    whole_digest = models.CharField(max_length=32, help_text="Of the whole configuration.")
    unread = models.JSONField(default=dict, help_text="Part that could not be read, and why.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    history = ItemRecords(bases=[Revision])
    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["technology", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "technology", "place", "uid"], name="item_once"
            )
        ]
        indexes = [models.Index(fields=["technology", "uid"])]
        permissions = [("review_item", "Can comment on items and review their changes")]

    def __str__(self) -> str:
        return self.name or self.uid


class Label(models.Model):
    """A word that somebody gave an item, to choose it by."""

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=50, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["item", "name"], name="label_once")]

    def __str__(self) -> str:
        return self.name


class Reach(models.Model):
    """What could be read of an item from a moment on, where that changed without a revision."""

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reaches")
    at = models.DateTimeField()
    unread = models.JSONField(default=dict, help_text="Part that could not be read, and why.")

    class Meta:
        verbose_name_plural = "reaches"
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["item", "at"])]

    def __str__(self) -> str:
        return ", ".join(sorted(self.unread)) or "everything"


class Address(models.Model):
    """A block of addresses that a configuration spoke of for a time; a range is several blocks."""

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="addresses")
    first = models.BinaryField(help_text="4 or 16 bytes, in the network's order.")
    last = models.BinaryField()
    text = models.CharField(max_length=100, help_text="As the configuration writes it.")
    path = models.CharField(max_length=500, help_text="Where it stands there.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(fields=["first", "last", "until"]),
            models.Index(fields=["item", "until"]),
        ]

    def __str__(self) -> str:
        return self.text


class Reference(models.Model):
    """Something that a configuration spoke of by its id for a time, whether it is known or not."""

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="references")
    value = models.CharField(max_length=500, help_text="An id, a full name, an account.")
    path = models.CharField(max_length=500, help_text="Where it stands there first.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["value", "until"]),
            models.Index(fields=["item", "until"]),
        ]

    def __str__(self) -> str:
        return self.value


class Gap(models.Model):
    """Something that could not be read: what is in it is unknown, not gone."""

    account_path = "account"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="gaps")
    technology = models.CharField(max_length=100)
    place = models.CharField(max_length=50, blank=True, help_text="Empty: everywhere.")
    part = models.CharField(
        max_length=100, blank=True, help_text="The part of an item; empty: the listing itself."
    )
    operation = models.CharField(max_length=100)
    code = models.CharField(max_length=200)
    reason = models.TextField()
    permission = models.CharField(max_length=200, blank=True, help_text="What would mend it.")
    names = models.JSONField(default=list, help_text="The first items concerned.")
    count = models.PositiveIntegerField(default=0, help_text="How many items are concerned.")
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "technology", "place", "part", "operation", "code"],
                condition=models.Q(until=None),
                name="open_gap_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} in {self.place or 'all places'}: {self.code}"


class WatcherSetting(models.Model):
    """How often a technology is read; one for an account stands over the one for all."""

    technology = models.CharField(max_length=100)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, help_text="Nothing: all accounts."
    )
    on = models.BooleanField(default=True)
    interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds between two looks; nothing: the default."
    )
    ephemeral = models.JSONField(
        "paths that are no change",
        default=list,
        blank=True,
        help_text='Kept, but never counted as a change: ["Tags", "Statistics[].Count"].',
    )

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["technology", "account"], name="setting_once"),
            models.UniqueConstraint(
                fields=["technology"],
                condition=models.Q(account=None),
                name="general_setting_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.technology} of {self.account or 'all accounts'}"

    @classmethod
    def of(cls, account: Account, technology: str) -> WatcherSetting:
        """Return what holds for a slice, unsaved."""
        return cls.among(cls.objects.filter(technology=technology), account, technology)

    @classmethod
    def among(
        cls, rows: Iterable[WatcherSetting], account: Account, technology: str
    ) -> WatcherSetting:
        """Return what holds by some settings, unsaved: the account's own over the general."""
        about = [
            r for r in rows if r.technology == technology and r.account_id in (None, account.pk)
        ]
        effective = cls(technology=technology, account=account)
        for row in sorted(about, key=lambda row: row.account_id is not None):
            effective.on = row.on
            effective.interval = row.interval or effective.interval
            effective.ephemeral = [*effective.ephemeral, *row.ephemeral]
        return effective

    def clean(self) -> None:
        if self.interval is not None and self.interval < 60:
            raise ValidationError({"interval": "At least 60 seconds, or nothing."})
        if not isinstance(self.ephemeral, list) or not all(
            isinstance(path, str) and path for path in self.ephemeral
        ):
            raise ValidationError({"ephemeral": 'Must be a list of paths: ["Tags", "Keys[].Used"]'})


class IgnoredName(models.Model):
    """Things that are not recorded, by a pattern of their name."""

    touches_all = True

    technology = models.CharField(max_length=100)
    pattern = models.CharField(max_length=200, help_text="* and ? as in file names.")
    reason = models.CharField(max_length=200)

    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.technology} {self.pattern}"
