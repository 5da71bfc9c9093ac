"""Every address of the console, as every role: what each sees, and what each can do."""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, Schedule, Success

from accounts.ledger import enter
from accounts.models import Account, AccountGroup, ApiToken, Grant, KnownNetwork, User
from audits.models import (
    Attachment,
    BlindSpot,
    ChangeReview,
    Comment,
    Control,
    EvidencePack,
    Framework,
    Issue,
    Justification,
    Preview,
    Proposal,
    ReferenceTable,
    ReviewPolicy,
    Rule,
    RuleExample,
    RuleSetting,
    RuleVersion,
    SavedView,
    ShadowFinding,
)
from audits.packing import packed
from audits.versions import text_of
from config.roles import ROLES
from items.models import Gap, IgnoredName, Item, Kind, Run, WatcherSetting
from notifications.models import Delivery, OwnSubscription, Report, Subscription
from tests.audits.test_moving import TEXT
from tests.config.addresses import Rows, about, filled, routes
from tests.config.test_ledger import FORMS
from tests.config.test_ledger import filled as filled_in
from tests.config.test_seeing import HIDDEN, SEEN, furnished, somebody
from tests.config.test_workbench import sent
from tests.factories import GroupFactory, a_rule

pytestmark = pytest.mark.django_db

# Rows that belong to no account, so that everybody may see them who may see such rows at all.
SHARED: tuple[type[Model], ...] = (
    AccountGroup,
    User,
    Grant,
    Group,
    KnownNetwork,
    IgnoredName,
    Framework,
    Control,
    Rule,
    RuleVersion,
    RuleExample,
    Proposal,
    ReferenceTable,
    ReviewPolicy,
    SavedView,
    Success,
    Failure,
    Schedule,
    AccessAttempt,
)


def rows_of(account: Account, group: AccountGroup, by: User) -> Rows:
    """Return a row of everything that the console has a page of: of the account, or shared."""
    now = timezone.now()
    group.changes_reviewed = True
    group.save()
    account.owner_mail = "owner@example.com"
    account.save()
    item = account.items.get()
    item.config = {"GroupId": item.uid, "Note": f"kept in {account.name}", "Policy": {}}
    item.save()
    issue = Issue.objects.unjustified().filter(account=account).get()
    justification = Justification.objects.get(account=account)
    house = Framework.objects.get_or_create(key="house", name="House", title="House rules")[0]
    control = Control.objects.get_or_create(framework=house, number="1", title="Lock it")[0]
    comment = Comment.objects.create(
        item=item, issue=issue, by=by, at=now, text=f"said in {account.name}"
    )
    with transaction.atomic():
        entry = enter(by, "changed", account, {"name": "was"}, {"name": account.name})
    rule = a_rule(issue.rule.key, title="Said otherwise")
    shipped = {**text_of(rule.newest), "score": 1}
    Rule.objects.filter(pk=rule.pk).update(shipped=shipped, pack="ours")
    rows: list[Any] = [
        comment,
        ApiToken.objects.create(user=by, name="theirs", scopes=["read"])[0],
        OwnSubscription.objects.create(owner=by, name="theirs", address="by@example.com"),
        item.history.latest("history_id"),
        rule.newest,
        RuleExample.objects.create(version=rule.newest, name="one", config={}, fires=False),
        account,
        group,
        item,
        issue,
        justification,
        house,
        control,
        entry,
        rule,
        Attachment.objects.create(
            justification=justification, name="letter.txt", content=b"Yes.", sha256="ab" * 32
        ),
        ChangeReview.objects.create(
            item=item,
            revision=item.history.latest("history_id").history_id,
            kind=Kind.CHANGED,
            since=now,
        ),
        EvidencePack.objects.create(
            framework=house,
            moment=now,
            since=now,
            accounts=[account.pk],
            scope=account.name,
            by=by,
            state=EvidencePack.State.DONE,
        ),
        Preview.objects.create(kind="impact", rule=rule, fields={}, by=by),
        KnownNetwork.objects.get_or_create(cidr="192.0.2.0/24")[0],
        IgnoredName.objects.get_or_create(technology="aws.s3.bucket", pattern="old-*")[0],
        ReferenceTable.objects.get_or_create(key="house", title="House", rows=["a"])[0],
        SavedView.objects.get_or_create(name="Ours", page="query", condition="GroupId")[0],
        ReviewPolicy.objects.get(severity="low"),
        by,
        Group.objects.get(name="viewer"),
        Grant.objects.get_or_create(user=by, role=Group.objects.get(name="viewer"))[0],
        Success.objects.get_or_create(id="a", defaults=_job(True))[0],
        Failure.objects.get_or_create(id="b", defaults=_job(False))[0],
        Schedule.objects.get_or_create(func="math.floor")[0],
        AccessAttempt.objects.get_or_create(username="eve", failures_since_start=1)[0],
        Proposal.objects.filter(by=by).latest("pk"),
        Run.objects.get(account=account),
        Gap.objects.get(account=account),
        BlindSpot.objects.get(account=account),
        ShadowFinding.objects.filter(item=item, unknown=False).get(),
        WatcherSetting.objects.get(account=account),
        RuleSetting.objects.get(account=account),
        Subscription.objects.get(accounts=account),
        Delivery.objects.get(subscription__accounts=account, kind="alert"),
        Report.objects.get(accounts=account),
    ]
    return {type(row): row for row in rows}


def _job(success: bool) -> dict[str, Any]:
    now = timezone.now()
    return {"name": "n", "func": "math.floor", "started": now, "stopped": now, "success": success}


@pytest.fixture
def world(admin_user: User) -> dict[str, Any]:
    """Two groups, each with one account, and a row of everything for both."""
    mine, theirs = GroupFactory(name="my group"), GroupFactory(name="their group")
    both = {}
    for name, group in ((SEEN, mine), (HIDDEN, theirs)):
        account = furnished(name, group, admin_user)
        both[name] = rows_of(account, group, admin_user)
    return {"mine": mine, "theirs": theirs, "seen": both[SEEN], "hidden": both[HIDDEN]}


def test_every_route_can_be_filled_in(world: dict[str, Any]) -> None:
    for route in routes():
        assert not set("<([") & set(filled(route, world["seen"])), route


# -- seeing -----------------------------------------------------------------------------------

OPERATOR = {"operator"}
EDITOR = {"rule editor"}
REVIEW = {"reviewer", "approver"}
VIEWS = set(ROLES) - {"viewer", "auditor"}
# Who may write rows of a model by a form: added and changed, and deleted.
WRITTEN: dict[type[Model], tuple[set[str], set[str]]] = {
    Account: (OPERATOR, OPERATOR),
    AccountGroup: (OPERATOR, OPERATOR),
    KnownNetwork: (OPERATOR, OPERATOR),
    WatcherSetting: (OPERATOR, OPERATOR),
    IgnoredName: (OPERATOR, OPERATOR),
    Subscription: (OPERATOR, OPERATOR),
    ReviewPolicy: (OPERATOR, set()),
    Rule: (EDITOR, set()),
    RuleSetting: (EDITOR, EDITOR),
    ReferenceTable: (EDITOR, EDITOR),
    Framework: (EDITOR, set()),
    Control: (EDITOR, EDITOR),
    SavedView: (VIEWS, EDITOR),
    ApiToken: (set(ROLES), set()),
    OwnSubscription: (set(ROLES), set()),
}


WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


@contextmanager
def undone() -> Iterator[set[str]]:
    """Undo what is done within; the set names the tables that were written to."""
    written: set[str] = set()

    def note(execute: Any, sql: str, *more: Any) -> Any:
        found = WRITES.match(sql)
        if found and found[1] not in UNTOLD:
            written.add(found[1])
        return execute(sql, *more)

    with connection.execute_wrapper(note), transaction.atomic():
        yield written
        transaction.set_rollback(True)


# What a request may write that is no deed: sessions.
UNTOLD = {"django_session"}
PASSWORDS = {
    "old_password": "a long password",
    "new_password1": "correct horse battery",
    "new_password2": "correct horse battery",
}


def opened(
    client: Client, route: str, rows: Rows, asked: str = "", part: bool = False
) -> tuple[int, str]:
    """Open a page, or the part of it that a page puts into itself; return its state and text."""
    asked = (asked or ASKED.get(route, "")).format(item=rows[Item].pk, account=rows[Account].pk)
    response = client.get(
        filled(route, rows) + asked, headers={"HX-Request": "true"} if part else {}
    )
    return response.status_code, unescape(response.getvalue().decode(errors="replace"))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_it_may_and_sees_nothing_foreign(
    world: dict[str, Any], role: str
) -> None:
    client = somebody(role, world["mine"])
    found, foreign = [], []
    for route in routes():
        if route in LEAVES:
            continue
        with undone() as written:
            state, text = opened(client, route, world["seen"])
        leads = state == 302 and route.endswith(LEADS)
        if not leads and (state == 200) != opens(route, role):
            found.append(f"{route}: {state}")
        if route in PARTS:
            with undone():
                inner, part = opened(client, route, world["seen"], part=True)
            if inner != state or HIDDEN in part or (state == 200 and part == text):
                foreign.append(f"{route} as a part: {inner}")
        if HIDDEN in text or written:
            foreign.append(f"{route}: {written or 'names what is foreign'}")
        model = about(route)
        if model and model not in SHARED:
            with undone():
                state, text = opened(client, route, world["hidden"])
            if state == 200 or HIDDEN in text:
                foreign.append(f"{route} of a foreign row: {state}")
    for route, asked in BESIDE.items():
        beside = asked.format(foreign=world["hidden"][Item].pk, item="{item}", account="{account}")
        with undone():
            state, text = opened(client, route, world["seen"], beside)
        if state == 200 or HIDDEN in text:
            foreign.append(f"{route} beside a foreign row: {state}")
    wrong = [*found, *foreign]
    assert not wrong, "\n".join(wrong)


# What leads on to a row's own page, whoever asks and whether there is such a row or not.
LEADS = ("<path:object_id>/", "<path:object_id>/history/")
# Who leaves is no longer anybody.
LEAVES = {"logout/"}
# What answers with a part of its page where a page asks for it.
PARTS = {
    "items/item/<int:pk>/difference/",
    "evidence/<int:pk>/",
    "audits/rule/<int:object_id>/score/",
}
# What names two rows: one in sight, one not.
BESIDE = {"items/compare/": "?a={item}&b={foreign}"}
# What a page must be asked to say something about the row; elsewhere its address is enough.
ASKED = {
    "find/": "?q=haven&also=gone,older",
    "search/": "?s=haven&extended=1",
    "find/query/": "?technology=aws.ec2.security_group&condition=GroupId&columns=Note",
    "items/compare/": "?a={item}&add=haven",
    "items/differences/": "?from=2026-01-01&account={account}",
    "items/item/<int:pk>/part/": "?path=%5B%22Note%22%5D",
    "audits/rule/<int:pk>/workbench/": "?item={item}",
    "audits/rule/workbench/items/": "?technologies=aws.ec2.security_group&q=haven",
    "api/differences/": "?from=2026-01-01",
    "api/search/": "?q=haven&also=gone,older",
    "autocomplete/": "?app_label=audits&model_name=rulesetting&field_name=account",
}
# Pages that not every role may open, though they are no form: who may.
SHUT: dict[str, set[str]] = {
    "login/": set(),  # Of who is logged in already.
    "accounts/user/<id>/password/": set(),
    "accounts/ledgerentry/": {"auditor"},
    "accounts/user/": {"auditor"},
    "accounts/grant/": {"auditor"},
    "accounts/apitoken/<": set(),  # Another's.
    "notifications/ownsubscription/<": set(),
    "auth/group/": set(),
    "django_q/": set(),
    "axes/": set(),
    "api/audit-log/": {"auditor"},
    "api/nothing/": set(),
    "api/previews/<": set(),  # For who asked.
    # Of a rule, which holds in all accounts, and these people are granted one group.
    "audits/rule/workbench/items/": set(ROLES),
    "audits/rule/workbench/": set(),
    "audits/rule/import/": set(),
    "audits/proposal/<int:pk>/impact/": set(),
    "audits/rule/<int:object_id>/score/": set(),
    # For who asked, whoever else may see the same.
    "evidence/": set(),
    # Once it may have named other accounts.
    "items/watchersetting/<path:object_id>/history/": set(),
    "audits/rulesetting/<path:object_id>/history/": set(),
    "notifications/subscription/<path:object_id>/history/": set(),
    # There is nothing.
    "items/item/<int:pk>/policy/": set(),
    "r/": set(),
    "nothing/": set(),
}
# Rows whose former state has no page, or one that may name other accounts.
NO_FORMER = {ReviewPolicy, Rule, RuleSetting, WatcherSetting, Subscription}
# What is only sent, never opened.
SENT = {
    "frameworks/<str:key>/evidence/",
    *(f"api/{what}/" for what in ("justify", "scan", "evaluate", "queries/run")),
    "api/deliveries/<pk>/resend/",
    "api/rules/<pk>/move/",
    *(f"api/justifications/<pk>/{what}/" for what in ("answer", "withdraw")),
    *(f"api/proposals/<pk>/{what}/" for what in ("answer", "withdraw")),
    "api/items/<pk>/labels/",
    *(f"items/item/<int:pk>/{what}/" for what in ("comment", "label", "read", "watch")),
    *(f"audits/issue/<int:pk>/{what}/" for what in ("covers", "assign", "comment", "send-back")),
    "audits/rule/<int:object_id>/do/<slug:what>/",
    "audits/rule/<int:object_id>/restore/<int:number>/",
    "accounts/account/<int:object_id>/do/<slug:what>/",
    "notifications/ownsubscription/mails/",
}


def opens(route: str, role: str) -> bool:
    """Say whether a role, granted for one group, opens a page about a row of that group."""
    model, what = _form_of(route)
    whole = model is not None and _holds_in_all(model, what)
    if model and what in ("add", "delete"):
        saves, deletes = WRITTEN.get(model, (set(), set()))
        may = role in (saves if what == "add" else deletes) and not whole
        return may and (what == "add" or model not in KEPT)
    if route.endswith("<revision>/") and about(route) in NO_FORMER:
        return False
    shut = next((who for start, who in SHUT.items() if route.startswith(start)), set(ROLES))
    return role in shut and route not in SENT


# -- doing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verb:
    """Something that is sent, and who may."""

    route: str
    sent: dict[str, Any]
    roles: set[str]
    whole: bool = False
    """Whether it holds in all accounts, so that only who is granted them all may."""
    what: str = ""
    query: str = ""

    def __str__(self) -> str:
        return f"{self.route} {self.what or self.sent.get('action', '')}"


def deeds(rows: Rows, admin: User) -> list[Verb]:
    """Return what can be done with these rows beside the forms that write one, each once."""
    issue, rule, item = rows[Issue], rows[Rule], rows[Item]
    newest = rule.newest.number
    why = {"category": "accepted risk", "because": "A lab.", "scope": "issue"}
    chosen = {"_selected_action": [issue.pk], "_decided": 1, "_handed": 1}
    covered = Issue.objects.get(justified=True, item=item)
    change = {"_selected_action": [rows[ChangeReview].pk]}
    ((name, pack),) = packed([("ours.new", TEXT)]).items()
    text = {"text": pack, "name": name, "rule": "ours.new 0", "impact": "ours.new"}
    account = {"_selected_action": [rows[Account].pk]}
    arrived = {"_selected_action": [rows[Delivery].pk]}
    Delivery.objects.filter(pk=rows[Delivery].pk).update(state=Delivery.State.SENT)
    return [
        Verb("items/item/<int:pk>/comment/", {"text": "Why?"}, REVIEW),
        Verb("items/item/<int:pk>/read/", {}, OPERATOR),
        Verb("items/item/<int:pk>/watch/", {}, set(ROLES)),
        Verb("items/item/<int:pk>/label/", {"labels": "PCI"}, REVIEW),
        Verb("audits/issue/<int:pk>/change/", {"decision": "justify", **why}, REVIEW),
        Verb("audits/issue/<int:pk>/assign/", {"to": admin.pk}, REVIEW),
        Verb("audits/issue/<int:pk>/comment/", {"text": "Why?"}, REVIEW),
        Verb("audits/issue/<int:pk>/send-back/", {"text": "Mend it."}, REVIEW),
        Verb("audits/issue/", {"action": "justify_chosen", **chosen, **why}, REVIEW),
        Verb("audits/issue/", {"action": "assign_chosen", **chosen, "to": admin.pk}, REVIEW),
        Verb("audits/issue/", {"action": "comment_chosen", **chosen, "text": "Why?"}, REVIEW),
        Verb(
            "audits/issue/",
            {
                "action": "withdraw_chosen",
                **chosen,
                "_selected_action": [covered.pk],
                "because": "No more.",
            },
            REVIEW,
            query="?state=justified",
        ),
        Verb(
            "audits/justification/<path:object_id>/change/",
            {"answer": "withdraw", "words": "No more."},
            REVIEW,
        ),
        Verb("audits/changereview/", {"action": "expect", **change, "ticket": "OPS-1"}, REVIEW),
        Verb("audits/changereview/", {"action": "ask", **change, "text": "Why?"}, REVIEW),
        *(
            Verb("accounts/account/<int:object_id>/do/<slug:what>/", {}, OPERATOR, what=what)
            for what in ("scan", "off", "archive")
        ),
        Verb("accounts/account/", {"action": "scan_chosen", **account}, OPERATOR),
        Verb("notifications/delivery/", {"action": "send_chosen_again", **arrived}, OPERATOR),
        Verb("frameworks/<str:key>/evidence/", {}, set(ROLES)),
        Verb("password_change/", PASSWORDS, set(ROLES)),
        Verb("notifications/ownsubscription/mails/", {"mails": "waits person"}, set(ROLES)),
        Verb(
            "audits/rule/<int:object_id>/do/<slug:what>/",
            {"reason": "No."},
            EDITOR,
            whole=True,
            what="retire",
        ),
        Verb("audits/rule/<int:object_id>/restore/<int:number>/", {"reason": "No."}, EDITOR, True),
        Verb(
            "audits/rule/<int:object_id>/score/",
            {"score": 2, "reason": "Less.", "seen": newest},
            EDITOR,
            True,
        ),
        Verb(
            "audits/rule/<int:object_id>/shipped/",
            {"field": ["score"], "reason": "As shipped.", "seen": newest},
            EDITOR,
            True,
        ),
        Verb("audits/rule/workbench/save/", sent(rule, title="B", reason="No."), EDITOR, True),
        Verb("audits/rule/workbench/ask/", sent(rule, title="B", kind="impact"), EDITOR, True),
        Verb("audits/rule/import/", {**text, "_import": 1, "reason": "Ours."}, EDITOR, True),
        Verb("audits/rule/import/impact/", text, EDITOR, True),
        Verb("audits/rule/import/sum/", text, EDITOR, True),
        Verb("audits/proposal/<path:object_id>/change/", {"answer": "approve"}, {"approver"}, True),
        Verb("audits/proposal/<int:pk>/impact/ask/", {}, EDITOR | {"approver"}, True),
    ]


def forms(rows: Rows, admin: Client) -> Iterator[Verb]:
    """Yield what an administrator's browser would send of each form that writes a row."""
    account, group = rows[Account].pk, rows[AccountGroup].pk
    scope = {
        Account: {"groups": [group]},
        WatcherSetting: {"account": account},
        RuleSetting: {"account": account},
        Subscription: {"accounts": [account]},
    }
    for route in routes():
        model, what = _form_of(route)
        if model is None or model in PERSONAL:
            continue
        if (model, what) in ((ApiToken, "change"), (OwnSubscription, "change")):
            continue  # Never changed, or another's.
        saves, deletes = WRITTEN.get(model, (set(), set()))
        if model is SavedView and what == "change":
            saves = deletes  # Another's, by who keeps the rules for everybody.
        whole = _holds_in_all(model, what)
        if what == "delete":
            yield Verb(
                route,
                {"post": "yes"},
                deletes if model not in (*KEPT, Subscription) else set(),
                whole,
            )
            continue
        page = admin.get(filled(route, rows))
        if page.status_code != 200 or "adminform" not in (page.context or {}):
            continue  # No form, or one of those above.
        given = _new(model) if what == "add" else {}
        change = {"notes": "Changed.", "reason": "Changed.", "title": "Changed"}
        given |= {name: value for name, value in change.items() if what == "change"}
        yield Verb(route, filled_in(page) | given | scope.get(model, {}), saves, whole)


def _new(model: type[Model]) -> dict[str, Any]:
    if model is ApiToken:
        return {"name": "Mine", "scopes": ["read"]}
    if model is OwnSubscription:
        return {"name": "Mine", "least_score": "4"}
    if model is SavedView:
        return {"name": "Mine", "page": "items", "address": "?state=gone"}
    given = FORMS[model][1]() if model in FORMS else {}
    return given | ({"technology": "aws.iam.user"} if model is WatcherSetting else {})


def _holds_in_all(model: type[Model], what: str) -> bool:
    """Say whether a form's deed is for who is granted all accounts: one's own view is not."""
    return getattr(model, "touches_all", False) or (model is SavedView and what != "add")


# Rows that are never deleted: something of them is known. (And a subscription with mails stays.)
KEPT = {Account, Rule}
# What is about oneself, or about what one may see, whichever row is named.
OWN = {
    "frameworks/<str:key>/evidence/",
    "password_change/",
    "audits/savedview/add/",
    "accounts/apitoken/add/",
    "notifications/ownsubscription/add/",
    "notifications/ownsubscription/mails/",
}
# Rows that only administrators write.
PERSONAL = {User, Grant, Group}


def _form_of(route: str) -> tuple[type[Model] | None, str]:
    """Return the model and the deed of a route of the admin's own."""
    for what in ("add", "change", "delete"):
        if route.endswith((f"/<path:object_id>/{what}/", "/add/")) and what in route:
            return apps.get_model(*route.split("/")[:2]), what
    return None, ""


def does(client: Client, verb: Verb, rows: Rows) -> set[str]:
    """Send it, again where it first asks to look; return what was written. All is undone."""
    cookies = copy.deepcopy(client.cookies)  # A new password makes a new session.
    with undone() as written:
        address = filled(verb.route, rows, verb.what) + verb.query
        answer = client.post(address, verb.sent)
        look = (answer.context or {}).get("look") or ""
        if answer.status_code == 200 and "adminform" in (answer.context or {}):
            look = answer.context["adminform"].form.data.get("looked_at", "")
            client.post(address, {**verb.sent, "looked_at": look})
        assert answer.status_code < 500
    client.cookies = cookies
    return written


def faults(client: Client, role: str, rows: Rows, verbs: list[Verb], reach: str) -> list[str]:
    """Return where somebody did what they may not, or could not do what they may."""
    found = []
    for verb in verbs:
        near = reach != "foreign" or verb.route in OWN
        may = role in verb.roles and near and not (verb.whole and reach == "mine")
        written = does(client, verb, rows)
        if bool(written) != may:
            found.append(f"{role} ({reach}) {'may' if may else 'may not'} {verb}: {written}")
    return found


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may_and_only_where_it_may(
    world: dict[str, Any], admin_client: Client, admin_user: User, role: str
) -> None:
    here, there = somebody(role, world["mine"]), somebody(role, None)
    verbs = {
        side: [*deeds(world[side], admin_user), *forms(world[side], admin_client)]
        for side in ("seen", "hidden")
    }
    found = faults(here, role, world["seen"], verbs["seen"], "mine")
    found += faults(here, role, world["hidden"], verbs["hidden"], "foreign")
    found += faults(there, role, world["hidden"], verbs["hidden"], "all")
    assert not found, "\n".join(found)
