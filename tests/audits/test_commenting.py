"""What people say is kept with what it is about; who is named in it is told, if they may see it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts.models import AccountGroup, User
from audits.commenting import LONGEST, comment
from audits.models import Comment, Mention
from items.models import Item
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    granted,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> AccountGroup:
    return GroupFactory()


@pytest.fixture
def item(group: AccountGroup) -> Item:
    account = AccountFactory()
    account.groups.add(group)
    return ItemFactory(account=account)


@pytest.fixture
def ines(group: AccountGroup) -> User:
    return granted("reviewer", group, username="ines")


def test_it_stands_with_the_item_its_revision_or_its_issue(item: Item, ines: User) -> None:
    issue = IssueFactory(item=item)
    revision = item.history.get().history_id
    comment(item, "  A lab. ", ines)
    comment(item, "Why this change?", ines, revision=revision)
    comment(item, "I ask the owner.", ines, issue=issue)
    kept = [(one.text, one.by, one.revision, one.issue) for one in item.comments.all()]
    assert kept == [
        ("A lab.", ines, None, None),
        ("Why this change?", ines, revision, None),
        ("I ask the owner.", ines, None, issue),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@tom can we keep them?", {"tom"}),
        ("Ask @tom, @Tom and @TOM.", {"tom"}),
        ("(@tom) and @eve.stone", {"tom", "eve.stone"}),
        ("Ask @eve.stone.", {"eve.stone"}),
        ("@zoe@example.com knows", {"zoe@example.com"}),
        ("@zoe knows", {"zoe@example.com"}),
        ("tom@example.com is a mail, @tomas is nobody, @ is nothing", set()),
        ("@ines, that is me", set()),
        ("@far may not see it, @off is gone", set()),
        ("@pat: there are two", set()),
    ],
)
def test_who_is_named_and_may_see_it_is_mentioned(
    item: Item, ines: User, group: AccountGroup, text: str, told: set[str]
) -> None:
    for name in ("tom", "eve.stone", "zoe@example.com", "pat@a.example", "pat@b.example"):
        granted("viewer", group, username=name)
    granted("reviewer", GroupFactory(), username="far")
    UserFactory(username="off", is_active=False, is_superuser=True)
    made = comment(item, text, ines)
    mentions = Mention.objects.filter(comment=made, told_at=None)
    assert {mention.user.username for mention in mentions} == told


def test_who_may_not_review_the_item_says_nothing(item: Item, group: AccountGroup) -> None:
    for person in (granted("viewer", group), granted("reviewer", GroupFactory()), UserFactory()):
        with pytest.raises(PermissionDenied):
            comment(item, "Hello", person)
    assert not Comment.objects.exists()


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST + 1)])
def test_a_comment_has_a_text_of_some_length(item: Item, ines: User, text: str) -> None:
    with pytest.raises(ValidationError):
        comment(item, text, ines)


def test_what_belongs_to_another_item_is_refused(item: Item, ines: User) -> None:
    other = ItemFactory(account=item.account)
    with pytest.raises(ValidationError, match="another item"):
        comment(item, "Hello", ines, issue=IssueFactory(item=other))
    with pytest.raises(ValidationError, match="another item"):
        comment(item, "Hello", ines, revision=other.history.get().history_id)
