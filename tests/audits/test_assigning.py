"""Issues are given to somebody who may see them, by somebody who may review them."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccountGroup, LedgerHead
from audits.assigning import assign
from audits.models import Issue
from tests.factories import AccountFactory, GroupFactory, IssueFactory, ItemFactory, a_rule, granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> AccountGroup:
    return GroupFactory()


@pytest.fixture
def issue(group: AccountGroup) -> Issue:
    account = AccountFactory()
    account.groups.add(group)
    return IssueFactory(item=ItemFactory(account=account))


def test_it_changes_hands_and_says_who_did_it(issue: Issue, group: AccountGroup) -> None:
    ines, tom = granted("reviewer", group, username="ines"), granted("viewer", username="tom")
    assert assign([issue], tom, ines) == 1
    assert assign([issue], tom, ines) == 0
    issue.refresh_from_db()
    assert issue.assignee == tom
    assert assign([issue], None, ines) == 1
    issue.refresh_from_db()
    assert issue.assignee is None
    told = [(event.what, event.cause, event.person, event.text) for event in issue.events.all()]
    assert told == [
        ("assigned", "person", ines, "to tom"),
        ("assigned", "person", ines, "to nobody"),
    ]


def test_nobody_gets_what_they_may_not_see(issue: Issue, group: AccountGroup) -> None:
    elsewhere = granted("reviewer", GroupFactory())
    with pytest.raises(ValidationError, match="may not see"):
        assign([issue, IssueFactory()], granted("viewer", group), granted("reviewer"))
    with pytest.raises(ValidationError, match="may not see"):
        assign([issue], elsewhere, granted("reviewer"))
    with pytest.raises(PermissionDenied):
        assign([issue], None, elsewhere)
    with pytest.raises(PermissionDenied):
        assign([issue], None, granted("viewer", group))
    issue.refresh_from_db()
    assert issue.assignee is None
    assert not issue.events.exists()


def test_many_cost_no_more_queries_than_a_few(issue: Issue) -> None:
    by = granted("reviewer")
    rule = a_rule()
    LedgerHead.objects.create(pk=1)  # The first deed of all makes it.
    counts = []
    for many in (2, 40):
        issues = [IssueFactory(item=issue.item, version=rule.active) for _ in range(many)]
        assign(issues, None, by)
        with CaptureQueriesContext(connection) as queries:
            assert assign(issues, by, by) == many
        counts.append(len(queries))
    assert counts[0] == counts[1]
