"""Send an issue back to the owner of its account, who is to mend it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.ledger import enter
from audits.commenting import comment
from audits.models import Comment, Issue
from notifications.concerning import Mails
from notifications.models import Delivery

OTHERWISE = "Reach them another way, and say so in a comment."


@transaction.atomic
def send_back(issue: Issue, text: str, by: Any) -> Comment:
    """Mail the account's owner what is wrong and what to do about it; keep that as a comment.

    Raises PermissionDenied where ``by`` may not review the item, and ValidationError where the
    issue is closed, or no mail goes to an owner of the account.
    """
    owner = issue.item.account.owner_mail
    if not owner:
        raise ValidationError("The account has no owner's mail. An operator can enter it.")
    if not Mails(Delivery.Kind.RETURNED, owner).on:
        raise ValidationError(f"Not sent back: {owner} has stopped these mails. {OTHERWISE}")
    if issue.fixed_at:
        raise ValidationError("It is fixed already.")
    words = f"Sent back to the owner, {owner}."
    said = comment(issue.item, f"{words} {text.strip()}".strip(), by, issue=issue)
    Delivery.objects.create(
        kind=Delivery.Kind.RETURNED, to=owner, comment=said, since=said.at, due_at=said.at
    )
    enter(by, "sent back", issue, None, {"to": owner, "text": said.text})
    return said
