"""What a service keeps of an issue by itself: a ticket, or a finding."""

from django.db import models

from audits.models import Issue, IssueEvent
from notifications.models.subscriptions import Subscription
from notifications.notifiers import notifiers


class Ticket(models.Model):
    """The one entry that the service of a subscription has of an issue.

    The row is there before the entry is asked for: a message that is repeated looks first whether
    the service has it already, and never opens a second one.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="tickets")
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="tickets")
    address = models.CharField(max_length=2000, help_text="Where it is: what was told there.")
    reference = models.CharField(
        max_length=500, blank=True, help_text="As the service calls it. Nothing: not there yet."
    )
    event = models.ForeignKey(
        IssueEvent,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="The last one that the service was told of.",
    )
    begun_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "issue", "address"], name="one_ticket_of_an_issue"
            )
        ]

    @property
    def page(self) -> str:
        """Where a person sees it; empty where there is no such page."""
        key = self.subscription.notifier
        return notifiers[key].page_of(self.address, self.reference) if key in notifiers else ""

    def __str__(self) -> str:
        return self.reference or f"of issue {self.issue_id}, not there yet"
