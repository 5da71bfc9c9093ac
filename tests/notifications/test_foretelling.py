"""Who would be told of an edit is who is told once it is in force and judged."""

from typing import Any

import pytest
from django.db.models import Count

from accounts.models import Account
from audits.impacting import impact
from audits.models import Framework, RuleSetting, RuleVersion
from notifications.foretelling import foretell
from notifications.models import Delivery, Line
from tests.audits.test_impacting import BUCKETS, EDITS, FIRST, judge_all, lived
from tests.factories import GroupFactory, SubscriptionFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db


def told() -> dict[int, tuple[int, int]]:
    """Count the lines of each subscription: issues by themselves, and runs told as a sum."""
    rows = Line.objects.values("subscription").annotate(events=Count("event"), runs=Count("run"))
    return {row["subscription"]: (row["events"], row["runs"]) for row in rows}


@pytest.mark.parametrize("edit", ["nothing", "wider", "a wider extent", "all at once"])
def test_who_would_be_told_is_who_is_told(edit: str) -> None:
    editor: Any = UserFactory(is_superuser=True)
    rule = lived(1, editor)
    first, second = Account.objects.order_by("pk")
    group = GroupFactory()
    second.groups.add(group)
    RuleSetting.objects.create(rule=rule, account=first, score=9, reason="worse here")
    judge_all()
    Delivery.objects.all().delete()
    SubscriptionFactory()
    SubscriptionFactory().accounts.add(first)
    SubscriptionFactory(least_score=8).groups.add(group)
    SubscriptionFactory(technologies=[BUCKETS], issues=False)
    SubscriptionFactory(on=False)
    fields = {**FIRST, **EDITS[edit]}
    SubscriptionFactory().rules.add(a_rule("another.rule"))
    SubscriptionFactory().rules.add(rule)
    SubscriptionFactory(framework=Framework.objects.create(key="cis", name="CIS"))
    version = RuleVersion(rule=rule, controls=[])
    mails = foretell(impact(fields, rule, editor)["news"], version)

    a_rule(rule.key, **fields)
    judge_all()
    assert {one["subscription"]: (one["single"], one["slices"]) for one in mails} == told()
    assert bool(mails) == (edit != "nothing")


def test_where_items_are_chosen_the_number_is_said_to_be_the_most() -> None:
    editor: Any = UserFactory(is_superuser=True)
    rule = lived(1, editor)
    whole = SubscriptionFactory()
    some = [SubscriptionFactory(labels=["PCI"]), SubscriptionFactory(tags=["A"])]
    news = impact({**FIRST, **EDITS["wider"]}, rule, editor)["news"]
    mails = foretell(news, RuleVersion(rule=rule, controls=[]))
    said = {one["subscription"]: one["at_most"] for one in mails}
    assert said == {whole.pk: False, **{one.pk: True for one in some}}
