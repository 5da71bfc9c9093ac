"""Which accounts were in a group, now or at a moment in the past."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Account, AccountGroup
from accounts.recalling import named_then, recall


def grouped(named: Q, moment: datetime | None) -> QuerySet[Any]:
    """Return the keys of the accounts in the groups for which ``named`` holds, as values.

    ``named`` is asked of groups, by ``id`` or name. No moment means now.
    """
    if moment is None:
        groups = AccountGroup.objects.filter(named).values("id")
        return Account.objects.filter(groups__in=groups).order_by().values("pk")
    links = named_then(Account, "groups").objects.filter(
        history__in=recall(Account, moment).order_by().values("pk"),
        accountgroup__in=recall(AccountGroup, moment).filter(named).order_by().values("id"),
    )
    found: QuerySet[Any] = links.values("account")
    return found
