"""Who may decide about the issues of an account, and who may let a justification in."""

from typing import Any

from django.db.models import Q

from accounts.models import Account, Grant, User
from accounts.seeing import granted
from audits.models import Justification

REVIEW = "audits.review_issue"
APPROVE = "audits.approve_justification"


def may_review(user: Any, account: Account | None) -> bool:
    """Say whether a person may decide about an account's issues; None: about all accounts'."""
    return _may(user, REVIEW, account)


def why_not_answer(justification: Justification, user: Any) -> str:
    """Say why a person may not let a justification in or refuse it, or return nothing."""
    if user.pk == justification.by_id:
        return "You asked for it: another person answers."
    if not _may(user, APPROVE, justification.account):
        whose = "this account" if justification.account_id else "all accounts"
        return f"Approvers of {whose} answer this."
    return ""


def approvers(account: Account | None, besides: Any) -> list[User]:
    """Return the active people who may let in what ``besides`` asks for an account, by name."""
    app, _, codename = APPROVE.partition(".")
    granted_to = Grant.objects.filter(
        role__permissions__codename=codename,
        role__permissions__content_type__app_label=app,
    )
    people = User.objects.filter(is_active=True).exclude(pk=besides.pk)
    able = people.filter(Q(is_superuser=True) | Q(pk__in=granted_to.values("user")))
    found = [one for one in able if _may(one, APPROVE, account)]
    return sorted(found, key=lambda one: (one.get_full_name() or one.username).lower())


def _may(user: Any, permission: str, account: Account | None) -> bool:
    if user.is_active and user.is_superuser:
        return True
    scope = granted(user).get(permission)
    if scope is None:
        return False
    if None in scope:
        return True
    groups = [group for group in scope if group is not None]
    return account is not None and account.groups.filter(pk__in=groups).exists()
