"""Whom we watch, and whom we know."""

import ipaddress
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.types import types
from config.plugins import Missing


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
