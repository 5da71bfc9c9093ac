"""Whom we watch, whom we know, and who may see what of it."""

import ipaddress
from typing import Any, ClassVar, Self

from django.contrib.auth import models as auth
from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken
from simple_history.models import HistoricalRecords

from accounts.types import types
from config.plugins import Missing


class UserManager(auth.UserManager["User"]):
    """Makes users who may log in, however they are made."""

    def create_user(self, username: str, *args: Any, **fields: Any) -> "User":
        return super().create_user(username, *args, **{"is_staff": True, **fields})


class User(AbstractUser):
    """Somebody who may log in. What that shows is up to grants."""

    is_staff = models.BooleanField("may log in to the console", default=True)

    looks_back = False
    """Whether the past is shown, where everybody may only look; set for one request."""

    narrowed = False
    """Whether this is what a token lets through, not the person; set for one request."""

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        pass

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.narrowed:
            raise TypeError("What a token lets through is not the person, and is never saved.")
        super().save(*args, **kwargs)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if self.looks_back and not perm.partition(".")[2].startswith("view_"):
            return False
        return super().has_perm(perm, obj)


class Whose(models.TextChoices):
    """Whom a known account or network belongs to."""

    OURS = "ours", "ours"
    THIRD_PARTY = "third party", "third party"


class AccountGroup(models.Model):
    """Accounts that belong together: a team, an environment, a scope such as PCI."""

    touches_all = True

    name = models.CharField(max_length=100, unique=True)
    notes = models.TextField(blank=True)
    changes_reviewed = models.BooleanField(
        "every change waits for a reviewer",
        default=False,
        help_text="For a scope such as PCI: each change stands in the change inbox until somebody "
        "says that it was expected, or questions it.",
    )
    review_days = models.PositiveSmallIntegerField(
        "days until a change is to be reviewed",
        default=7,
        help_text="Changes that wait longer are overdue, and named in the weekly report.",
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AccountQuerySet(models.QuerySet["Account"]):
    def watched(self) -> Self:
        """Keep the accounts that are read."""
        return self.filter(active=True, archived_at=None, third_party=False)


class Account(models.Model):
    """An account of a cloud provider that is watched, or only known."""

    account_path = ""

    name = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=50)
    identifier = models.CharField(max_length=200, help_text="What the provider calls it.")
    parameters = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True, help_text="Inactive accounts are not read.")
    third_party = models.BooleanField(
        "belongs to somebody else",
        default=False,
        help_text="Known, so that rules can name it, but not read.",
    )
    groups = models.ManyToManyField(AccountGroup, blank=True, related_name="accounts")
    calls_per_second = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Vervet calls no faster; nothing: as the cloud allows."
    )
    owner_mail = models.EmailField("owner's mail", blank=True)
    notes = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="children",
        help_text="Below which account it was found.",
    )
    watches_found = models.BooleanField(
        "read what is found below",
        default=True,
        help_text="Accounts that are found below this one are read at once; else they stay "
        "switched off until somebody switches them on.",
    )
    missing_since = models.DateTimeField(
        null=True, editable=False, help_text="Since when it is listed below its parent no more."
    )
    discovered_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was last asked what stands below it."
    )
    discovery_refused = models.TextField(
        blank=True, editable=False, help_text="Why that was not answered; empty: it was."
    )

    history = HistoricalRecords(m2m_fields=[groups])
    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["type", "identifier"], name="account_once"),
        ]
        permissions = [
            ("scan_account", "Can have an account read at once"),
            ("push_account", "Can send configurations of an account"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def whose(self) -> str:
        return Whose.THIRD_PARTY if self.third_party else Whose.OURS

    def clean(self) -> None:
        """Complete the parameters and refuse what cannot be right, each with its reason."""
        try:
            account_type = types[self.type]
        except Missing as missing:
            raise ValidationError({"type": str(missing)}) from missing
        account_type.check_identifier(self.identifier)
        self.parameters = account_type.complete(self.parameters or {})

    @property
    def secret_parameters(self) -> set[str]:
        """Which parameters are secret; all, where the type is missing that could tell."""
        if self.type not in types:
            return set(self.parameters)
        return {one.name for one in types[self.type].parameters if one.secret}

    def archive(self) -> None:
        """Stop watching for good; what was seen stays."""
        self.archived_at = self.archived_at or timezone.now()
        self.active = False
        self.save()


def check_network(text: str) -> None:
    """Refuse what is no network in CIDR notation, with the reason."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValidationError(f"{error}. Write it like 192.0.2.0/24 or 2001:db8::/32.") from error


class KnownNetwork(models.Model):
    """Addresses that somebody vouched for."""

    touches_all = True

    cidr = models.CharField(
        "network", max_length=50, unique=True, validators=[check_network], help_text="192.0.2.0/24"
    )
    whose = models.CharField(max_length=20, choices=Whose, default=Whose.OURS)
    note = models.CharField(max_length=200, blank=True, help_text="Office London, VPN of Acme ...")

    history = HistoricalRecords()

    class Meta:
        ordering = ["cidr"]

    def __str__(self) -> str:
        return self.cidr


class Grant(models.Model):
    """What one person may do: a role, for one group of accounts or for all."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="grants",
        help_text="Viewer, reviewer, approver, rule editor, operator or auditor.",
    )
    group = models.ForeignKey(
        AccountGroup,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name="accounts",
        help_text="Nothing chosen: all accounts.",
    )

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "group"], name="grant_once"),
            models.UniqueConstraint(
                fields=["user", "role"], condition=models.Q(group=None), name="grant_of_all_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.group or 'all accounts'}"


class ApiToken(AbstractAuthToken):
    """What a program shows to the API in the place of a person; only its digest is kept."""

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
