"""Every mail that went out or still has to, and what it tells."""

import uuid
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models

from accounts.models import User
from audits.models import Comment, IssueEvent, Justification, Mention, Proposal, Reminder, Rule
from items.models import Gap, Item, Run
from notifications.models.subscriptions import Subscription


def new_message_id() -> str:
    """Make the id under which a mail is sent, each time that it is sent."""
    return f"<{lasting_key(str(uuid.uuid4()))}>"


def lasting_key(name: str) -> str:
    """Return what names a thing of this installation among those of all others."""
    host = settings.SITE_URL.split("://")[-1].split("/")[0].split(":")[0]
    return f"{name}@{host}"


class Delivery(models.Model):
    """One message, by a subscription or to a person who is concerned, and what became of it."""

    class Kind(models.TextChoices):
        ALERT = "alert", "alert"
        WEEKLY = "weekly", "weekly report"
        ASKED = "asked", "question about a rule"
        ANSWERED = "answered", "answer about a rule"
        WAITS = "waits", "justification to answer"
        DECIDED = "decided", "answer about a justification"
        REMINDER = "reminder", "reminders"
        MENTION = "mention", "mention"
        RETURNED = "returned", "issue sent back to its owner"

    class State(models.TextChoices):
        GATHERING = "gathering", "gathering"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "given up"
        UNWANTED = "unwanted", "not wanted"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    to = models.EmailField(blank=True, help_text="Where it is about an account: its owner's.")
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, null=True, related_name="+")
    justification = models.ForeignKey(
        Justification, on_delete=models.CASCADE, null=True, related_name="+"
    )
    mention = models.ForeignKey(Mention, on_delete=models.CASCADE, null=True, related_name="+")
    reminders = models.ManyToManyField(Reminder, related_name="+")
    comment = models.ForeignKey(
        Comment,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="With which an issue was sent back.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ALERT)
    state = models.CharField(max_length=10, choices=State, default=State.GATHERING)
    since = models.DateTimeField(help_text="What became known from here on.")
    due_at = models.DateTimeField(db_index=True, help_text="When it is sent, or tried again.")
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    reached = models.JSONField(default=list, help_text="Who of several has got it.")
    sent_at = models.DateTimeField(null=True)
    subject = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=100, default=new_message_id, unique=True)

    class Meta:
        ordering = ["-due_at"]
        verbose_name_plural = "deliveries"
        permissions = [("send_delivery", "Can send messages again")]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(state="gathering", kind="alert", attempts=0),
                name="gathering_once",
            ),
            models.UniqueConstraint(
                fields=["subscription", "since"],
                condition=models.Q(kind="weekly"),
                name="weekly_once",
            ),
            models.UniqueConstraint(
                fields=["person", "proposal", "kind"], name="told_once_of_proposal"
            ),
            models.UniqueConstraint(
                fields=["person", "justification", "kind"], name="told_once_of_justification"
            ),
            models.UniqueConstraint(fields=["mention"], name="told_once_of_mention"),
            models.UniqueConstraint(
                fields=["person", "since"],
                condition=models.Q(kind="reminder"),
                name="reminded_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["to", "since"],
                condition=models.Q(kind="reminder", person=None),
                name="owner_reminded_once_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    subscription__isnull=False, person__isnull=True, to="", proposal__isnull=True
                )
                | models.Q(subscription__isnull=True, person__isnull=False, to="")
                | (models.Q(subscription__isnull=True, person__isnull=True) & ~models.Q(to="")),
                name="subscription_or_person_or_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.get_kind_display()} to {self.address}"

    @property
    def notifier(self) -> str:
        """How it goes: to people always by mail."""
        return self.subscription.notifier if self.subscription else "email"

    @property
    def readers(self) -> list[str]:
        """Each to whom it goes, as of now."""
        return self.subscription.readers if self.subscription else [self.address]

    @property
    def address(self) -> str:
        """Where it goes, as of now: all who are told."""
        told = self.subscription or self.person
        if isinstance(told, Subscription):
            return told.address
        return told.email if told else self.to


TELLS = ("revision", "event", "run", "gap", "reminder", "move")
"""Of what a line tells: of one of these."""


class Line(models.Model):
    """One thing that a subscriber is told, once: a change, an issue's event, a run's sum, a gap, a
    justification that ends, or that a rule changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="lines")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(
        Item.history.model, on_delete=models.CASCADE, null=True, related_name="+"
    )
    event = models.ForeignKey(IssueEvent, on_delete=models.CASCADE, null=True, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="+")
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, null=True, related_name="+")
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, null=True, related_name="+")
    move = models.ForeignKey(
        Rule.history.model,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="By which another version of a rule, or none, came into force.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", one], name=f"told_once_of_{one}")
            for one in TELLS
        ] + [
            models.CheckConstraint(
                condition=reduce(or_, (models.Q(**{f"{one}__isnull": False}) for one in TELLS)),
                name="line_tells_something",
            )
        ]

    def __str__(self) -> str:
        about = next(one for one in TELLS if getattr(self, f"{one}_id"))
        return f"{self.subscription_id} of {about} {getattr(self, f'{about}_id')}"
