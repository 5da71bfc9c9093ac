"""What people may do, and of which accounts."""

from django.contrib.auth.models import Group
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.people import User
from accounts.models.watched import AccountGroup


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
