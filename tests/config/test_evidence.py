"""Asking for evidence in the console: made by a worker, for who asked, and only what they see."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Account, Grant, LedgerEntry, User
from audits.evidence import making
from audits.models import Control, EvidencePack, Framework
from config import evidence, jobs
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.factories import AccountFactory, GroupFactory, UserFactory

pytestmark = pytest.mark.django_db

ASK = "/frameworks/house/evidence/?day=2026-03-05"


@pytest.fixture
def account() -> Account:
    framework = Framework.objects.create(key="house", name="House", title="Rules of the house")
    Control.objects.create(framework=framework, number="1", title="Doors")
    team = GroupFactory(name="mine")
    with dated(day(1, 0)):
        account, other = AccountFactory(name="prod"), AccountFactory(name="hidden-haven")
    account.groups.add(team)
    rule_at(day(1, 1), "house.open", expression="Open", identity="@", controls=["House 1"])
    look(account, day(2), group("a", Open=["22"]))
    look(other, day(2), group("secret-z", Open=["22"]))
    return account


def reader(account: Account, role: str = "auditor") -> User:
    user: User = UserFactory()
    team = account.groups.get()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=team)
    return user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(client: Client, **given: str) -> EvidencePack:
    response = client.post(ASK, given)
    assert response.status_code == 302, response.status_code
    return EvidencePack.objects.get(pk=int(response["Location"].rstrip("/").rpartition("/")[2]))


def test_a_pack_is_asked_for_made_and_taken_away(account: Account, admin_client: Client) -> None:
    page = admin_client.get("/frameworks/house/control/1/?day=2026-03-05").content.decode()
    assert "Evidence pack as of 5 March 2026" in page
    one = asked(admin_client, control="1")
    assert OrmQ.objects.count() == 1
    assert admin_client.get(f"/evidence/{one.pk}/file/").status_code == 404
    assert "Waiting for a worker" in admin_client.get(f"/evidence/{one.pk}/").content.decode()
    jobs.evidence(one.pk)
    one.refresh_from_db()
    assert (one.state, one.done, one.total) == (EvidencePack.State.DONE, 2, 2)
    assert one.sha256 in admin_client.get(f"/evidence/{one.pk}/").content.decode()
    response: Any = admin_client.get(f"/evidence/{one.pk}/file/")
    content = b"".join(response.streaming_content)
    assert "evidence-house-1-2026-03-05" in response["Content-Disposition"]
    assert hashlib.sha256(content).hexdigest() == one.sha256
    assert len(content) == one.size
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
    entries = LedgerEntry.objects.filter(thing="audits.evidencepack").order_by("number")
    assert [entry.action for entry in entries] == ["asked for evidence", "was given evidence"]
    assert entries[1].after["sha256"] == one.sha256


def test_it_holds_only_what_who_asked_may_see(account: Account) -> None:
    user = reader(account)
    client = logged_in(user)
    one = asked(client)
    assert (one.accounts, one.scope) == ([account.pk], "1 of 2 accounts")
    jobs.evidence(one.pk)
    response: Any = client.get(f"/evidence/{one.pk}/file/")
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        for name in archive.namelist():
            assert b"hidden-haven" not in archive.read(name)
            assert b"secret-z" not in archive.read(name)
    other = logged_in(reader(account))
    assert other.get(f"/evidence/{one.pk}/").status_code == 404
    assert other.get(f"/evidence/{one.pk}/file/").status_code == 404
    account.groups.clear()
    assert client.get(f"/evidence/{one.pk}/file/").status_code == 404, "granted then, not now"
    stranger = logged_in(UserFactory())
    assert stranger.post(ASK).status_code == 403
    assert stranger.get(f"/evidence/{one.pk}/").status_code == 403


def test_a_pack_whose_worker_died_is_made_by_another(account: Account, admin_user: User) -> None:
    framework = Framework.objects.get()
    one = evidence.ask(framework, None, day(5), [account.pk], "prod", admin_user)
    assert evidence.ask(framework, None, day(5), [account.pk], "prod", admin_user) == one
    EvidencePack.objects.update(
        state=EvidencePack.State.RUNNING, lease_until=timezone.now() - timedelta(seconds=1)
    )
    OrmQ.objects.all().delete()
    evidence.enqueue_unmade()
    evidence.enqueue_unmade()
    assert OrmQ.objects.count() == 1
    EvidencePack.objects.update(attempts=making.ATTEMPTS)
    jobs.evidence(one.pk)
    one.refresh_from_db()
    assert one.state == EvidencePack.State.FAILED
    assert "Given up" in one.reason


def test_what_is_old_goes(account: Account, admin_user: User) -> None:
    one = evidence.ask(Framework.objects.get(), None, day(5), [account.pk], "prod", admin_user)
    jobs.evidence(one.pk)
    making.prune_packs(timezone.now())
    assert EvidencePack.objects.count() == 1
    making.prune_packs(timezone.now() + making.KEPT + timedelta(days=1))
    assert EvidencePack.objects.count() == 0
