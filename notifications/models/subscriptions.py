"""Who is told of what, how often, and by which way."""

import calendar
from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models import Account, AccountGroup, User
from audits.models import Framework, Rule, SavedView
from config.plugins import Missing
from items.models import Item
from notifications import pdf
from notifications.notifiers import notifiers
from notifications.timing import Often, Timing


def server_zone() -> str:
    """Return the time zone that the server keeps."""
    return settings.TIME_ZONE


class Subscription(models.Model):
    """An address, how it is told, and of what."""

    limited_by = ("accounts", "groups", "items", "rules")

    name = models.CharField(max_length=100)
    notifier = models.CharField("told by", max_length=50, default="email")
    address = models.CharField(max_length=2000)
    parameters = models.JSONField(
        default=dict, blank=True, help_text="What the notifier must know beside the address."
    )
    on = models.BooleanField(default=True)
    accounts = models.ManyToManyField(Account, blank=True, help_text="Nothing chosen: all.")
    groups = models.ManyToManyField(
        AccountGroup, blank=True, help_text="All accounts that are in these groups, too."
    )
    technologies = models.JSONField(default=list, blank=True, help_text="Nothing: all.")
    view = models.ForeignKey(
        SavedView,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subscriptions",
        limit_choices_to={"page": SavedView.Page.QUERY},
        verbose_name="what a saved query shows",
        help_text="Only items for which its condition holds. Nothing: all items.",
    )
    tags = models.JSONField(
        default=list,
        blank=True,
        help_text="Only items that have one of these: Name, or Name=value. Nothing: all.",
    )
    labels = models.JSONField(
        default=list,
        blank=True,
        help_text="Only items that were given one of these here. Nothing: all.",
    )
    items = models.ManyToManyField(
        Item, blank=True, related_name="+", help_text="Only these items. Nothing chosen: all."
    )
    rules = models.ManyToManyField(
        Rule, blank=True, related_name="+", help_text="Only issues of these. Nothing chosen: all."
    )
    framework = models.ForeignKey(
        Framework,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Only issues of rules that it asks for. Nothing chosen: all.",
    )
    created = models.BooleanField("new items", default=True)
    changed = models.BooleanField("changed items", default=True)
    gone = models.BooleanField("items that are gone", default=True)
    issues = models.BooleanField("new issues", default=True)
    reopened = models.BooleanField("reopened issues", default=True)
    fixed = models.BooleanField("fixed issues", default=False)
    gaps = models.BooleanField("what can no longer be read", default=False)
    endings = models.BooleanField("justifications that end", default=False)
    rule_changes = models.BooleanField("changed rules", default=False)
    least_score = models.PositiveSmallIntegerField(
        default=4,
        validators=[MaxValueValidator(10)],
        help_text="Issues below it are not told: 0 to 10.",
    )
    weekly = models.BooleanField(
        "weekly report", default=True, help_text="On Mondays, of the week before."
    )
    weekly_quiet = models.BooleanField(
        "report of a week without news",
        default=True,
        help_text="In one line. Off: of such a week comes nothing.",
    )
    weekly_pdf = models.BooleanField(
        "report also as PDF", default=False, help_text="Attached to the mail."
    )
    often = models.CharField(
        "how often",
        max_length=10,
        choices=[(one.value, one.value) for one in Often],
        default=Often.AT_ONCE.value,
        help_text="At once: gathered for some minutes first, never a mail for each thing.",
    )
    hour = models.PositiveSmallIntegerField(
        default=8,
        validators=[MaxValueValidator(23)],
        help_text="0 to 23: of daily and weekly mails, and of what was too much for the day "
        "before. The weekly report has an hour of its own.",
    )
    weekday = models.PositiveSmallIntegerField(
        "day of the week",
        choices=list(enumerate(calendar.day_name)),
        default=0,
        help_text="Of weekly mails. The weekly report comes on Mondays.",
    )
    zone = models.CharField(
        "time zone", max_length=50, default=server_zone, help_text="Such as Europe/Berlin."
    )
    quiet_from = models.PositiveSmallIntegerField(
        "quiet from hour",
        null=True,
        blank=True,
        validators=[MaxValueValidator(23)],
        help_text="0 to 23. Empty: at no time.",
    )
    quiet_until = models.PositiveSmallIntegerField(
        "quiet until hour",
        null=True,
        blank=True,
        validators=[MaxValueValidator(23)],
        help_text="What comes in the quiet hours is told at their end.",
    )
    most_a_day = models.PositiveSmallIntegerField(
        "most messages a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="What comes after them is told in one of the next day. Empty: no bound.",
    )
    owner = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="subscriptions",
        help_text="Who made it for themselves: they are told only of what they may see.",
    )
    watching = models.BooleanField(
        default=False,
        editable=False,
        help_text="Of the items that its owner watches, and of nothing where these are none.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords(m2m_fields=[accounts, groups, items, rules])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(watching=True), name="watching_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"

    def clean(self) -> None:
        """Complete the parameters and refuse what cannot be right, each with its reason."""
        try:
            notifier = notifiers[self.notifier]
        except Missing as missing:
            raise ValidationError({"notifier": str(missing)}) from missing
        try:
            notifier.check_address(self.address)
        except ValidationError as error:
            raise ValidationError({"address": error.messages}) from error
        self.parameters = notifier.complete(self.parameters or {})
        if not isinstance(self.technologies, list):
            raise ValidationError({"technologies": "Must be a list of technologies."})
        if self.zone not in available_timezones():
            raise ValidationError({"zone": "No such time zone. Write it as Europe/Berlin."})
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValidationError({"quiet_until": "Quiet hours need a beginning and an end."})
        if self.weekly_pdf and (missing_part := pdf.why_not()):
            raise ValidationError({"weekly_pdf": missing_part})
        if self.view_id and self.weekly:
            said = "The weekly report knows no queries. Turn it off to be told of a query."
            raise ValidationError({"weekly": said})

    def names_items(self) -> bool:
        """Say whether it is about some items only."""
        return self.watching or self.items.exists()

    @property
    def readers(self) -> list[str]:
        """Each to whom it goes by itself; all as one where the notifier is missing."""
        if self.notifier not in notifiers:
            return [self.address]
        return notifiers[self.notifier].readers(self.address)

    @property
    def timing(self) -> Timing:
        """When it is told."""
        return Timing(
            often=self.often,
            gathering=timedelta(seconds=settings.GATHERING_TIME),
            zone=ZoneInfo(self.zone),
            hour=self.hour,
            weekday=self.weekday,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            most=self.most_a_day,
        )

    @property
    def secret_parameters(self) -> set[str]:
        """Which parameters are secret; all, where the notifier is missing that could tell."""
        if self.notifier not in notifiers:
            return set(self.parameters)
        return {one.name for one in notifiers[self.notifier].parameters if one.secret}

    def names_accounts(self) -> bool:
        """Say whether it is about some accounts only."""
        return self.accounts.exists() or self.groups.exists()

    def accounts_wanted(self) -> models.QuerySet[Account]:
        """Return the accounts that it is about; all where none was chosen."""
        if not self.names_accounts():
            return Account.objects.all()
        return Account.objects.filter(
            models.Q(pk__in=self.accounts.values("pk"))
            | models.Q(groups__in=self.groups.values("pk"))
        ).distinct()


class OwnSubscription(Subscription):
    """A subscription as whoever made it for themselves sees it."""

    class Meta:
        proxy = True
        verbose_name = "subscription"
        verbose_name_plural = "my subscriptions"
