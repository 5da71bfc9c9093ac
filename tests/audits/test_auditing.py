"""How issues keep in step with rules and items, and what people said of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from accounts.models import Account, KnownNetwork
from audits.auditing import audit
from audits.models import (
    BlindSpot,
    Cause,
    Coverage,
    Dependency,
    Issue,
    IssueEvent,
    Judged,
    Justification,
    Rule,
    RuleSetting,
    What,
)
from audits.reaching import widened
from audits.reviewing import end_passed, justify, withdraw
from config import pipeline
from config.scheduling import stale_slices
from items.claiming import claim
from items.models import Item, Run, Slice
from items.portions import portions
from items.recording import record
from items.watchers import watchers
from notifications.alerts import alert
from notifications.models import Line
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import SubscriptionFactory, UserFactory, a_rule
from tests.items.test_recording import NO_GROUPS, close_port, make_group, open_port

VPCS = "aws.ec2.vpc"
OPEN = {
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "extent": "[cidr]",
    "notes": "{protocol} {ports} from {cidr}",
}


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


@pytest.fixture
def reviewer(db: None) -> Any:
    return UserFactory(is_superuser=True)


def judge(account: Account) -> None:
    pipeline.judge(account.pk, SECURITY_GROUPS)


def events(issue: Issue) -> list[tuple[str, str]]:
    return list(issue.events.values_list("what", "cause"))


def issue_of(port: int) -> Issue:
    return next(i for i in Issue.objects.all() if i.evidence["from_port"] == port)


def test_a_justified_443_stays_justified_whatever_happens_beside_it(
    ec2: Any, scan: Scan, account: Account, faults: FaultProxy, reviewer: Any
) -> None:
    rule = a_rule("open", **OPEN)
    SubscriptionFactory()
    group = make_group(ec2, "web", 443)
    scan()
    justify([issue_of(443)], reviewer, "It is the shop.")
    open_port(ec2, group, 22)
    scan()
    assert issue_of(443).state == "justified"
    assert issue_of(22).state == "open"
    assert Line.objects.filter(event__issue=issue_of(22)).count() == 1

    a_rule(rule.key, score=9)
    judge(account)
    a_rule(rule.key, title="Other words", notes="{cidr} may come to {ports}")
    judge(account)
    justified = issue_of(443)
    assert (justified.state, justified.score) == ("justified", 9)
    assert justified.notes == "0.0.0.0/0 may come to 443"

    a_rule(rule.key, identity="[from_port, cidr]")
    judge(account)
    assert Issue.objects.count() == 2, "a new identity moves issues, it makes none"
    assert issue_of(443).state == "justified"

    gone = faults.add(operation="DescribeSecurityGroups", body=NO_GROUPS, status=200)
    scan()
    assert {issue.state for issue in Issue.objects.all()} == {"fixed"}
    faults.faults.remove(gone)
    scan()
    assert issue_of(443).state == "justified"
    assert issue_of(22).state == "open"
    assert [what for what, _ in events(issue_of(443))] == [
        "opened",
        "justified",
        "rescored",
        "fixed",
        "reopened",
    ]


def test_a_fixed_issue_is_kept_and_reopened(ec2: Any, scan: Scan) -> None:
    a_rule("open", **OPEN)
    group = make_group(ec2, "web", 22)
    scan()
    close_port(ec2, group, 22)
    scan()
    assert issue_of(22).state == "fixed"
    open_port(ec2, group, 22)
    scan()
    assert events(issue_of(22)) == [
        ("opened", "coverage"),
        ("fixed", "cloud"),
        ("reopened", "cloud"),
    ]


def test_the_row_of_an_issue_agrees_with_its_events(ec2: Any, scan: Scan) -> None:
    rule = a_rule("open", **OPEN)
    group = make_group(ec2, "web", 22)
    for step in (close_port, open_port, close_port):
        scan()
        step(ec2, group, 22)
    a_rule(rule.key, score=1)
    scan()
    for issue in Issue.objects.all():
        last = issue.events.order_by("pk").last()
        assert (issue.fixed_at is not None) == (last.what == What.FIXED)
        assert issue.score == last.score


def test_a_justification_lapses_when_the_reach_widens(ec2: Any, scan: Scan, reviewer: Any) -> None:
    a_rule(
        "wide",
        expression="{name: GroupName, cidrs: net_rules(@)[?direction == 'ingress'].cidr}",
        identity="name",
        extent="cidrs",
        applies_when="GroupName == 'web'",
    )
    group = make_group(ec2, "web")
    open_port(ec2, group, 22, "10.0.0.0/8")
    scan()
    justify([Issue.objects.get()], reviewer, "Ours.")
    open_port(ec2, group, 23, "10.4.0.0/16")
    scan()
    assert Issue.objects.get().justified, "what lies within is no more than was justified"
    open_port(ec2, group, 24, "192.0.2.0/24")
    scan()
    issue = Issue.objects.get()
    assert (issue.justified, events(issue)[-1]) == (False, ("lapsed", "cloud"))
    coverage = Coverage.objects.get()
    assert (coverage.why_ended, coverage.what_is_new) == ("lapsed", ["192.0.2.0/24"])
    assert Justification.objects.get().state == Justification.State.LAPSED


def test_a_lapse_has_the_cause_for_which_the_item_was_judged(
    ec2: Any, scan: Scan, account: Account, reviewer: Any
) -> None:
    SubscriptionFactory()
    text = {
        "expression": "{name: GroupName, cidrs: net_rules(@)[?direction == 'ingress'].cidr}",
        "identity": "name",
        "applies_when": "GroupName == 'web'",
    }
    a_rule("wide", extent="cidrs[?@ != '10.0.0.0/8']", **text)
    open_port(ec2, make_group(ec2, "web"), 22, "10.0.0.0/8")
    scan()
    issue = Issue.objects.get()
    justify([issue], reviewer, "Ours.")
    Line.objects.all().delete()
    a_rule("wide", extent="cidrs", **text)
    pipeline.judge(account.pk, SECURITY_GROUPS)
    assert events(issue)[-1] == ("lapsed", "rule")
    line = Line.objects.get()
    assert (line.event, line.run.kind) == (None, "judged"), "as all that an edit brings"
    mail = alert(line.delivery)
    assert mail and "1 issue" in mail.text and issue.notes in mail.text


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        (["10.0.0.0/8"], ["10.1.0.0/16"], []),
        (["10.1.0.0/16"], ["10.0.0.0/8"], ["10.0.0.0/8"]),
        (["::/0"], ["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["a", 22], ["a"], []),
        (["a"], ["a", 22], [22]),
        ([], [], []),
    ],
)
def test_only_what_was_not_contained_is_new(before: list, now: list, new: list) -> None:
    assert widened(before, now) == new


def test_a_justification_of_the_rule_on_the_item_covers_what_comes_later(
    ec2: Any, scan: Scan, reviewer: Any
) -> None:
    a_rule("open", **OPEN)
    SubscriptionFactory(changed=False)
    group = make_group(ec2, "web", 443)
    scan()
    justify([issue_of(443)], reviewer, "A lab.", scope=Justification.Scope.ITEM)
    open_port(ec2, group, 22)
    scan()
    assert issue_of(22).state == "justified"
    assert not Line.objects.filter(event__issue=issue_of(22)).exists()
    assert withdraw(Issue.objects.all(), reviewer) == 2
    assert Issue.objects.unjustified().count() == 2
    assert Justification.objects.get().state == Justification.State.WITHDRAWN


def test_a_justification_ends_after_its_day(ec2: Any, scan: Scan, reviewer: Any) -> None:
    a_rule("open", **OPEN)
    make_group(ec2, "web", 443)
    scan()
    today = timezone.localdate()
    justify(Issue.objects.all(), reviewer, "For a week.", until=today)
    assert end_passed(today) == 0
    assert end_passed(today + timedelta(days=1)) == 1
    assert Issue.objects.get().state == "open"
    assert events(Issue.objects.get())[-1] == ("ended", "time")


def test_only_who_may_review_an_account_justifies_its_issues(ec2: Any, scan: Scan) -> None:
    a_rule("open", **OPEN)
    make_group(ec2, "web", 443)
    scan()
    with pytest.raises(PermissionDenied):
        justify(Issue.objects.all(), UserFactory(), "Because.")
    assert not Justification.objects.exists()


def test_an_edited_rule_is_run_again_where_it_was_run_before(
    ec2: Any, scan: Scan, account: Account
) -> None:
    rule = a_rule("open", **OPEN)
    make_group(ec2, "web", 22)
    scan()
    now = timezone.now()
    assert stale_slices(now) == []
    a_rule(rule.key, expression=f"({OPEN['expression']})[?from_port == `1`]")
    assert stale_slices(now) == [(account.pk, SECURITY_GROUPS)]
    judge(account)
    assert events(Issue.objects.get())[-1] == ("fixed", Cause.RULE)
    assert stale_slices(now) == []


def test_a_retired_rule_closes_its_issues(ec2: Any, scan: Scan, account: Account) -> None:
    rule = a_rule("open", **OPEN)
    make_group(ec2, "web", 22)
    scan()
    Rule.objects.filter(pk=rule.pk).update(state=Rule.State.RETIRED)
    assert stale_slices(timezone.now())
    judge(account)
    assert events(Issue.objects.get())[-1] == ("fixed", Cause.RULE)
    assert not Judged.objects.exists()


def test_a_setting_changes_the_score_and_says_so(ec2: Any, scan: Scan, account: Account) -> None:
    rule = a_rule("open", **OPEN)
    make_group(ec2, "lab-1", 22)
    make_group(ec2, "web", 22)
    scan()
    RuleSetting.objects.create(rule=rule, account=account, score=3, reason="a lab account")
    RuleSetting.objects.create(rule=rule, pattern="lab-*", score=1, reason="wiped nightly")
    judge(account)
    scores = dict(Issue.objects.values_list("item__name", "score"))
    assert scores == {"lab-1": 1, "web": 3}
    assert events(Issue.objects.first())[-1] == ("rescored", Cause.SETTING)
    RuleSetting.objects.all().update(on=False)
    judge(account)
    assert Issue.objects.open().count() == 0


def test_a_known_network_changes_verdicts_without_a_scan(
    ec2: Any, scan: Scan, account: Account
) -> None:
    a_rule(expression="net_rules(@)[?cidr && whose(cidr) == 'unknown'].cidr")
    group = make_group(ec2, "web")
    open_port(ec2, group, 443, "8.8.8.0/24")
    _read_nothing_else(account)
    scan()
    judge(account)
    assert Issue.objects.open().count() == 1, BlindSpot.objects.values_list("reason", flat=True)
    KnownNetwork.objects.create(cidr="8.8.8.0/23", note="Resolver")
    judge(account)
    assert events(Issue.objects.get())[-1] == ("fixed", Cause.CONTEXT)


def _read_nothing_else(account: Account) -> None:
    """Note the technologies that are looked up as read and empty."""
    for technology in ("aws.ec2.vpc", "aws.ec2.address", "aws.ec2.nat_gateway"):
        Slice.objects.create(account=account, technology=technology, read_at=timezone.now())


def test_a_rule_that_reads_time_is_stale_on_a_new_day(
    ec2: Any, scan: Scan, account: Account
) -> None:
    a_rule(expression='age_days(`"2020-01-01T00:00:00Z"`) > `1` && GroupId')
    a_rule(expression="GroupName == 'web'")
    scan()
    now = timezone.now()
    assert stale_slices(now) == []
    assert stale_slices(now + timedelta(days=1)) == [(account.pk, SECURITY_GROUPS)]


def test_a_changed_item_wakes_the_rules_that_looked_it_up(
    ec2: Any, scan: Scan, account: Account
) -> None:
    a_rule(
        technologies=[SECURITY_GROUPS],
        expression="GroupName == 'web' && lookup('test.thing', 'group', GroupId)[].state",
    )
    make_group(ec2, "web")
    scan()
    assert "test.thing" in BlindSpot.objects.get(until=None).reason
    Slice.objects.create(account=account, technology="test.thing", read_at=timezone.now())
    Judged.objects.update(stale=Cause.COVERAGE)
    judge(account)
    assert not BlindSpot.objects.filter(until=None).exists()
    assert Dependency.objects.filter(technology="test.thing", path="group").exists()


def nobody_there(technology: str) -> Rule:
    """Make a rule that looks for something that is nowhere."""
    expression = f"GroupName == 'web' && empty(lookup('{technology}', 'VpcId', GroupId))"
    return a_rule(technologies=[SECURITY_GROUPS], expression=expression)


def test_a_slice_is_read_for_others_as_soon_as_its_last_portion_is_written(
    ec2: Any, scan: Scan, account: Account
) -> None:
    nobody_there(VPCS)
    make_group(ec2, "web")
    watcher = watchers[VPCS]()
    with claim(account.pk, VPCS) as run:
        for part in portions(list(watcher.fetch(run.account))):
            with run.transaction():
                audit(record(run, watcher, part))
        scan()  # Another worker, before the end of this look is noted.
    assert not BlindSpot.objects.filter(until=None).exists()
    assert Issue.objects.count() == 1


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_looked_up_while_it_was_written_is_looked_up_again(
    ec2: Any, scan: Scan, account: Account, ended: bool
) -> None:
    nobody_there(VPCS)
    make_group(ec2, "web")
    now = timezone.now()
    Slice.objects.create(account=account, technology=VPCS, read_at=now)
    beside = Run.objects.create(account=account, technology=VPCS, started_at=now)
    if ended:
        beside.state, beside.created, beside.ended_at = "done", 1, now + timedelta(hours=1)
        beside.save()
    scan()
    side_by_side = connection.features.has_select_for_update  # Never so on SQLite.
    wanted = Cause.COVERAGE if side_by_side else ""
    assert Judged.objects.get(technology=SECURITY_GROUPS).stale == wanted


def test_unknown_fixes_nothing(ec2: Any, scan: Scan, account: Account) -> None:
    rule = a_rule("open", **OPEN)
    make_group(ec2, "web", 22)
    scan()
    a_rule(rule.key, expression="length(NoSuchThing)")
    judge(account)
    issue = Issue.objects.get()
    assert (issue.state, issue.unknown) == ("open", True)
    assert events(issue)[-1] == ("unknown", Cause.RULE)
    assert BlindSpot.objects.filter(until=None).count() == Item.objects.count()
    a_rule(rule.key, **OPEN)
    judge(account)
    assert events(Issue.objects.get())[-1] == ("known again", Cause.RULE)
    assert not BlindSpot.objects.filter(until=None).exists()


def test_an_event_is_never_changed(ec2: Any, scan: Scan) -> None:
    a_rule("open", **OPEN)
    make_group(ec2, "web", 22)
    scan()
    event = IssueEvent.objects.first()
    with pytest.raises(TypeError):
        event.save()


def test_an_issue_is_where_its_item_is(scan: Scan, ec2: Any) -> None:
    a_rule(**OPEN)
    open_port(ec2, make_group(ec2, "web"), 22)
    scan()
    issue = Issue.objects.first()
    assert issue
    assert (issue.account, issue.technology) == (issue.item.account, issue.item.technology)
