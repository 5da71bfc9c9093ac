"""When a text would have fired: on what, since when, until when, and by which change."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from audits.answers import Backtest, Fired
from audits.backtesting import backtest
from audits.drafts import Draft
from audits.engine import evaluate
from audits.functions.base import Context
from audits.impacting import impact
from audits.models import RuleSetting
from items.canonical import digest
from items.models import Gap, Item, Kind, Run
from tests.factories import AccountFactory, IssueFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

GROUPS, BUCKETS = "aws.ec2.security_group", "aws.s3.bucket"
TEXT: dict[str, Any] = {
    "title": "Open",
    "technologies": [GROUPS],
    "expression": "Ports[?@ == `22` || @ == `3389`]",
    "notes": "{it} is open",
    "score": 7,
}
Past = Sequence[tuple[float, str, Any]]
"""Days ago, the kind of revision, and the configuration."""


@pytest.fixture
def editor() -> Any:
    return UserFactory(is_superuser=True)


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def day(days: float) -> str:
    return days_ago(days).date().isoformat()


def look(account: Account, days: float, technology: str = GROUPS) -> Run:
    return Run.objects.create(
        account=account,
        technology=technology,
        state=Run.State.DONE,
        started_at=days_ago(days),
    )


def lived(past: Past, account: Account | None = None, **fields: Any) -> Item:
    """Make an item that went through some revisions, each found by a look of its own."""
    account = account or AccountFactory()
    last = past[-1]
    gone = days_ago(last[0]) if last[1] == Kind.GONE else None
    item = ItemFactory(account=account, config=last[2], gone_at=gone, **fields)
    Item.history.filter(id=item.pk).delete()
    for place, (days, kind, config) in enumerate(past):
        run = look(account, days, item.technology)
        later = days_ago(past[place + 1][0]) if place + 1 < len(past) else None
        item.config, item.whole_digest = config, digest(config)
        Item.history.bulk_history_create(
            [item],
            default_date=run.started_at,
            custom_historical_attrs={
                "kind": kind,
                "run": run,
                "until": later,
                "actor": {"who": f"person {place}"},
            },
        )
    return item


def ports(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"Ports": list(numbers), **more}


def fired(text: dict[str, Any], editor: Any, since: float = 30, rule: Any = None) -> Backtest:
    return backtest({**TEXT, **text}, rule, editor, since=day(since))


def told(answer: Backtest) -> list[tuple[str, str, str, bool]]:
    """Return what was found, why it began and ended, and whether it stands; the oldest first."""
    rows: list[Fired] = sorted(
        answer["lists"]["episodes"], key=lambda row: (row["since"], row["notes"])
    )
    return [(row["notes"], row["began"], row["ended"], row["until"] is None) for row in rows]


def test_each_finding_is_followed_from_the_change_that_brought_it_to_the_one_that_ended_it(
    editor: Any,
) -> None:
    item = lived(
        [
            (20, Kind.CREATED, ports(80)),
            (15, Kind.CHANGED, ports(22, 80)),
            (12, Kind.CHANGED, ports(22, 80, 3389)),
            (10, Kind.COMPLETED, ports(22, 80, 3389, Owner="x")),
            (5, Kind.CHANGED, ports(80, 3389, Owner="x")),
        ]
    )
    answer = fired({}, editor)
    assert told(answer) == [
        ("22 is open", "changed", "changed", False),
        ("3389 is open", "changed", "", True),
    ]
    shown = {row["notes"]: row for row in answer["lists"]["episodes"]}
    first, second = shown["22 is open"], shown["3389 is open"]
    revisions = {row.history_date: row for row in item.history.all()}
    brought = revisions[datetime.fromisoformat(first["since"])]
    assert (first["revision"], first["run"]) == (brought.history_id, brought.run_id)
    assert (first["actor"], first["ended_actor"]) == ("person 1", "person 4")
    assert [(line["where"], line["what"], line["new"]) for line in first["difference"]] == [
        ("Ports › 22", "added", "22")
    ]
    assert datetime.fromisoformat(first["looked_before"] or "") == min(revisions)
    assert datetime.fromisoformat(first["until"] or "") == sorted(revisions)[-1]
    assert (second["name"], second["item"]) == (item.name, item.pk)
    assert answer["counts"] == {"episodes": 2, "hit": 1, "still": 1, "ended": 1}
    assert 9.9 < (answer["median_days"] or 0) < 10.1
    assert sum(bar["began"] for bar in answer["timeline"]) == 2
    assert [answer["timeline"][-1][name] for name in ("ended", "standing")] == [0, 1]
    assert answer["actors"] == [
        {"actor": "person 1", "episodes": 1},
        {"actor": "person 2", "episodes": 1},
    ]


def test_what_stood_already_is_told_apart(editor: Any) -> None:
    account = AccountFactory()
    look(account, 60)
    lived([(50, Kind.CREATED, ports(22))], account)
    lived([(50, Kind.CREATED, ports(22)), (40, Kind.CHANGED, ports())], account)
    answer = fired({}, editor, since=30)
    assert told(answer) == [("22 is open", "before", "", True)]
    assert answer["counts"]["standing"] == 1
    assert sum(bar["began"] for bar in answer["timeline"]) == 0
    assert answer["timeline"][0]["standing"] == 1


def test_what_was_there_when_first_read_was_not_made_then(editor: Any) -> None:
    account = AccountFactory()
    lived([(20, Kind.CREATED, ports(22))], account)
    lived([(10, Kind.CREATED, ports(22))], account)
    answer = fired({}, editor)
    assert [began for _, began, *_ in told(answer)] == ["first look", "created"]
    assert answer["notes"][0].startswith("Nothing is known of the time before")


def test_an_item_that_goes_takes_its_findings_with_it_and_may_come_back(editor: Any) -> None:
    lived(
        [
            (20, Kind.CREATED, ports(22)),
            (15, Kind.GONE, ports(22)),
            (10, Kind.BACK, ports(22)),
            (5, Kind.GONE, ports(22)),
        ]
    )
    assert told(fired({}, editor)) == [
        ("22 is open", "first look", "gone", False),
        ("22 is open", "back", "gone", False),
    ]


def test_no_answer_ends_nothing(editor: Any) -> None:
    lived(
        [
            (20, Kind.CREATED, ports(22)),
            (15, Kind.CHANGED, {"Ports": "none"}),
            (10, Kind.CHANGED, ports(22, 80)),
        ]
    )
    answer = fired({"expression": "sort(Ports)[?@ == `22`]"}, editor)
    assert told(answer) == [("22 is open", "first look", "", True)]
    assert answer["lists"]["episodes"][0]["blind"]
    assert answer["counts"]["unknown"] == 1
    assert len(answer["reasons"]) == 1


def test_the_day_on_which_time_alone_made_it_fire_is_found(editor: Any) -> None:
    midnight = days_ago(60).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    made = midnight + timedelta(hours=12)
    key = {"Made": made.isoformat()}
    lived([(60, Kind.CREATED, key), (3, Kind.CHANGED, {"Made": days_ago(3).isoformat()})])
    answer = fired({"expression": "age_days(Made) > `45` && 'old'"}, editor, since=50)
    assert told(answer) == [("old is open", "time", "changed", False)]
    since = datetime.fromisoformat(answer["lists"]["episodes"][0]["since"])
    assert since == midnight + timedelta(days=46)
    assert answer["asked"] < 15, "days are not tried one by one"


LOOKUP = {
    "expression": "lookup('aws.s3.bucket', 'Name', Logs)[?Public] && 'public'",
}


def test_what_is_looked_up_is_as_it_was_then(editor: Any) -> None:
    account = AccountFactory()
    Account.objects.update(created_at=days_ago(100))
    look(account, 40, BUCKETS)
    lived([(30, Kind.CREATED, {"Logs": "b"}), (4, Kind.CHANGED, {"Logs": "c"})], account)
    lived(
        [
            (35, Kind.CREATED, {"Name": "b", "Public": False}),
            (20, Kind.CHANGED, {"Name": "b", "Public": True}),
            (10, Kind.CHANGED, {"Name": "b", "Public": False}),
            (8, Kind.CHANGED, {"Name": "b", "Public": True}),
        ],
        account,
        technology=BUCKETS,
    )
    lived([(35, Kind.CREATED, {"Name": "c"})], account, technology=BUCKETS)
    answer = fired(LOOKUP, editor, since=25)
    assert told(answer) == [
        ("public is open", "others", "others", False),
        ("public is open", "others", "changed", False),
    ]


def test_what_could_not_be_read_then_is_no_pass(editor: Any) -> None:
    account = AccountFactory()
    Account.objects.update(created_at=days_ago(100))
    look(account, 10, BUCKETS)
    gap = {"operation": "ListBuckets", "code": "AccessDenied", "reason": "denied"}
    Gap.objects.create(
        account=account,
        technology=BUCKETS,
        since=days_ago(8),
        seen_at=days_ago(4),
        until=days_ago(4),
        **gap,
    )
    lived([(20, Kind.CREATED, {"Logs": "b"}), (6, Kind.CHANGED, {"Logs": "c"})], account)
    answer = fired(LOOKUP, editor)
    assert answer["counts"] == {"unknown": 1}
    assert "had not been read completely" in answer["reasons"][0]["reason"]


def test_the_configuration_before_is_the_one_of_then(editor: Any) -> None:
    lived(
        [
            (60, Kind.CREATED, ports(22)),
            (20, Kind.CHANGED, ports(22, 80)),
            (10, Kind.CHANGED, ports(80)),
        ]
    )
    text = {"expression": "length(Ports) > length(previous().Ports) && 'more'"}
    assert told(fired(text, editor, since=15)) == [("more is open", "before", "changed", False)]


def test_settings_hold_as_they_are_now(editor: Any) -> None:
    rule = a_rule("open", **TEXT)
    shop, rest = AccountFactory(name="shop"), AccountFactory()
    for account in (shop, rest):
        lived([(20, Kind.CREATED, ports(22))], account)
    RuleSetting.objects.create(rule=rule, account=shop, on=False, reason="meant so")
    RuleSetting.objects.create(rule=rule, account=rest, score=2, reason="meant so")
    answer = fired({}, editor, rule=rule)
    assert answer["counts"]["off"] == 1
    assert [row["score"] for row in answer["lists"]["episodes"]] == [2]


def test_what_the_rule_found_at_the_time_is_told(editor: Any) -> None:
    rule = a_rule("open", **TEXT)
    item = lived([(20, Kind.CREATED, ports(22, 3389))])
    issue = IssueFactory(item=item, version=rule.active, fingerprint=digest(22))
    issue.events.create(
        at=days_ago(19), what="opened", cause="cloud", version=issue.version, score=7
    )
    answer = fired({}, editor, rule=rule)
    caught = {row["notes"]: row["caught"] for row in answer["lists"]["episodes"]}
    assert caught == {"22 is open": True, "3389 is open": False}
    assert answer["counts"]["caught"] == 1


def test_values_whose_past_is_not_kept_are_named(editor: Any) -> None:
    text = {"technologies": ["aws.iam.user"], "expression": "AccessKeys[?LastUsed]"}
    assert any("AccessKeys[].LastUsed" in note for note in fired(text, editor)["notes"])
    assert not any("AccessKeys[].LastUsed" in note for note in fired({}, editor)["notes"])


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_what_asking_each_revision_finds_and_ends_where_impact_begins(
    seed: int, editor: Any
) -> None:
    chance = Random(seed)
    draft = Draft.of(TEXT)
    expected = still = 0
    since = days_ago(30).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(12):
        days = sorted((chance.uniform(0.1, 60) for _ in range(chance.randint(1, 8))), reverse=True)
        past: list[tuple[float, str, Any]] = []
        for place, one in enumerate(days):
            kinds = (Kind.CHANGED, Kind.CHANGED, Kind.COMPLETED, Kind.GONE)
            kind = chance.choice(kinds) if place else Kind.CREATED
            if past and past[-1][1] == Kind.GONE:
                kind = Kind.BACK
            some = chance.sample((22, 80, 443, 3389), chance.randint(0, 4))
            past.append((one, kind, past[-1][2] if kind == Kind.GONE else ports(*some)))
        item = lived(past)
        standing: set[str] = set()
        for row in item.history.order_by("history_id"):
            if row.until and row.until <= since:
                continue
            verdict = evaluate(draft, Context(now=row.history_date, config=row.config))
            found = {one.fingerprint for one in verdict.findings}
            found = set() if row.kind == Kind.GONE else found
            expected += len(found - standing)
            standing = found
        still += len(standing)
    answer = fired({}, editor)
    assert answer["counts"].get("episodes", 0) == expected
    assert answer["counts"].get("still", 0) == still
    assert answer["timeline"][-1]["standing"] == still
    assert impact(TEXT, None, editor)["counts"].get("new", 0) == still
