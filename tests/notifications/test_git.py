"""The repository of configurations: a commit of each change, by whom and when, and never twice."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audits.models import What
from items.models import Kind
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.notifiers.git import author, path
from notifications.resending import send_again
from notifications.sending import send_due
from tests.cloud.server import MotoCloud
from tests.conftest import Scan
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory
from tests.items.test_recording import make_group, open_port
from tests.notifications.githost import TOKEN, GitHost, serving
from tests.notifications.happening import (
    HOSTILE,
    an_issue,
    changes,
    happens,
    kill,
    sender,
    sent,
    was_killed,
)

FORGED = f"web\n\nVervet-Revision: revision-1@x {HOSTILE}"


@pytest.fixture
def host(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHost]:
    settings.NOTIFY_INSIDE = [ip_network("127.0.0.0/8")]
    settings.VAR = tmp_path / "var"
    monkeypatch.setenv("VERVET_SECRET_GIT", TOKEN)
    with serving(tmp_path / "host") as one:
        yield one


def kept_in(host: GitHost, **parameters: str) -> Subscription:
    given = {"token": "env:VERVET_SECRET_GIT", "branch": "main", "user": "vervet"} | parameters
    told = SubscriptionFactory(notifier="git", address=host.url, parameters=given, weekly=False)
    told.full_clean()
    return told


def why() -> str:
    return Delivery.objects.latest("pk").last_error


def shown(host: GitHost, item: Any) -> Any:
    where = f"main:{item.account.identifier}/{item.technology}/{item.place}/{item.uid}.json"
    return json.loads(host.git("show", where))


@pytest.mark.django_db
def test_each_change_is_a_commit_by_whoever_made_it_when_they_made_it(host: GitHost) -> None:
    told, item = kept_in(host), ItemFactory()
    first = changes(item, Kind.CREATED, told, {"who": "mia@example.com"})
    second = changes(item, Kind.CHANGED, told, {"who": "arn:x:role/ci", "event": "Open"}, {"P": 22})
    assert sent() == ["sent"], why()
    assert host.log("%an|%ae|%at") == [
        f"mia@example.com|mia@example.com|{int(first.history_date.timestamp())}",
        f"arn:x:role/ci||{int(second.history_date.timestamp())}",
    ]
    assert shown(host, item) == {"GroupId": item.uid, "P": 22}
    assert "Open" in host.git("log", "-1", "--format=%b", "main")
    changed = host.git("show", "--format=", "main")
    assert '+  "P": 22' in changed


@pytest.mark.django_db
def test_the_first_change_of_what_was_there_before_shows_its_difference(host: GitHost) -> None:
    item = ItemFactory(config={"GroupId": "sg-1", "P": 21})
    changes(item, Kind.CREATED)
    changes(item, Kind.CHANGED, kept_in(host), {"who": "mia"}, {"P": 22})
    assert sent() == ["sent"], why()
    assert host.log("%an") == ["Vervet", "mia"]
    changed = host.git("show", "--format=", "main")
    assert '-  "P": 21' in changed
    assert '+  "GroupId"' not in changed
    send_again(Delivery.objects.all(), None)
    sent()
    assert len(host.log("%H")) == 2


def test_a_security_group_is_under_source_control_from_the_first_look_on(
    host: GitHost, cloud: MotoCloud, scan: Scan
) -> None:
    ec2 = cloud.client("ec2", "eu-west-1", "222222222222")
    told = kept_in(host)
    group, other = make_group(ec2, "web", 443), make_group(ec2, "other", 443)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "Team", "Value": "web"}])
    told.tags = ["Team=web"]
    told.save()
    scan()
    assert sent() == ["sent"], why()
    kept = host.git("ls-tree", "-r", "--name-only", "main").split()
    assert kept == [f"222222222222/aws.ec2.security_group/eu-west-1/{group}.json"]
    for one in (group, other):
        open_port(ec2, one, 22)
    scan()
    assert set(sent()) == {"sent"}, why()
    assert len(host.log("%H")) == 2
    changed = host.git("show", "--format=%s", "main")
    assert '+      "FromPort": 22' in changed
    assert changed.startswith("EC2 security group web changed")


@pytest.mark.django_db
def test_what_is_gone_is_removed_and_what_is_back_returns(host: GitHost) -> None:
    told, item, other = kept_in(host), ItemFactory(), ItemFactory()
    for one in (item, other):
        changes(one, Kind.CREATED, told)
    sent()
    changes(item, Kind.GONE, told)
    sent()
    assert item.uid not in host.git("ls-tree", "-r", "--name-only", "main")
    assert shown(host, other)
    changes(item, Kind.BACK, told)
    assert set(sent()) == {"sent"}, why()
    assert shown(host, item)
    assert host.log("%an") == ["unknown"] * 4


@pytest.mark.django_db
def test_a_repetition_commits_nothing_twice_and_others_commits_stay(host: GitHost) -> None:
    told, item = kept_in(host), ItemFactory()
    changes(item, Kind.CREATED, told)
    sent()
    tree = host.git("rev-parse", "main^{tree}").strip()
    who = ["-c", "user.name=x", "-c", "user.email=x@x"]
    foreign = host.git(*who, "commit-tree", tree, "-p", "main", "-m", "by hand").strip()
    host.git("update-ref", "refs/heads/main", foreign)
    send_again(Delivery.objects.all(), None)
    assert sent() == ["sent"], why()
    changes(item, Kind.CHANGED, told, config={"P": 22})
    assert sent() == ["sent", "sent"], why()
    assert len(host.log("%H")) == 3
    assert "by hand" in host.log("%s")


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_after_the_push_commits_nothing_twice(
    host: GitHost, tmp_path: Path
) -> None:
    changes(ItemFactory(), Kind.CREATED, kept_in(host))
    worker = sender(VERVET_VAR=str(tmp_path / "var"), VERVET_SECRET_GIT=TOKEN)
    pushed = "POST /configurations.git/git-receive-pack"
    host.before_answer = lambda asked: kill(worker) if asked == pushed else None
    assert was_killed(worker)
    host.before_answer = lambda asked: None
    assert send_due(now_too=True) == 1, why()
    assert len(host.log("%H")) == 1


@pytest.mark.django_db
def test_a_lost_copy_is_fetched_again(host: GitHost, settings: Any, tmp_path: Path) -> None:
    told, item = kept_in(host), ItemFactory()
    changes(item, Kind.CREATED, told)
    sent()
    settings.VAR = tmp_path / "another machine"
    changes(item, Kind.CHANGED, told, config={"P": 22})
    assert sent() == ["sent", "sent"], why()
    assert len(host.log("%H")) == 2


@pytest.mark.django_db
def test_no_name_leads_out_of_its_place_or_forges_what_a_commit_says(host: GitHost) -> None:
    told = kept_in(host)
    account = AccountFactory()
    names = ["../../evil", ".git", "a/b\nc", "x" * 400, "naïve \N{SNOWMAN}", '"quoted"', "-rf"]
    for name in names:
        item = ItemFactory(uid=name, name=FORGED, account=account)
        changes(item, Kind.CREATED, told, {"who": "<mallory>\nauthor x"}, {"Note": HOSTILE})
    assert sent() == ["sent"], why()
    files = host.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert len(files) == len(names)
    assert {file.count("/") for file in files} == {3}
    assert not any(part[0] in ".-" for file in files for part in file.split("/"))
    keys = host.log("%(trailers:key=Vervet-Revision,valueonly,separator=%x2C)")
    assert len({key for key in keys if key}) == len(names)
    host.git("fsck", "--strict")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parameters", "state", "said"),
    [({"token": ""}, "failed", "could not read"), ({"user": "other"}, "failed", "")],
)
def test_who_is_not_let_in_is_given_up(
    host: GitHost, parameters: dict[str, str], state: str, said: str
) -> None:
    changes(ItemFactory(), Kind.CREATED, kept_in(host, **parameters))
    assert sent() == [state]
    assert said in why()
    assert TOKEN not in why()


@pytest.mark.django_db
def test_what_was_pushed_meanwhile_is_no_loss(host: GitHost) -> None:
    told, item = kept_in(host), ItemFactory()
    changes(item, Kind.CREATED, told)
    sent()

    def meanwhile(asked: str) -> None:
        if asked.endswith("git-upload-pack"):
            host.before_answer = lambda asked: None
            tree = host.git("rev-parse", "main^{tree}").strip()
            who = ["-c", "user.name=x", "-c", "user.email=x@x"]
            made = host.git(*who, "commit-tree", tree, "-p", "main", "-m", "by hand").strip()
            host.git("update-ref", "refs/heads/main", made)

    Delivery.objects.all().delete()
    host.asked.clear()
    changes(item, Kind.CHANGED, told, config={"P": 22})
    host.before_answer = meanwhile
    states = [sent()[-1], sent()[-1]]
    assert states[-1] == "sent", why()
    assert len(host.log("%H")) == 3


@pytest.mark.django_db
def test_no_repository_inside_is_reached(host: GitHost, settings: Any) -> None:
    settings.NOTIFY_INSIDE = []
    changes(ItemFactory(), Kind.CREATED, kept_in(host))
    assert sent() == ["failed"]
    assert "is inside" in why()
    assert host.asked == []


@pytest.mark.django_db
def test_issues_are_none_of_its_business(host: GitHost) -> None:
    happens(an_issue(), What.OPENED, kept_in(host))
    assert sent() == ["sent"]
    assert host.asked == []


@pytest.mark.parametrize(
    "address",
    ["/srv/git/x.git", "file:///srv/x.git", "ext::sh -c id", "ssh://git@x/y.git", "https://x"],
)
def test_only_repositories_by_http_are_taken(address: str) -> None:
    with pytest.raises(ValidationError):
        notifiers["git"].check_address(address)


def test_an_author_is_a_name_and_an_address() -> None:
    assert author("") == ("unknown", "")
    assert author("a <b> c") == ("a b c", "")
    named = {"account_identifier": "1", "technology": "t", "place": "global", "uid": "x" * 400}
    assert len(path(named).split("/")[-1]) < 255
