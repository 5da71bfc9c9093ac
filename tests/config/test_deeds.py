"""Every verb that a person does enters what was before and what is after; none is forgotten."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

import audits
import items
import notifications
from accounts.ledger import COMMAND, broken
from accounts.models import LedgerEntry, User
from audits import answering, approving, editing, importing, inbox, moving, resetting, reviewing
from audits.assigning import assign
from audits.attaching import attach
from audits.commenting import comment
from audits.editing import Then, save_version
from audits.importing import Choice, plan
from audits.loading import load_packs
from audits.models import ChangeReview, Justification, ReviewPolicy, Rule, RuleVersion
from audits.packing import packed
from audits.rescoring import rescore
from audits.versions import text_of
from items.labelling import label
from items.models import Kind
from notifications.models import Delivery
from notifications.resending import send_again
from notifications.returning import send_back
from tests.audits.test_moving import KEY, TEXT
from tests.factories import AccountFactory, IssueFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db

Deed = Callable[[User], object]

# Functions with a ``by`` that decide nothing of their own: parts of verbs, and questions.
PARTS = {
    "audits.coverages.cover",
    "audits.coverages.uncover",
    "audits.moving.activate",
    "audits.moving.end",
    "audits.moving.keep",
    "audits.moving.propose",
    "audits.reviewable.reviewable",
}
QUESTIONS = {
    "audits.backtesting.backtest",
    "audits.evidence.making.ask",
    "audits.impacting.impact",
    "audits.previewing.ask",
    "audits.previewing.cancel",
    "audits.prospects.prospect",
    "audits.prospects.prospect_of",
    "audits.trending.why",
}


def newest() -> RuleVersion:
    found: RuleVersion = Rule.objects.get(key=KEY).versions.latest("number")
    return found


def draft() -> RuleVersion:
    save_version(KEY, TEXT, None, "Needed.")
    return newest()


def in_force() -> RuleVersion:
    save_version(KEY, TEXT, None, "Needed.", Then.FORCE)
    return newest()


def in_shadow() -> Rule:
    moving.into_shadow(draft(), None)
    return Rule.objects.get(key=KEY)


def proposal(settings: Any) -> Any:
    settings.SECOND_PERSON = True
    moving.put_into_force(draft(), UserFactory(), "Needed.")
    return Rule.objects.get(key=KEY).proposals.get()


def saved(by: User) -> None:
    version = in_force()
    save_version(version.rule, {**text_of(version), "score": 3}, by, "Less.", seen=1)


def restored(by: User) -> None:
    version = in_force()
    save_version(version.rule, {**text_of(version), "score": 3}, None, "Less.", seen=1)
    editing.restore(version.rule, 1, by, "It was right.")


def was_reset(by: User) -> None:
    rule = draft().rule
    Rule.objects.filter(pk=rule.pk).update(shipped={**TEXT, "score": 9}, pack="ours")
    resetting.reset(Rule.objects.get(pk=rule.pk), ["score"], by, "As shipped.", seen=1)


def imported(by: User) -> None:
    (text,) = packed([("ours.new", TEXT)]).values()
    (one,) = plan(text)
    choice = Choice(one.key, 0, one.taken)
    importing.import_rules([one], [choice], by, "From a friend.", Then.DRAFT)


def asked() -> Justification:
    ReviewPolicy.objects.update(second_person=True)
    somebody = UserFactory(is_superuser=True)
    (made,) = reviewing.justify([IssueFactory()], somebody, "A lab.")
    return made


def justified(whole: bool = False) -> Any:
    ReviewPolicy.objects.update(second_person=False)
    issue = IssueFactory()
    (made,) = reviewing.justify([issue], UserFactory(is_superuser=True), "A lab.")
    return made if whole else issue


def review() -> ChangeReview:
    item = ItemFactory()
    last = item.history.latest("history_id").history_id
    return ChangeReview.objects.create(
        item=item, revision=last, kind=Kind.CHANGED, since=timezone.now()
    )


def owned() -> Any:
    return ItemFactory(account=AccountFactory(owner_mail="owner@example.com"))


def arrived() -> Delivery:
    now = timezone.now()
    return Delivery.objects.create(
        person=UserFactory(), state=Delivery.State.SENT, since=now, due_at=now
    )


def accepted(by: User) -> None:
    ReviewPolicy.objects.update(second_person=False)
    reviewing.justify([IssueFactory()], by, "A lab.")


# The verb: what the ledger calls it, and how it is done.
DEEDS: dict[str, tuple[str, Callable[[User, Any], object]]] = {
    "items.labelling.label": ("labelled", lambda by, _: label(owned(), ["PCI"], by)),
    "audits.editing.save_version": ("saved", lambda by, _: saved(by)),
    "audits.editing.restore": ("put into force", lambda by, _: restored(by)),
    "audits.rescoring.rescore": (
        "put into force",
        lambda by, _: rescore(in_force().rule, 2, by, "Less.", seen=1),
    ),
    "audits.resetting.reset": ("saved", lambda by, _: was_reset(by)),
    "audits.importing.import_rules": ("saved", lambda by, _: imported(by)),
    "audits.moving.into_shadow": (
        "put into shadow",
        lambda by, _: moving.into_shadow(draft(), by),
    ),
    "audits.moving.out_of_shadow": (
        "took out of shadow",
        lambda by, _: moving.out_of_shadow(in_shadow(), by),
    ),
    "audits.moving.put_into_force": (
        "put into force",
        lambda by, _: moving.put_into_force(draft(), by, "Needed."),
    ),
    "audits.moving.retire": (
        "retired",
        lambda by, _: moving.retire(in_force().rule, by, "It is no longer."),
    ),
    "audits.approving.approve": (
        "put into force",
        lambda by, settings: approving.approve(proposal(settings), by),
    ),
    "audits.approving.refuse": (
        "refused",
        lambda by, settings: approving.refuse(proposal(settings), by, "No."),
    ),
    "audits.approving.withdraw": (
        "withdrawn",
        lambda by, settings: approving.withdraw(proposal(settings), by),
    ),
    "audits.reviewing.justify": ("justified", lambda by, _: accepted(by)),
    "audits.reviewing.withdraw": (
        "withdrew",
        lambda by, _: reviewing.withdraw([justified()], by, "No more."),
    ),
    "audits.reviewing.withdraw_whole": (
        "withdrew",
        lambda by, _: reviewing.withdraw_whole(justified(whole=True), by, "No more."),
    ),
    "audits.answering.approve": ("approved", lambda by, _: answering.approve(asked(), by)),
    "audits.answering.refuse": ("refused", lambda by, _: answering.refuse(asked(), by, "No.")),
    "audits.attaching.attach": (
        "attached",
        lambda by, _: attach(justified(whole=True), "letter.txt", b"We know.", by),
    ),
    "audits.assigning.assign": ("assigned", lambda by, _: assign([IssueFactory()], by, by)),
    "audits.commenting.comment": ("commented", lambda by, _: comment(ItemFactory(), "Why?", by)),
    "notifications.resending.send_again": (
        "sent again",
        lambda by, _: send_again([arrived()], by),
    ),
    "notifications.returning.send_back": (
        "sent back",
        lambda by, _: send_back(IssueFactory(item=owned()), "Please mend it.", by),
    ),
    "audits.inbox.expected": ("expected", lambda by, _: inbox.expected([review()], by, "OPS-1")),
    "audits.inbox.question": ("questioned", lambda by, _: inbox.question([review()], by, "Why?")),
}


def verbs() -> Iterator[str]:
    """Yield every public function of ours that somebody does: it asks by whom."""
    for package in (audits, items, notifications):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in found.name or ".watchers" in found.name:
                continue
            module = import_module(found.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                own = function.__module__ == found.name and not name.startswith("_")
                by = inspect.signature(function).parameters.get("by") if own else None
                if by is not None and found.name != "items.paths":
                    yield f"{found.name}.{name}"


def test_every_verb_is_tried_below() -> None:
    assert set(verbs()) == set(DEEDS) | PARTS | QUESTIONS


@pytest.mark.parametrize("verb", DEEDS)
def test_a_verb_enters_what_was_before_and_is_after(verb: str, settings: Any) -> None:
    person = UserFactory(username="ines", is_superuser=True)
    action, do = DEEDS[verb]
    do(person, settings)
    entry = LedgerEntry.objects.filter(person=person).first()
    assert entry is not None, f"{verb} enters nothing"
    assert (entry.action, entry.who) == (action, "ines")
    assert entry.before != entry.after and entry.after
    assert broken() is None


@pytest.mark.parametrize("verb", ["audits.editing.save_version", "audits.inbox.question"])
def test_a_verb_that_is_refused_enters_nothing(verb: str) -> None:
    person = UserFactory(is_superuser=True)
    with pytest.raises(Exception, match=r"."):
        if verb.endswith("question"):
            inbox.question([review()], person, "")
        else:
            save_version("ours.new", {**TEXT, "expression": "]["}, person, "Why not.")
    assert not LedgerEntry.objects.filter(person=person).exists()


def test_what_commands_do_is_entered_as_done_at_the_command_line() -> None:
    call_command("addaccount", "aws", "123456789012", "--name", "prod")
    entry = LedgerEntry.objects.get()
    assert (entry.who, entry.person, entry.action, entry.name) == (COMMAND, None, "added", "prod")
    assert entry.after and "external_id" in entry.after["parameters"]
    assert entry.after["parameters"]["external_id"].startswith("(secret ")


def test_what_packs_bring_is_one_entry_and_nothing_where_nothing_changes() -> None:
    load_packs()
    entry = LedgerEntry.objects.get()
    assert (entry.who, entry.action) == (COMMAND, "loaded packs")
    assert entry.after and len(entry.after["new"]) == Rule.objects.count()
    load_packs()
    load_packs(dry_run=True)
    assert LedgerEntry.objects.count() == 1
