"""Who would be told if something happened: the same choice as telling makes, nothing written."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypedDict

from accounts.models import Account
from audits.answers import Happening
from audits.models import RuleVersion
from items.models import Run
from notifications.models import Subscription
from notifications.narrowing import wants_rule
from notifications.telling import NEW, is_about, is_single, subscriptions, wants_issue


class Mail(TypedDict):
    """What one subscription would be told, in one mail or, if it takes long, a few."""

    subscription: int
    name: str
    address: str
    single: int
    """Issues that are told each by itself."""
    summed: int
    """New issues that are told as a sum, with the worst few."""
    slices: int
    """In so many parts: one technology of one account each."""
    worst: int
    """The highest score among all of them."""
    at_most: bool
    """Whether it may be fewer: which items it is about is not looked at."""


@dataclass
class _Gathered:
    single: int = 0
    summed: Counter[tuple[int, str]] = field(default_factory=Counter)
    worst: int = 0


def foretell(news: Iterable[Happening], version: RuleVersion) -> list[Mail]:
    """Return which subscriptions would be told what, if this version, which need not be stored,
    judged and that came of it; those that would be told most first."""
    groups = {
        one.pk: frozenset(group.pk for group in one.groups.all())
        for one in Account.objects.prefetch_related("groups")
    }
    about = [one for one in news if one.what in NEW]
    mails = []
    for subscription in subscriptions():
        if not wants_rule(subscription, version):
            continue
        gathered = _Gathered()
        for one in about:
            if is_about(subscription, one.account, groups[one.account], one.technology):
                _gather(gathered, subscription, one)
        if gathered.single or gathered.summed:
            mails.append(_mail(subscription, gathered))
    return sorted(mails, key=lambda mail: (-mail["single"] - mail["summed"], mail["name"]))


def _gather(gathered: _Gathered, subscription: Subscription, one: Happening) -> None:
    if not wants_issue(subscription, one.score):
        return
    if is_single(Run.Kind.JUDGED, one.cause):
        gathered.single += one.events
    else:
        gathered.summed[one.account, one.technology] += one.events
    gathered.worst = max(gathered.worst, one.score)


def _mail(subscription: Subscription, gathered: _Gathered) -> Mail:
    return {
        "subscription": subscription.pk,
        "name": subscription.name,
        "address": subscription.address,
        "single": gathered.single,
        "summed": sum(gathered.summed.values()),
        "slices": len(gathered.summed),
        "worst": gathered.worst,
        "at_most": _is_of_some_items(subscription),
    }


def _is_of_some_items(told: Subscription) -> bool:
    return bool(told.labels or told.tags or told.owner or told.view or told.names_items())
