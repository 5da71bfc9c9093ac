"""A rule's pages: where it stands, its trial, its versions, and another person's answer."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccountGroup, Grant, User
from audits.editing import Saved, Then, save_version
from audits.models import Preview, Proposal, Rule, RuleVersion, ShadowFinding
from audits.moving import into_shadow, out_of_shadow, put_into_force, retire
from audits.versions import text_of
from config import jobs
from tests.config.test_forms import a_form
from tests.factories import AccountFactory, GroupFactory, IssueFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db

EXAMPLES = [
    {"name": "fires", "fires": True, "config": {"Open": True}},
    {"name": "quiet", "fires": False, "config": {"Open": False}},
]
TEXT = {
    "title": "Open",
    "technologies": ["aws.ec2.security_group"],
    "expression": "Open",
    "score": 5,
    "applies_when": "",
    "identity": "",
    "extent": "",
    "notes": "",
    "parameters": {},
    "rationale": "",
    "remediation": "Close the port.",
    "references": [],
    "controls": [],
    "examples": EXAMPLES,
}


def person(name: str, *roles: str, group: AccountGroup | None = None) -> User:
    user: User = UserFactory(username=name)
    for role in roles:
        Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ines(db: None) -> User:
    return person("ines", "rule editor")


@pytest.fixture
def omar(db: None) -> User:
    return person("omar", "approver")


@pytest.fixture
def rule(ines: User) -> Rule:
    return save_version("ours.open", TEXT, ines, "Needed.", Then.FORCE).version.rule


@pytest.fixture
def second_person(rule: Rule, settings: Any) -> None:
    """From now on another person lets in what decides; what is in force already stays."""
    settings.SECOND_PERSON = True


def edit(rule: Rule, by: User, then: Then = Then.DRAFT, **fields: Any) -> Saved:
    newest = rule.newest
    assert newest
    text = {**text_of(newest), **fields}
    return save_version(rule, text, by, "Another.", then, seen=newest.number)


def address(name: str, *of: Any) -> str:
    return reverse(f"admin:audits_{name}", args=of)


def text(client: Client, name: str, *of: Any) -> str:
    response = client.get(address(name, *of))
    assert response.status_code == 200
    return unescape(response.content.decode())


def step(client: Client, rule: Rule, what: str, **given: Any) -> str:
    response = client.post(address("rule_do", rule.pk, what), given, follow=True)
    rule.refresh_from_db()
    return unescape(response.content.decode())


def posted(client: Client, name: str, proposal: Proposal) -> str:
    return unescape(client.post(reverse(name, args=[proposal.pk])).content.decode())


def waiting() -> Proposal:
    return Proposal.objects.get(answer="")


# -- steps ------------------------------------------------------------------------------------


def test_each_place_offers_its_next_steps(ines: User, rule: Rule) -> None:
    client = browser(ines)
    edit(rule, ines, score=9)
    page = text(client, "rule_change", rule.pk)
    assert "Retire the rule" in page
    assert "Try it in shadow" in page
    assert "Put it into force" in page
    assert "scores nothing, tells nobody" in page
    step(client, rule, "shadow", version=2)
    assert rule.shadow.number == 2  # type: ignore[union-attr]
    page = text(client, "rule_change", rule.pk)
    assert "End the trial" in page
    assert "Try it in shadow" not in page
    assert "say why it changes" in step(client, rule, "activate", version=2)
    step(client, rule, "activate", version=2, reason="It found enough.")
    assert (rule.active.number, rule.shadow) == (2, None)  # type: ignore[union-attr]


def test_the_step_is_for_the_version_that_was_seen(ines: User, rule: Rule) -> None:
    edit(rule, ines, score=9)
    edit(rule, ines, score=1)
    step(browser(ines), rule, "activate", version=2, reason="I saw this one.")
    assert rule.active.number == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["shadow", "unshadow", "activate", "retire", "withdraw"])
def test_steps_are_for_editors_of_all_accounts(rule: Rule, what: str) -> None:
    limited = person("lim", "rule editor", group=GroupFactory())
    for user in (person("vera", "viewer", "approver"), limited):
        client = browser(user)
        page = address("rule_do", rule.pk, what)
        assert client.post(page, {"reason": "Me."}).status_code == 403
        assert page not in text(client, "rule_change", rule.pk)


def test_a_broken_rule_is_kept_but_not_tried(ines: User, rule: Rule) -> None:
    client = browser(ines)
    form = a_form(expression="Closed", reason="a mistake", _shadow="1")
    said = unescape(
        client.post(address("rule_change", rule.pk), form, follow=True).content.decode()
    )
    assert "can be neither tried nor put into force" in said
    rule.refresh_from_db()
    assert (rule.versions.count(), rule.shadow, rule.active.number) == (2, None, 1)  # type: ignore[union-attr]
    assert "stays where it is: “fires” should fire." in step(client, rule, "shadow", version=2)


def test_a_trap_is_shown_at_its_field_and_mended_without_saving(ines: User, rule: Rule) -> None:
    client = browser(ines)
    form = a_form(expression="!Open.Wide", reason="a trap")
    page = client.post(address("rule_change", rule.pk), form | {"_activate": "1"})
    said = unescape(page.content.decode())
    assert rule.versions.count() == 1, "what can never be meant is not kept"
    assert said.count('class="break trap-text"') == 1, "where it is, and nowhere else"
    pressed = re.search(r'name="_mend" value="(expression:\d+)"', said)
    assert pressed
    mended = client.post(address("rule_change", rule.pk), form | {"_mend": pressed[1]})
    assert mended.context["form"]["expression"].value() == "empty(Open.Wide)"
    assert "nothing is saved yet" in mended.content.decode()
    assert rule.versions.count() == 1


# -- shadow -----------------------------------------------------------------------------------


def found(version: RuleVersion, item: Any, **fields: Any) -> ShadowFinding:
    given = {"fingerprint": "f", "score": 7, "notes": "n", "since": timezone.now()} | fields
    return ShadowFinding.objects.create(version=version, item=item, **given)


def test_what_a_trial_finds_is_counted_and_listed_as_far_as_one_may_see(
    ines: User, rule: Rule
) -> None:
    version = edit(rule, ines, Then.SHADOW, score=9).version
    mine = GroupFactory()
    seen, hidden = AccountFactory(name="seen-shore"), AccountFactory(name="hidden-haven")
    seen.groups.add(mine)
    for account in (seen, hidden):
        found(version, ItemFactory(account=account), notes=f"in {account.name}")
    reason = "aws.iam.role of hidden-haven has not been read."
    found(version, ItemFactory(account=seen), unknown=True, fingerprint="", notes=reason)
    link = f"{address('shadowfinding_changelist')}?rule={rule.pk}"
    assert f'href="{link}">2 findings</a>' in text(browser(ines), "rule_change", rule.pk)

    vera = browser(person("vera", "viewer", group=mine))
    page = text(vera, "rule_change", rule.pk)
    assert f'href="{link}">1 finding</a>' in page
    assert "no answer for 1 item</a>" in page
    listed = vera.get(link)
    assert listed.context["cl"].result_count == 2
    assert "hidden-haven" not in listed.content.decode()
    foreign = ShadowFinding.objects.get(item__account=hidden)
    assert vera.get(address("shadowfinding_change", foreign.pk)).status_code in (302, 404)

    out_of_shadow(rule, ines)
    assert browser(ines).get(link).context["cl"].result_count == 0


# -- a second person --------------------------------------------------------------------------


def test_a_change_waits_and_is_let_in_on_its_page(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    editor, approver = browser(ines), browser(omar)
    form = a_form(score=9, reason="It is worse.", _activate="1")
    said = editor.post(address("rule_change", rule.pk), form, follow=True).content.decode()
    assert "waits for another person" in unescape(said)
    page = address("proposal_change", waiting().pk)
    home = approver.get("/").content.decode()
    assert "1 change of rules waits for your answer" in home or "Nothing is granted" not in home
    lines = [
        line
        for group in approver.get(page).context["sidebar_navigation"]
        for line in group["items"]
    ]
    assert next(line for line in lines if line["title"] == "Proposals")["badge"] == "1"
    assert 'value="approve"' not in editor.get(page).content.decode()
    assert "Approvers of all accounts" in editor.get(page).content.decode()
    assert editor.post(page, {"answer": "approve"}).status_code == 403
    shown = unescape(approver.get(page).content.decode())
    assert "It is worse." in shown
    assert "Version 1, in force" in shown
    approver.post(page, {"answer": "approve"})
    rule.refresh_from_db()
    assert (rule.active.number, rule.active.approved_by) == (2, omar)  # type: ignore[union-attr]
    again = approver.post(page, {"answer": "approve"}, follow=True)
    assert "it was approved by omar" in unescape(again.content.decode())


def test_a_refusal_needs_a_reason_and_is_shown_to_who_asked(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    edit(rule, ines, Then.FORCE, score=9)
    page = address("proposal_change", waiting().pk)
    approver = browser(omar)
    approver.post(page, {"answer": "refuse", "reason": " "})
    assert waiting()
    approver.post(page, {"answer": "refuse", "reason": "It misses IPv6."})
    shown = text(browser(ines), "rule_change", rule.pk)
    assert "omar refused: Put version 2 into force" in shown
    assert "It misses IPv6." in shown


def test_what_waits_is_found_in_the_lists(ines: User, rule: Rule, second_person: None) -> None:
    edit(rule, ines, Then.FORCE, score=9)
    client = browser(ines)
    assert client.get("/audits/rule/?state=waiting").context["cl"].result_count == 1
    assert "waits for approval" in client.get("/audits/rule/").content.decode()
    assert client.get("/audits/proposal/").context["cl"].result_count == 1
    step(client, rule, "withdraw", reason="Not yet.")
    assert client.get("/audits/rule/?state=waiting").context["cl"].result_count == 0


def test_an_answer_out_of_the_blue_is_refused(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    edit(rule, ines, Then.FORCE, score=9)
    page = address("proposal_change", waiting().pk)
    assert browser(omar).post(page, {"answer": "withdraw"}).status_code == 403
    assert browser(omar).post(page, {"answer": "drop table"}).status_code == 403
    assert browser(person("new")).get(page).status_code in (302, 403, 404)
    assert browser(omar).get(address("proposal_change", 999_999)).status_code == 404


def test_who_answers_is_shown_what_would_change(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    edit(rule, ines, Then.FORCE, score=9)
    account = AccountFactory(name="shop")
    for number in range(3):
        ItemFactory(account=account, config={"Open": number > 0})
    approver, proposal = browser(omar), waiting()
    impact = reverse("proposal_impact", args=[proposal.pk])
    assert f'hx-get="{impact}"' in text(approver, "proposal_change", proposal.pk)
    asking = approver.get(impact).content.decode()
    assert 'hx-trigger="load, click"' in asking, "it is asked without a click"
    assert not Preview.objects.exists(), "looking at a page asks nothing"
    assert "Waiting for a worker" in posted(approver, "proposal_ask", proposal)
    assert "It was cancelled." in posted(approver, "proposal_cancel", proposal)
    assert "load, click" not in approver.get(impact).content.decode(), "once is enough"

    posted(approver, "proposal_ask", proposal)
    jobs.preview(Preview.objects.get(state="waiting").pk)
    answered = " ".join(unescape(approver.get(impact).content.decode()).split())
    assert ">+2</dd>" in answered
    assert "2 in shop" in answered
    assert "fires on 2, not on 1" in answered
    assert "+2" not in browser(ines).get(impact).content.decode(), "an answer is for who asked"


def test_only_who_may_answer_or_ask_is_told_what_a_proposal_would_change(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    edit(rule, ines, Then.FORCE, score=9)
    proposal = waiting()
    vera = browser(person("vera", "viewer"))
    assert "If this were in force now" not in text(vera, "proposal_change", proposal.pk)
    for name in ("proposal_impact", "proposal_ask", "proposal_cancel"):
        how = vera.get if name == "proposal_impact" else vera.post
        assert how(reverse(name, args=[proposal.pk])).status_code == 403
    assert not Preview.objects.exists()
    browser(omar).post(address("proposal_change", proposal.pk), {"answer": "approve"})
    assert browser(omar).get(reverse("proposal_impact", args=[proposal.pk])).status_code == 404


def test_a_proposal_to_retire_says_what_it_closes(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    IssueFactory(item=ItemFactory(), version=rule.active)
    retire(rule, ines, "Not needed any more.")
    page = text(browser(omar), "proposal_change", waiting().pk)
    assert "1 open issue</a> would be closed" in page
    assert "If this were in force now" not in page


# -- versions ---------------------------------------------------------------------------------


def test_any_two_versions_are_compared_word_by_word(ines: User, rule: Rule) -> None:
    edit(rule, ines, expression="Open || Wide", remediation="Close the port today.")
    edit(rule, ines, score=9, examples=EXAMPLES[:1])
    page = unescape(
        browser(ines).get(address("rule_compare", rule.pk), {"old": 1, "new": 3}).content.decode()
    )
    assert "<ins> today</ins>" in page
    assert "<ins> || Wide</ins>" in page
    assert "quiet" in page
    assert "The same in both: title, technologies" in page
    backwards = browser(ines).get(address("rule_compare", rule.pk), {"old": 3, "new": 2})
    assert backwards.context["older"].number == 2
    assert browser(ines).get(address("rule_compare", rule.pk) + "?old=x&new=99").status_code == 200


def test_a_version_is_shown_whole_and_restored(ines: User, rule: Rule) -> None:
    edit(rule, ines, Then.FORCE, expression="Open || Wide", score=9)
    client = browser(ines)
    page = text(client, "rule_version", rule.pk, 1)
    assert "Needed." in page
    assert "Restore and put into force" in page
    restore = address("rule_restore", rule.pk, 1)
    assert client.get(restore).status_code == 403
    client.post(restore, {"reason": "", "_activate": "1"})
    assert rule.versions.count() == 2
    client.post(restore, {"reason": "It was better.", "_activate": "1"})
    rule.refresh_from_db()
    assert (rule.active.number, rule.active.expression) == (3, "Open")  # type: ignore[union-attr]
    assert client.get(address("rule_version", rule.pk, 9)).status_code == 404
    viewer = browser(person("vera", "viewer"))
    assert "Restore" not in text(viewer, "rule_version", rule.pk, 1)
    assert viewer.post(restore, {"reason": "Me."}).status_code == 403


def test_the_history_names_who_did_what_and_why(
    ines: User, omar: User, rule: Rule, second_person: None
) -> None:
    version = edit(rule, ines, score=9).version
    into_shadow(version, ines, "A look.")
    put_into_force(version, ines, "It found enough.")
    browser(omar).post(address("proposal_change", waiting().pk), {"answer": "approve"})
    rule.refresh_from_db()
    retire(rule, ines, "Nobody needs it.")
    page = re.sub(r"<[^>]+>|\s+", " ", text(browser(ines), "rule_history", rule.pk))
    page = re.sub(r"\s+", " ", page)
    told = [
        "ines proposed to retire the rule",
        "omar put version 2 into force",
        "omar approved the proposal to put version 2 into force",
        "ines proposed to put version 2 into force",
        "ines put version 2 in shadow",
        "ines wrote version 2",
        "ines put version 1 into force",
        "ines wrote version 1",
    ]
    places = [page.find(one) for one in told]
    assert -1 not in places, told[places.index(-1)]
    assert places == sorted(places), "newest first"
    assert "Nobody needs it." in page


def test_an_issue_names_the_version_that_raised_it(ines: User, rule: Rule) -> None:
    assert rule.active
    issue = IssueFactory(version=rule.active, rule=rule)
    edit(rule, ines, Then.FORCE, score=9)
    link = address("rule_version", rule.pk, 1)
    client = browser(ines)
    assert f'href="{link}"' in text(client, "issue_change", issue.pk)
    assert f'href="{link}"' in client.get("/audits/issue/").content.decode()


# -- the score in the list --------------------------------------------------------------------


def test_the_score_opens_a_form_that_writes_the_next_version(ines: User, rule: Rule) -> None:
    client = browser(ines)
    page = address("rule_score", rule.pk)
    assert f'hx-get="{page}"' in client.get("/audits/rule/").content.decode()
    small = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in small
    assert "<html" in client.get(page).content.decode()
    wrong = client.post(page, {"seen": 1, "score": 11, "reason": "Worse."})
    assert "less than or equal to 10" in wrong.content.decode()
    assert "This field is required" in client.post(page, {"seen": 1, "score": 9}).content.decode()
    done = client.post(
        page, {"seen": 1, "score": 9, "reason": "Worse."}, headers={"HX-Request": "true"}
    )
    assert done.headers["HX-Refresh"] == "true"
    rule.refresh_from_db()
    assert (rule.active.number, rule.active.score, rule.active.reason) == (2, 9, "Worse.")  # type: ignore[union-attr]
    stale = client.post(page, {"seen": 1, "score": 3, "reason": "Less."})
    assert "took its place meanwhile" in stale.content.decode()


def test_a_score_takes_no_draft_into_force(ines: User, rule: Rule) -> None:
    edit(rule, ines, expression="Open || Wide")
    page = address("rule_score", rule.pk)
    browser(ines).post(page, {"seen": 1, "score": 9, "reason": "Worse."})
    rule.refresh_from_db()
    newest = rule.newest
    assert rule.active
    assert newest
    assert (rule.active.score, rule.active.expression) == (9, "Open")
    assert (newest.score, newest.expression) == (9, "Open || Wide"), "still what is edited next"


def test_a_score_waits_for_a_second_person_too(ines: User, rule: Rule, second_person: None) -> None:
    page = address("rule_score", rule.pk)
    browser(ines).post(page, {"seen": 1, "score": 9, "reason": "Worse."})
    rule.refresh_from_db()
    assert (rule.active.number, waiting().version.score) == (1, 9)  # type: ignore[union-attr]


def test_who_may_not_edit_is_offered_no_form(rule: Rule) -> None:
    client = browser(person("vera", "viewer"))
    page = address("rule_score", rule.pk)
    assert page not in client.get("/audits/rule/").content.decode()
    assert client.get(page).status_code == 403
    assert client.post(page, {"seen": 1, "score": 0, "reason": "Me."}).status_code == 403


# -- cost -------------------------------------------------------------------------------------


def queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as context:
        assert client.get(page).status_code == 200
    return len(context)


def test_pages_do_not_ask_more_for_more_rows(ines: User, rule: Rule) -> None:
    client = browser(ines)
    version = edit(rule, ines, Then.SHADOW, score=9).version
    found(version, ItemFactory())
    pages = [
        "/audits/rule/?state=all",
        "/audits/shadowfinding/",
        address("rule_history", rule.pk),
        address("rule_compare", rule.pk),
    ]
    before = [queries(client, page) for page in pages]
    for number in range(5):
        save_version(f"ours.more{number}", TEXT, ines, "More.", Then.SHADOW)
        found(version, ItemFactory(), fingerprint=str(number))
        edit(rule, ines, score=number)
    assert [queries(client, page) for page in pages] == before
