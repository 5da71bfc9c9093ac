"""What people say to one another about items, their changes and issues."""

from django.conf import settings
from django.db import models

from audits.models.issues import Issue
from items.models import Item


class Comment(models.Model):
    """A remark on an item; where given, on one of its revisions or issues."""

    account_path = "item__account"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="comments")
    revision = models.BigIntegerField(null=True, help_text="The key of a row of its history.")
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["item", "at"])]

    def __str__(self) -> str:
        return self.text[:80]


class Mention(models.Model):
    """Somebody named in a comment, to be told of it."""

    account_path = "comment__item__account"

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions"
    )
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="mention_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.comment_id}"
