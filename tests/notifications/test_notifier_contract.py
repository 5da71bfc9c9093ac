"""What holds for every way to tell: what arrives, what is repeated, and what is never told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.references import PATTERN
from accounts.states import state
from audits.models import What
from items.models import Kind
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.resending import send_again
from tests.config.test_workers import ROOT
from tests.factories import SubscriptionFactory
from tests.notifications.happening import (
    an_issue,
    changes,
    delivering,
    happens,
    sender_that_dies,
    sent,
    was_killed,
)
from tests.notifications.stages import STAGES, Setting, Stage
from tests.notifications.test_aws_notifiers import queue as queue
from tests.notifications.test_posting import receiver as receiver

WAYS = [
    pytest.param(key, marks=pytest.mark.needs("rabbitmq")) if key == "amqp" else key
    for key in STAGES
]
# What has no address that somebody wrote down: a mail server and a folder of the settings, and
# an ARN, whose host is made by the SDK.
NO_HOST = {"email", "lines", "aws.sns", "aws.securityhub"}
every = pytest.mark.parametrize("key", WAYS)


@pytest.fixture
def stage(key: str, request: Any, db: None) -> Stage:
    return STAGES[key](Setting(request))


def led_to(stage: Stage, key: str) -> Subscription:
    told = SubscriptionFactory(
        notifier=key, address=stage.address, parameters=dict(stage.parameters), weekly=False
    )
    told.full_clean()
    told.save()
    return told


def something_happens(told: Subscription) -> None:
    issue = an_issue()
    changes(issue.item, Kind.CHANGED, told, {"who": "mia"}, {"Port": 22})
    happens(issue, What.OPENED, told)


def why() -> str:
    return Delivery.objects.latest("pk").last_error


def test_every_notifier_has_a_stage_and_a_section_and_says_where_its_key_is() -> None:
    assert set(STAGES) == set(notifiers)
    page = ROOT / "docs/notifiers.md"
    titles = set(re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE))
    labels = {notifiers[key].label for key in notifiers}
    assert labels <= titles
    keys = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/telling.md").read_text(), re.MULTILINE)
    assert labels <= set(keys), "where a receiver finds the key"


@every
def test_what_arrives_is_sent_again_under_the_same_keys(key: str, stage: Stage) -> None:
    told = led_to(stage, key)
    something_happens(told)
    assert sent() == ["sent"], why()
    first = list(stage.heard())
    assert first
    assert len(set(first)) == len(first)
    assert send_again(Delivery.objects.all(), None) == 1
    assert sent() == ["sent"], why()
    assert list(stage.heard()) == (first if stage.once else first * 2)


@pytest.mark.django_db(transaction=True)
@every
def test_a_worker_killed_after_it_was_taken_repeats_it_once_under_the_same_keys(
    key: str, stage: Stage
) -> None:
    told = led_to(stage, key)
    something_happens(told)
    assert was_killed(sender_that_dies(delivering(key), **stage.environment))
    first = list(stage.heard())
    assert first, "it was killed before anything was taken"
    for _ in range(2):
        assert sent() == ["sent"], why()
    assert Delivery.objects.get().attempts == 2
    assert list(stage.heard()) == (first if stage.once else first * 2)


@every
def test_what_is_out_of_reach_is_tried_again_and_no_secret_is_told(
    key: str, stage: Stage, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 2
    told = led_to(stage, key)
    something_happens(told)
    assert stage.down
    stage.down(told)
    assert sent() == ["gathering"]
    assert why()
    if stage.secret:
        assert stage.secret not in why()
        assert stage.secret not in str(state(told))
    assert Delivery.objects.get().attempts == 1


@every
def test_nothing_inside_is_told_unless_a_setting_allows_it(
    key: str, stage: Stage, settings: Any
) -> None:
    settings.NOTIFY_INSIDE = []
    something_happens(led_to(stage, key))
    if key in NO_HOST:
        assert sent() == ["sent"], why()
        return
    assert sent() == ["failed"]
    assert "is inside" in why()
    assert not stage.heard()


@every
def test_a_weekly_report_is_taken_or_left_without_a_fault(key: str, stage: Stage) -> None:
    told, now = led_to(stage, key), timezone.now()
    Delivery.objects.create(
        subscription=told, kind=Delivery.Kind.WEEKLY, since=now - timedelta(7), due_at=now
    )
    assert sent() == ["sent"], why()


@every
def test_no_secret_is_taken_as_such(key: str) -> None:
    for parameter in notifiers[key].parameters:
        if parameter.pattern == PATTERN:
            assert parameter.secret
            with pytest.raises(ValueError, match="is not where the secret lies"):
                parameter.complete("hunter2")


@every
def test_its_form_asks_for_all_that_it_wants(key: str, admin_client: Client) -> None:
    page = admin_client.get(f"/notifications/subscription/add/?notifier={key}").content.decode()
    way = notifiers[key]
    assert escape(way.address_label) in page
    for parameter in way.parameters:
        assert f'name="parameter_{parameter.name}"' in page
        assert escape(parameter.label) in page
