"""Any way to tell somebody: what it is handed, and what becomes of what did not arrive."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.states import state
from config.plugins import in_files
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.sending import send_due
from tests.factories import SubscriptionFactory
from tests.notifications.smtp import Inbox

PAGER = """
PLUGINS = {"vervet.notifiers": {"pager": "acme_pager:Pager"}}

from datetime import timedelta

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS
from accounts.types.base import Parameter
from notifications.notifiers.base import Later, Never, Notifier

heard = []
faults = []


class Pager(Notifier):
    key = "pager"
    label = "Pager"
    address_label = "Number"
    parameters = (
        Parameter("tone", "Tone", "How it sounds.", default="low", choices=("low", "high")),
        Parameter("pin", "Pin", "Where the pin lies.", pattern=PATTERN, wants=WANTS, secret=True),
    )

    @classmethod
    def check_address(cls, address):
        if not address.isdigit():
            raise ValidationError("A number has digits only.")

    def deliver(self, delivery):
        heard.append(delivery)
        if faults:
            raise faults.pop(0)
"""


def forget() -> None:
    notifiers.__dict__.pop("_entries", None)
    notifiers._loaded.pop("pager", None)
    notifiers._refused.pop("pager", None)
    in_files.cache_clear()


@pytest.fixture
def pager(tmp_path: Path, settings: Any) -> Iterator[ModuleType]:
    """A notifier of somebody else, from a file in a folder."""
    (tmp_path / "acme_pager.py").write_text(PAGER)
    settings.PLUGIN_FOLDERS = [str(tmp_path)]
    path = [*sys.path]
    forget()
    assert "pager" in notifiers
    yield sys.modules["acme_pager"]
    forget()
    sys.modules.pop("acme_pager")
    sys.path[:] = path


def told(**wanted: Any) -> Delivery:
    """Return what a new subscription is to be told: the summary of a week."""
    given = {"notifier": "pager", "address": "117", "parameters": {"tone": "high"}}
    subscription = SubscriptionFactory(**given | wanted)
    now = timezone.now()
    return Delivery.objects.create(
        subscription=subscription, kind=Delivery.Kind.WEEKLY, since=now, due_at=now
    )


@pytest.mark.django_db
def test_a_notifier_is_handed_all_that_it_needs(pager: ModuleType) -> None:
    delivery = told()
    assert send_due() == 1
    (one,) = pager.heard
    assert (one.address, one.parameters, one.kind) == ("117", {"tone": "high"}, "weekly")
    assert (one.attempt, f"<{one.key}>") == (1, delivery.message_id)
    assert one.subject == "Vervet: Nothing is open."
    assert "<html" in one.html
    assert "<html" not in one.text
    assert json.loads(json.dumps(one.facts))["open"] == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.subject) == (Delivery.State.SENT, one.subject)


@pytest.mark.django_db
def test_what_did_not_arrive_is_tried_again_with_the_same_key(pager: ModuleType) -> None:
    delivery = told()
    pager.faults += [pager.Later("busy", timedelta(hours=6)), KeyError("a bug")]
    assert send_due() == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (Delivery.State.GATHERING, "busy")
    assert delivery.due_at > timezone.now() + timedelta(hours=5), "as long as it was asked to"
    assert send_due(now_too=True) == 0
    delivery.refresh_from_db()
    assert delivery.last_error == "KeyError: 'a bug'"
    assert send_due(now_too=True) == 1
    assert [one.attempt for one in pager.heard] == [1, 2, 3]
    assert len({one.key for one in pager.heard}) == 1


@pytest.mark.django_db
def test_what_will_never_arrive_is_given_up_and_keeps_no_other(
    pager: ModuleType, inbox: Inbox
) -> None:
    delivery = told()
    told(notifier="email", address="reader@example.com", parameters={})
    pager.faults.append(pager.Never("no such number"))
    assert send_due() == 1
    assert len(inbox.mails) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (Delivery.State.FAILED, "no such number")


@pytest.mark.django_db
def test_what_is_told_waits_for_a_missing_notifier(admin_client: Client, inbox: Inbox) -> None:
    delivery = told(notifier="semaphore")
    told(notifier="email", address="reader@example.com", parameters={})
    assert send_due() == 1
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.GATHERING
    assert "its plugin is not installed" in delivery.last_error
    page = admin_client.get(
        f"/notifications/subscription/{delivery.subscription_id}/change/"
    ).content.decode()
    assert "Its plugin is missing." in page
    assert 'name="_save"' not in page
    listed = admin_client.get("/notifications/subscription/").content.decode()
    assert "semaphore (missing)" in listed


@pytest.mark.django_db
def test_the_form_asks_for_what_the_notifier_wants(pager: ModuleType, admin_client: Client) -> None:
    add = "/notifications/subscription/add/"
    assert "Pager" in admin_client.get(add).content.decode()
    page = admin_client.get(f"{add}?notifier=pager").content.decode()
    assert "Number" in page
    assert "parameter_pin" in page
    form = {"name": "night", "notifier": "pager", "address": "one", "least_score": 4}
    form |= {"parameter_tone": "high", "parameter_pin": "1234"}
    refused = admin_client.post(add, form).content.decode()
    assert "A number has digits only." in refused
    assert "is not where the secret lies" in refused
    form |= {"address": "117", "parameter_pin": "env:VERVET_SECRET_PIN"}
    assert admin_client.post(add, form).status_code == 302
    made = Subscription.objects.get()
    assert made.parameters == {"tone": "high", "pin": "env:VERVET_SECRET_PIN"}
    assert "VERVET_SECRET_PIN" not in str(state(made)), "the ledger keeps a mark of it alone"
    change = f"/notifications/subscription/{made.pk}/change/"
    assert "env:VERVET_SECRET_PIN" in admin_client.get(change).content.decode()
    assert admin_client.get(f"{add}?notifier=semaphore").status_code == 404


@pytest.mark.django_db
def test_a_secret_that_is_written_itself_is_refused_at_its_field(admin_client: Client) -> None:
    form = {"name": "hook", "notifier": "webhook", "address": "https://hook.example.com/in"}
    form |= {"least_score": "4", "parameter_secret": "the secret itself"}
    refused = admin_client.post("/notifications/subscription/add/", form)
    (said,) = refused.context["adminform"].errors["parameter_secret"]
    assert "is not where the secret lies" in said


@pytest.mark.django_db
def test_an_address_is_what_its_notifier_takes() -> None:
    with pytest.raises(ValidationError) as caught:
        SubscriptionFactory.build(address="not an address").full_clean()
    assert "address" in caught.value.message_dict
    with pytest.raises(ValidationError) as caught:
        SubscriptionFactory.build(notifier="semaphore").full_clean()
    assert "its plugin is not installed" in caught.value.message_dict["notifier"][0]


def test_no_notifier_is_left_out() -> None:
    assert notifiers.problems() == []
