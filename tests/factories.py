"""Rows for tests, each complete enough to be saved."""

from datetime import UTC, datetime
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts.models import Account, AccountGroup, Grant, User
from audits.loading import EMPTY
from audits.models import Issue, Rule, RuleVersion
from audits.moving import activate
from audits.versions import write_version
from items.canonical import digest
from items.models import Item
from notifications.models import Subscription

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password("a long password")


class GroupFactory(DjangoModelFactory):
    class Meta:
        model = AccountGroup

    name = factory.Sequence(lambda n: f"group{n}")


def granted(role: str, group: AccountGroup | None = None, **fields: Any) -> User:
    """Make a person with one grant: a role, for a group of accounts or for all."""
    user: User = UserFactory(**fields)
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    return user


class AccountFactory(DjangoModelFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"account{n}")
    type = "aws"
    identifier = factory.Sequence(lambda n: f"{111111111111 + n}")
    parameters = factory.LazyFunction(
        lambda: {"role_name": "Vervet", "partition": "aws", "session_name": "vervet"}
    )


class ItemFactory(DjangoModelFactory):
    class Meta:
        model = Item

    account = factory.SubFactory(AccountFactory)
    technology = "aws.ec2.security_group"
    place = "eu-west-1"
    uid = factory.Sequence(lambda n: f"sg-{n:08x}")
    name = factory.LazyAttribute(lambda item: f"name of {item.uid}")
    full_name = factory.LazyAttribute(lambda item: f"arn:{item.uid}")
    region = "eu-west-1"
    config = factory.LazyAttribute(lambda item: {"GroupId": item.uid})
    digest = factory.LazyAttribute(lambda item: digest(item.config))
    whole_digest = factory.LazyAttribute(lambda item: digest(item.config))
    first_seen = last_seen = changed_at = NOW


class IssueFactory(DjangoModelFactory):
    class Meta:
        model = Issue

    item = factory.SubFactory(ItemFactory)
    account = factory.SelfAttribute("item.account")
    technology = factory.SelfAttribute("item.technology")
    version = factory.LazyFunction(lambda: a_rule().active)
    rule = factory.LazyAttribute(lambda issue: issue.version.rule)
    fingerprint = factory.Sequence(lambda n: f"{n:032x}")
    score = 9
    notes = "Something is wrong."
    evidence = factory.LazyFunction(dict)
    opened_at = NOW


class SubscriptionFactory(DjangoModelFactory):
    class Meta:
        model = Subscription
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"subscription{n}")
    address = factory.Sequence(lambda n: f"reader{n}@example.com")


RULE = {
    **EMPTY,
    "title": "A rule",
    "technologies": ["aws.ec2.security_group"],
    "expression": "GroupId",
}


def a_rule(key: str | None = None, **fields: Any) -> Rule:
    """Make an active rule; made again under the same key, it gets its next version."""
    key = key or f"rule{Rule.objects.count()}"
    rule, _ = Rule.objects.get_or_create(key=key)
    newest = rule.newest
    values = {**RULE, **(newest.values() if newest else {}), **fields}
    version: RuleVersion = write_version(rule, values, reason="test")
    activate(version)
    rule.refresh_from_db()
    return rule
