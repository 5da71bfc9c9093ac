"""Which mails that concern somebody they want no more."""

from django.db import models

from accounts.models import User
from notifications.models.deliveries import Delivery


class StoppedMail(models.Model):
    """One kind of mail that a person, or who has an owner's address, has stopped.

    A person is known by their row, so that another address of theirs brings nothing back.
    """

    kind = models.CharField(max_length=10, choices=Delivery.Kind)
    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    to = models.EmailField(blank=True, help_text="An owner's address, in small letters.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "person"], name="stopped_once_by_person"),
            models.UniqueConstraint(
                fields=["kind", "to"],
                condition=models.Q(person=None),
                name="stopped_once_by_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, to="")
                | (models.Q(person__isnull=True) & ~models.Q(to="")),
                name="stopped_by_person_or_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person or self.to}"
