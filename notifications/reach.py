"""Which subscriptions, and what they tell, somebody may see."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.admin import reach
from accounts.models import Account, AccountGroup
from notifications.models import Delivery, Line, Report, Subscription

STAND_INS = {
    "accounts": "historicalsubscription_accounts__account",
    "groups": "historicalsubscription_groups__accountgroup",
}
"""Where a state of a subscription has what it is about."""

TOLD_OF = (
    *("revision__account", "event__issue__account", "run__account", "gap__account"),
    "reminder__justification__account",
)
"""From a line of a message to the account that it tells of; a rule's change is in none."""


def in_reach(
    rows: QuerySet[Any],
    user: Any,
    path: str = "",
    permission: str = "notifications.view_subscription",
) -> QuerySet[Any]:
    """Keep what subscriptions tell that are wholly within a person's sight.

    ``path`` leads from a row to its subscription. One that names no account is about all.
    Of states of subscriptions what they named then decides, and what may be seen today.
    """
    groups = reach(user, permission)
    if groups is None:
        return rows
    unseen = Account.objects.exclude(groups__in=groups).values("pk")
    foreign = AccountGroup.objects.exclude(pk__in=groups).values("pk")
    then = rows.model is Subscription.history.model
    every: Any = Subscription.history if then else Subscription.objects
    of, within = (STAND_INS[name] if then else name for name in ("accounts", "groups"))
    seen = (
        every.filter(Q(**{f"{of}__isnull": False}) | Q(**{f"{within}__isnull": False}))
        .exclude(**{f"{of}__in": unseen})
        .exclude(**{f"{within}__in": foreign})
    )
    return rows.filter(**{f"{path}__in" if path else "pk__in": seen.values("pk")})


def deliveries_in_reach(
    rows: QuerySet[Delivery], user: Any, permission: str = "notifications.view_subscription"
) -> QuerySet[Delivery]:
    """Keep the messages that tell of nothing out of a person's sight.

    What a subscription is about today does not say what it told before: it may have been about
    more, and an account may have left its group.
    """
    groups = reach(user, permission)
    if groups is None:
        return rows
    unseen = Account.objects.exclude(groups__in=groups).values("pk")
    foreign = Q(*(Q((f"{path}__in", unseen)) for path in TOLD_OF), _connector=Q.OR)
    # Named twice, that no line is read of what they do not see anyway: most are of everything.
    told = in_reach(Subscription.objects.all(), user, permission=permission).values("pk")
    lines = Line.objects.filter(foreign, delivery=OuterRef("pk"), subscription__in=told)
    weeks = Report.objects.filter(delivery=OuterRef("pk"))
    weeks = weeks.filter(Q(everything=True) | Q(accounts__in=unseen))
    return rows.filter(subscription__in=told).exclude(Exists(lines) | Exists(weeks))


def reports_in_reach(rows: QuerySet[Report], user: Any) -> QuerySet[Report]:
    """Keep the reports of which a person may see every account."""
    groups = reach(user, "notifications.view_report")
    if groups is None:
        return rows
    unseen = Account.objects.exclude(groups__in=groups).values("pk")
    foreign = Report.accounts.through.objects.filter(account__in=unseen).values("report")
    return rows.filter(everything=False, accounts__isnull=False).exclude(pk__in=foreign).distinct()
