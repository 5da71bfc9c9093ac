"""Fills a PostgreSQL database with a large company: what the console is measured on.

N items in forty accounts, ten revisions of each, and what rules and people made of them. What is
many rows is made by the database itself. The same N gives the same company, but for the day.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from random import Random
from typing import Any

from benchmarks.seeding import STAGES, TEAMS, permissions, tags

ACCOUNTS = 40
REVISIONS = 10
# Accounts of the group whose changes are all looked at, and to which one of the people is limited.
GROUPED = 8
LIMITED, ALL_SEEING = "limited", "allseeing"
# Of twenty items, how many are of each technology.
SHARES = {
    "aws.ec2.security_group": 10,
    "aws.iam.user": 4,
    "aws.iam.role": 4,
    "aws.s3.bucket": 2,
}
KINDS = [name for name, share in SHARES.items() for _ in range(share)]
REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
DAYS = 360


def fill(size: int) -> None:
    """Empty the database and fill it with ``size`` items and ten times as many revisions."""
    from django.core.management import call_command
    from django.db import connection

    from items.trigrams import TABLES, make_indexes

    call_command("flush", verbosity=0, interactive=False)
    call_command("loadpacks", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for index in TABLES.values():
            cursor.execute(f"DROP INDEX IF EXISTS {index}")
    now = datetime.now().astimezone().replace(minute=0, second=0, microsecond=0)
    for told, make in (
        ("people and accounts", lambda: _people(now)),
        ("since when", lambda: _begin(now)),
        ("items", lambda: _items(size, now)),
        ("revisions", lambda: _run(REVISIONS_SQL, now)),
        ("addresses and references", _spoken),
        ("runs, gaps, blind spots", lambda: _run(READING_SQL, now)),
        ("issues and their events", lambda: _run(ISSUES_SQL, now)),
        ("decisions and changes to review", lambda: _run(DECISIONS_SQL, now)),
        ("the ledger", lambda: _ledger(size)),
        ("indexes of texts", lambda: make_indexes(connection)),
        ("statistics", lambda: _vacuum(connection)),
    ):
        start = time.monotonic()
        make()
        print(f"  {told}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def _vacuum(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _run(text: str, now: datetime) -> None:
    from django.db import connection

    for statement in filter(str.strip, text.split(";")):
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("$now", f"'{now.isoformat()}'::timestamptz"))


def _people(now: datetime) -> None:
    from django.contrib.auth.models import Group

    from accounts.models import Account, AccountGroup, Grant, KnownNetwork, User
    from items.models import Slice
    from notifications.models import Subscription

    pci = AccountGroup.objects.create(name="PCI", changes_reviewed=True)
    others = [AccountGroup.objects.create(name=f"team {name}") for name in TEAMS]
    for number in range(ACCOUNTS):
        account = Account.objects.create(
            type="aws",
            identifier=f"{310000000000 + number}",
            name=f"{TEAMS[number % len(TEAMS)]}-{STAGES[number % len(STAGES)]}-{number:02}",
        )
        account.groups.add(others[number % len(others)], *([pci] if number < GROUPED else []))
        Slice.objects.bulk_create(
            Slice(account=account, technology=name, read_at=now, looked_at=now) for name in SHARES
        )
    User.objects.create_superuser(ALL_SEEING, password=None)
    limited = User.objects.create_user(LIMITED, password=None)
    Grant.objects.create(user=limited, role=Group.objects.get(name="reviewer"), group=pci)
    told = Subscription.objects.create(name="PCI", address="pci@example.com", owner=limited)
    told.groups.add(pci)
    viewer = Group.objects.get(name="viewer")
    for number in range(200):
        person = User.objects.create_user(f"person{number}", password=None)
        Grant.objects.create(user=person, role=viewer, group=others[number % len(others)])
        Subscription.objects.create(name=f"mails {number}", address=f"p{number}@example.com")
        KnownNetwork.objects.create(cidr=f"10.{number}.0.0/16", note=f"office {number}")


def _begin(now: datetime) -> None:
    """Let accounts, rules and all that people set be as old as the first revision."""
    from django.apps import apps

    for model in apps.get_models():
        kept = getattr(model._meta, "simple_history_manager_attribute", "")
        if kept:
            getattr(model, kept).update(history_date=now - timedelta(days=DAYS))


def _items(size: int, now: datetime) -> None:
    from accounts.models import Account
    from items.canonical import digest
    from items.models import Item

    accounts = list(Account.objects.order_by("pk"))
    for numbers in _portions(range(size)):
        rows = []
        for number in numbers:
            account, technology = accounts[number % ACCOUNTS], KINDS[number // ACCOUNTS % 20]
            config, uid, name = CONFIGS[technology](number, account.identifier)
            changed = now - timedelta(hours=Random(number).randrange(DAYS * 24 // REVISIONS))  # noqa: S311
            rows.append(
                Item(
                    account=account,
                    technology=technology,
                    place=REGIONS[number % 4] if technology.startswith("aws.ec2") else "global",
                    region=REGIONS[number % 4],
                    uid=uid,
                    name=name,
                    full_name=f"arn:aws:{technology}:{account.identifier}:{uid}",
                    config=config,
                    digest=digest(config),
                    whole_digest=digest(config),
                    unread={"Policy": "AccessDenied"} if number % 50 == 3 else {},
                    first_seen=changed - timedelta(days=DAYS * (REVISIONS - 1) // REVISIONS),
                    last_seen=now,
                    changed_at=changed,
                    gone_at=changed if number % 11 == 5 else None,
                )
            )
        Item.objects.bulk_create(rows, batch_size=500)


def _group(number: int, owner: str) -> tuple[dict[str, Any], str, str]:
    uid, name = f"sg-{number:017x}", f"{TEAMS[number % 8]}-app-{number:06}"
    rules = list(permissions(number, f"sg-{number // 2:017x}"))
    config: dict[str, Any] = {
        "GroupId": uid,
        "GroupName": name,
        "Description": f"Traffic of {name}",
        "OwnerId": owner,
        "VpcId": f"vpc-{number // 200:017x}",
        "IpPermissions": [*rules[:1], *rules[-1:]],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "Tags": tags(number),
    }
    return config, uid, name


def _user(number: int, owner: str) -> tuple[dict[str, Any], str, str]:
    name = f"{TEAMS[number % 8]}-user-{number:06}"
    made = f"{2022 + number % 4}-0{1 + number % 9}-15T08:00:00+00:00"
    keys = [
        {
            "AccessKeyId": f"AKIA{number:012}{place}",
            "Status": "Inactive" if (number + place) % 5 == 0 else "Active",
            "CreateDate": made,
            "LastUsed": {"LastUsedDate": made} if number % 3 else None,
        }
        for place in range(number % 3)
    ]
    config: dict[str, Any] = {
        "UserName": name,
        "UserId": f"AIDA{number:016}",
        "Arn": f"arn:aws:iam::{owner}:user/{name}",
        "CreateDate": made,
        "AccessKeys": keys,
        "LoginProfile": {"CreateDate": made} if number % 4 == 0 else None,
        "MFADevices": [{"SerialNumber": f"mfa-{number}"}] if number % 8 else [],
        "GroupList": [TEAMS[number % 8]],
        "Tags": tags(number),
    }
    return config, config["UserId"], name


def _role(number: int, owner: str) -> tuple[dict[str, Any], str, str]:
    name = f"{TEAMS[number % 8]}-role-{number:06}"
    whom = owner if number % 9 else "999999999999"
    trust: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{whom}:root"},
        "Action": "sts:AssumeRole",
    }
    allowed: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "*" if number % 30 == 0 else ["s3:GetObject", "s3:ListBucket"],
        "Resource": "*"
        if number % 30 == 0
        else f"arn:aws:s3:::{TEAMS[number % 8]}-data-{number}/*",
    }
    config: dict[str, Any] = {
        "RoleName": name,
        "RoleId": f"AROA{number:016}",
        "Arn": f"arn:aws:iam::{owner}:role/{name}",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": [allowed]}}],
        "AttachedManagedPolicies": [],
        "Tags": tags(number),
    }
    return config, config["RoleId"], name


def _bucket(number: int, owner: str) -> tuple[dict[str, Any], str, str]:
    name = f"{TEAMS[number % 8]}-data-{number:06}"
    grant: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": "*" if number % 20 == 0 else {"AWS": f"arn:aws:iam::{owner}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"IpAddress": {"aws:SourceIp": f"10.{number % 200}.0.0/16"}},
    }
    config: dict[str, Any] = {
        "Name": name,
        "BucketRegion": REGIONS[number % 4],
        "Policy": {"Version": "2012-10-17", "Statement": [grant]},
        "Encryption": {"Rules": [{}]} if number % 7 else None,
        "Acl": {"Owner": {"ID": owner}, "Grants": []},
        "PublicAccessBlock": {"RestrictPublicBuckets": number % 40 != 0},
        "Tags": tags(number),
    }
    return config, name, name


CONFIGS = {
    "aws.ec2.security_group": _group,
    "aws.iam.user": _user,
    "aws.iam.role": _role,
    "aws.s3.bucket": _bucket,
}


def _spoken() -> None:
    """Note what items speak of by our own reading; a third of it was said otherwise before."""
    from items.addresses import blocks
    from items.models import Address, Item, Reference
    from items.referring import told_by

    rows = Item.objects.select_related("account").order_by("pk").iterator(chunk_size=1000)
    for items in _portions(rows):
        addresses, references = [], []
        for item in items:
            since, until = item.first_seen, item.gone_at
            for block in sorted(blocks(item.config)):
                addresses.append(Address(item=item, since=since, until=until, **block._asdict()))
            for value, path in told_by(item, item.account.identifier).items():
                references.append(
                    Reference(item=item, value=value, path=path, since=since, until=until)
                )
        Address.objects.bulk_create(addresses, batch_size=1000)
        Reference.objects.bulk_create(references, batch_size=1000)
    _run(EARLIER_SQL, datetime.now().astimezone())


def _portions(things: Iterable[Any]) -> Iterator[list[Any]]:
    each = iter(things)
    while some := list(islice(each, 1000)):
        yield some


def _ledger(size: int) -> None:
    """Chain as many entries as there are items."""
    from django.db import transaction

    from accounts.ledger import enter_each
    from accounts.models import Account, User

    people = list(User.objects.order_by("pk")[:50])
    accounts = list(Account.objects.order_by("pk"))
    numbers = count()
    for _ in range(size // 1000):
        person, account = people[next(numbers) % 50], accounts[next(numbers) % ACCOUNTS]
        with transaction.atomic():
            enter_each(person, "assigned", _deeds(1000), account)


def _deeds(number: int) -> Iterator[tuple[str, Any, Any]]:
    for place in range(number):
        yield "audits.issue", {"assignee": None}, {"assignee": f"person{place % 50}"}


REVISIONS_SQL = """
INSERT INTO items_historicalitem (id, kind, until, technology, place, uid, name, full_name, region,
    config, digest, whole_digest, unread, first_seen, last_seen, changed_at, gone_at, history_date,
    history_type, account_id)
SELECT i.id,
    CASE WHEN n = 0 THEN 'created' WHEN n = 9 AND gone_at IS NOT NULL THEN 'gone'
        ELSE 'changed' END,
    CASE WHEN n < 9 THEN first_seen + (n + 1) * (changed_at - first_seen) / 9 END,
    technology, place, uid, name, full_name, region,
    CASE WHEN n < 8 THEN jsonb_set(config, '{Tags,0,Value}', to_jsonb('was-' || n)) ELSE config END,
    CASE WHEN n < 8 THEN md5(digest || n) ELSE digest END,
    CASE WHEN n < 8 THEN md5(digest || n) ELSE digest END,
    unread, first_seen, last_seen, first_seen + n * (changed_at - first_seen) / 9,
    CASE WHEN n = 9 THEN gone_at END, first_seen + n * (changed_at - first_seen) / 9,
    CASE WHEN n = 0 THEN '+' ELSE '~' END, account_id
FROM items_item i CROSS JOIN generate_series(0, 9) n
ORDER BY 18
"""

EARLIER_SQL = """
INSERT INTO items_address (item_id, first, last, text, path, since, until)
SELECT item_id, first, last, text, path || '[]', since - interval '20 days', since
FROM items_address WHERE id % 3 = 0
"""

READING_SQL = """
INSERT INTO items_run (account_id, technology, kind, state, started_at, ended_at, error, found,
    created, changed, gone, gaps)
SELECT s.account_id, s.technology, 'looked', CASE WHEN n % 97 = 0 THEN 'failed' ELSE 'done' END,
    $now - n * interval '6 hours', $now - n * interval '6 hours' + interval '40 seconds',
    CASE WHEN n % 97 = 0 THEN 'Timeout' ELSE '' END, 600, n % 3, n % 7, n % 2, n % 5
FROM items_slice s CROSS JOIN generate_series(1, 600) n ORDER BY 5;
INSERT INTO items_gap (account_id, technology, place, part, operation, code, reason, permission,
    names, count, since, seen_at, until)
SELECT s.account_id, s.technology, 'eu-west-1', 'Policy', 'GetPolicy' || n, 'AccessDenied',
    'User may not do that', 'iam:GetPolicy', '[]', n, $now - n * interval '3 days', $now,
    CASE WHEN n % 4 > 0 THEN $now - n * interval '1 day' END
FROM items_slice s CROSS JOIN generate_series(1, 20) n;
INSERT INTO audits_blindspot (rule_id, account_id, technology, item_id, reason, since, until)
SELECT v.rule_id, i.account_id, i.technology, i.id, 'Policy could not be read: AccessDenied',
    $now - interval '30 days', CASE WHEN i.id % 2 = 0 THEN $now - interval '3 days' END
FROM items_item i JOIN LATERAL (
    SELECT v.rule_id FROM audits_rule r JOIN audits_ruleversion v ON v.id = r.active_id
    WHERE v.technologies ? i.technology ORDER BY r.id LIMIT 3) v ON true
WHERE i.unread <> '{}';
INSERT INTO audits_tenure (version_id, account_id, technology, since)
SELECT v.id, s.account_id, s.technology, $now - interval '350 days'
FROM items_slice s JOIN audits_ruleversion v ON v.technologies ? s.technology
JOIN audits_rule r ON r.active_id = v.id
"""

# About one issue of an item in the mean: of ten, four are open and one of these is justified.
ISSUES_SQL = """
INSERT INTO audits_issue (item_id, account_id, technology, rule_id, fingerprint, version_id, score,
    notes, evidence, extent, opened_at, fixed_at, unknown, justified, assignee_id)
SELECT i.id, i.account_id, i.technology, v.rule_id, md5(i.id || '-' || v.id), v.id, v.score,
    v.title || ' at ' || i.name, jsonb_build_object('CidrIp', '0.0.0.0/0', 'FromPort', v.id),
    '[["0.0.0.0/0"]]', i.first_seen + (v.id % 9) * interval '20 days',
    CASE WHEN i.gone_at IS NOT NULL THEN i.gone_at
        WHEN (i.id / 30 + v.id) % 10 < 6
        THEN i.first_seen + (v.id % 9 + 4) * interval '20 days' END,
    false, (i.id / 30 + v.id) % 10 = 9 AND i.gone_at IS NULL,
    CASE WHEN (i.id / 30 + v.id) % 10 = 7 THEN (SELECT min(id) FROM accounts_user) + i.id % 50 END
FROM items_item i JOIN LATERAL (
    SELECT v.* FROM audits_rule r JOIN audits_ruleversion v ON v.id = r.active_id
    WHERE v.technologies ? i.technology AND (r.id * 7919 + i.id) % 30 = 0) v ON true;
INSERT INTO audits_issueevent (issue_id, at, what, cause, version_id, score, text)
SELECT id, opened_at, 'opened', CASE WHEN id % 8 = 0 THEN 'rule' ELSE 'cloud' END, version_id,
    score, '' FROM audits_issue;
INSERT INTO audits_issueevent (issue_id, at, what, cause, version_id, score, score_before, text)
SELECT id, opened_at + interval '3 days', 'rescored', 'setting', version_id, score, 2, ''
FROM audits_issue WHERE id % 10 = 0;
INSERT INTO audits_issueevent (issue_id, at, what, cause, version_id, score, text)
SELECT id, fixed_at, 'fixed', 'cloud', version_id, score, '' FROM audits_issue
WHERE fixed_at IS NOT NULL;
INSERT INTO audits_shadowfinding (item_id, version_id, fingerprint, score, notes, unknown, since)
SELECT item_id, version_id, fingerprint, score, notes, false, opened_at FROM audits_issue
WHERE id % 12 = 0
"""

DECISIONS_SQL = """
INSERT INTO audits_justification (scope, rule_id, account_id, item_id, name_pattern, tag, category,
    reason, ticket, until, state, by_id, at, answer)
SELECT 'item', rule_id, account_id, item_id, '', '', 'accepted risk', 'It is meant to be so ' || id,
    'SEC-' || id, ($now + (id % 300) * interval '1 day')::date, 'in force',
    (SELECT min(id) FROM accounts_user), opened_at + interval '2 days', ''
FROM audits_issue WHERE justified;
INSERT INTO audits_coverage (justification_id, issue_id, extent, since, why_ended, what_is_new)
SELECT j.id, i.id, i.extent, j.at, '', '[]' FROM audits_justification j
JOIN audits_issue i ON i.item_id = j.item_id AND i.rule_id = j.rule_id WHERE i.justified;
INSERT INTO audits_issueevent (issue_id, at, what, cause, version_id, score, text, person_id)
SELECT i.id, c.since, 'justified', 'person', i.version_id, i.score, '',
    (SELECT min(id) FROM accounts_user)
FROM audits_coverage c JOIN audits_issue i ON i.id = c.issue_id;
INSERT INTO audits_comment (item_id, issue_id, by_id, at, text)
SELECT item_id, id, (SELECT min(id) FROM accounts_user) + id % 50, opened_at + interval '1 day',
    'Who needs this? ' || id FROM audits_issue WHERE id % 15 = 0;
INSERT INTO items_label (item_id, name, at, by_id)
SELECT id, (array['PCI', 'SOX', 'sensitive'])[1 + id % 3], $now, (SELECT min(id) FROM accounts_user)
FROM items_item WHERE id % 5 = 0;
INSERT INTO audits_changereview (item_id, revision, kind, since, state, at, by_id, ticket, text)
SELECT h.id, h.history_id, h.kind, h.history_date,
    CASE WHEN h.until IS NULL THEN 'waiting' ELSE 'expected' END,
    CASE WHEN h.until IS NOT NULL THEN h.history_date + interval '1 day' END,
    CASE WHEN h.until IS NOT NULL THEN (SELECT min(id) FROM accounts_user) END, 'CHG-1', ''
FROM items_historicalitem h JOIN accounts_account_groups g ON g.account_id = h.account_id
JOIN accounts_accountgroup p ON p.id = g.accountgroup_id AND p.name = 'PCI'
WHERE h.history_date > $now - interval '100 days' AND h.kind <> 'created';
INSERT INTO notifications_delivery (subscription_id, kind, state, since, due_at, attempts,
    last_error, sent_at, subject, message_id, "to", reached)
SELECT s.id, 'alert', 'sent', $now - n * interval '1 day', $now - n * interval '1 day', 1, '',
    $now - n * interval '1 day', 'What changed', s.id || '-' || n, '', '[]'
FROM notifications_subscription s CROSS JOIN generate_series(1, 100) n
"""
