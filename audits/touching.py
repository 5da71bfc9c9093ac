"""What a setting touches: the items that it holds for, and what is open on them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import Account
from audits.models import Issue, RuleSetting
from audits.scoping import ranked
from items.models import Item

NAMED = 5


@dataclass
class Touched:
    """How much a setting touches, of what somebody may see."""

    judged: int = 0
    """Items that the rule is held against."""
    items: int = 0
    """Of these, those that the setting holds for."""
    narrower: int = 0
    """Of these, those for which a narrower setting stands over it."""
    issues: int = 0
    """Open issues of the rule on them."""
    names: list[str] = field(default_factory=list)
    """The first few."""


def touch(setting: RuleSetting, items: QuerySet[Item], issues: QuerySet[Issue]) -> Touched:
    """Count what a setting, saved or not, holds for among the given items and issues.

    Tells by the very code that decides when rules are run. Reads configurations only where a
    tag is asked for.
    """
    version = setting.rule.active or setting.rule.newest
    technologies = version.technologies if version else []
    others = list(RuleSetting.objects.filter(rule=setting.rule).exclude(pk=setting.pk))
    rows = items.filter(gone_at=None, technology__in=technologies).order_by("pk")
    if not any(one.tag for one in (setting, *others)):
        rows = rows.defer("config", "unread")
    groups = _groups(Account.objects.filter(pk__in=rows.order_by().values("account").distinct()))
    found = Touched()
    held: set[int] = set()
    for item in rows.iterator(chunk_size=500):
        found.judged += 1
        mine = groups.get(item.account_id, frozenset())
        if ranked([setting], item, mine):
            held.add(item.pk)
            found.narrower += ranked([setting, *others], item, mine)[0] is not setting
            if len(found.names) < NAMED:
                found.names.append(str(item))
    found.items = len(held)
    open_on = issues.filter(fixed_at=None, rule=setting.rule).values_list("item_id", flat=True)
    found.issues = sum(1 for item in open_on.order_by().iterator() if item in held)
    return found


def _groups(accounts: Iterable[Account]) -> dict[int, frozenset[int]]:
    through = Account.groups.through.objects.filter(account__in=accounts)
    found: dict[int, set[int]] = {}
    for account, group in through.values_list("account_id", "accountgroup_id"):
        found.setdefault(account, set()).add(group)
    return {account: frozenset(groups) for account, groups in found.items()}
