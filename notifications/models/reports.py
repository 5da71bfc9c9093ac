"""What subscribers were told of a week, with the figures of then."""

from django.db import models

from accounts.models import Account
from notifications.models.deliveries import Delivery
from notifications.models.subscriptions import Subscription


class Report(models.Model):
    """The figures of one week for one subscription, as they were put together first.

    The mail, each repetition of it, and the page show these, however long ago it is. It outlives
    its subscription.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.SET_NULL, null=True, related_name="reports"
    )
    delivery = models.OneToOneField(
        Delivery, on_delete=models.SET_NULL, null=True, related_name="report"
    )
    name = models.CharField(max_length=100, help_text="Of the subscription.")
    address = models.CharField(max_length=254, help_text="To whom it went.")
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    everything = models.BooleanField(default=False, help_text="It is about all accounts.")
    accounts = models.ManyToManyField(
        Account, related_name="+", help_text="Which it is about, where not about all."
    )
    figures = models.JSONField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-until", "name"]

    def __str__(self) -> str:
        return f"{self.name}, week to {self.until:%Y-%m-%d}"
