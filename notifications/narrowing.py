"""What of all news a subscription names, and what of that its owner may see."""

from django.db.models import QuerySet

from accounts.seeing import visible
from audits.models import IssueEvent, RuleVersion
from items.models import Item
from items.tags import tags_in
from notifications.models import Subscription


def narrowed(told: Subscription, items: set[int]) -> set[int]:
    """Keep the items that a subscription names, and that its owner may see today."""
    names_items = bool(items) and told.names_items()
    if not items or not (names_items or told.labels or told.tags or told.owner):
        return items
    rows = in_sight(told, Item.objects.filter(pk__in=items))
    if names_items:
        rows = rows.filter(pk__in=told.items.values("pk"))
    if told.labels:
        rows = rows.filter(labels__name__in=told.labels).distinct()
    if not told.tags:
        return set(rows.values_list("pk", flat=True))
    return {
        pk for pk, config in rows.values_list("pk", "config").iterator() if has_tag(told, config)
    }


def in_sight(told: Subscription, items: QuerySet[Item]) -> QuerySet[Item]:
    """Keep the items that who made a subscription for themselves may see; else all."""
    return visible(items, told.owner) if told.owner else items


def has_tag(told: Subscription, config: object) -> bool:
    """Say whether a configuration has one of the tags that a subscription names."""
    tags = tags_in(config)
    wanted = [str(one).partition("=") for one in told.tags]
    return any(
        name in tags and (not sign or str(tags[name]) == value) for name, sign, value in wanted
    )


def wants_rule(told: Subscription, version: RuleVersion) -> bool:
    """Say whether a subscription hears of what a rule finds."""
    rules = {rule.pk for rule in told.rules.all()}
    if rules and version.rule_id not in rules:
        return False
    return told.framework is None or asked_for_by(told.framework.name, version)


def asked_for_by(framework: str, version: RuleVersion) -> bool:
    """Say whether a rule names a control of a framework: its name, a space and a number."""
    return any(str(one).rpartition(" ")[0] == framework for one in version.controls or ())


def of_wanted_rules(told: Subscription, events: QuerySet[IssueEvent]) -> QuerySet[IssueEvent]:
    """Keep the events of what the rules found that a subscription names."""
    rules = list(told.rules.values_list("pk", flat=True))
    if rules:
        events = events.filter(issue__rule__in=rules)
    if told.framework:
        versions = RuleVersion.objects.filter(pk__in=events.order_by().values("version"))
        name = told.framework.name
        named = [one.pk for one in versions if asked_for_by(name, one)]
        events = events.filter(version__in=named)
    return events
