"""A random history of accounts, lived through the real recording, judging and reviewing."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Account, KnownNetwork
from audits.models import BlindSpot, Issue, ReferenceTable, Rule, RuleSetting
from items.watchers.base import Refusal, Snapshot
from tests.audits.replaying import (
    GROUPS,
    PLACE,
    dated,
    group,
    judge,
    justify_at,
    look,
    rule_at,
    withdraw_at,
)
from tests.factories import AccountFactory, GroupFactory, UserFactory

VPCS = "aws.ec2.vpc"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = START.replace(hour=0)
STRANGERS = ("999999999999", "888888888888")
Finding = tuple[int, int, str]
"""Item, rule and fingerprint."""

RULES: dict[str, dict[str, Any]] = {
    "open": {
        "expression": "Open[?Port != param('allowed')]",
        "identity": "Port",
        "extent": "[Port]",
        "applies_when": "Internal != `true`",
        "parameters": {"allowed": {"type": "integer", "default": 443}},
    },
    "tagless": {"expression": "empty(Tags)"},
    "stranger": {"expression": "Shared[?whose(@) != 'ours']", "identity": "@"},
    "risky": {"expression": "Open[?has(table('risky')[].port, Port)]", "identity": "Port"},
    "vpc": {"expression": "!empty(lookup('aws.ec2.vpc', 'VpcId', VpcId)[?IsDefault])"},
    "crowd": {"expression": "length(related('aws.ec2.vpc')) > `1`"},
    "old": {"expression": "age_days(Created) > `12`"},
    "moved": {"expression": "changed(&Open)"},
    "named": {"expression": "account().name != 'alpha' && item().name == 'name of g1'"},
}
TEXTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("open", {"identity": "[Port, Protocol]"}),
    ("open", {"identity": "Port"}),
    ("open", {"expression": "Open[?Port != param('allowed') && Port != `53`]"}),
    ("open", {"applies_when": ""}),
    ("tagless", {"expression": "empty(Tags) || Tags == 'none'"}),
    ("old", {"expression": "age_days(Created) > `9`"}),
    ("vpc", {"technologies": [GROUPS, VPCS]}),
    ("vpc", {"technologies": [GROUPS]}),
)


@dataclass(frozen=True)
class Truth:
    """What was so at a moment, written down when it was."""

    moment: datetime
    settled: bool
    """Everything stale had just been judged."""
    open: frozenset[Finding]
    accepted: frozenset[Finding]
    blind: frozenset[tuple[int, int]]
    watched: frozenset[int]


@dataclass
class Story:
    """The history as it goes on."""

    seed: int
    now: datetime = START
    truths: list[Truth] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """What was done, for whoever reads a failure."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.person = UserFactory(is_superuser=True)
        with self._dated():
            self.teams = [GroupFactory(name="pci"), GroupFactory(name="lab")]
            for name in ("alpha", "beta", "gamma"):
                AccountFactory(name=name)
            Account.objects.update(created_at=START)
            self.accounts = list(Account.objects.order_by("name"))
            Account.history.update(created_at=START)
            self.accounts[0].groups.add(self.teams[0])
            ReferenceTable.objects.create(key="risky", title="Risky", rows=[{"port": 22}])
        for key, fields in RULES.items():
            rule_at(self.now, key, **fields)
        self.clouds = {one.pk: self._cloud() for one in self.accounts}
        self.vpcs = {one.pk: {"vpc-1": False} for one in self.accounts}

    def live(self, steps: int) -> "Story":
        """Go through so many random deeds, with truths written down all along."""
        for account in self.accounts:
            self._look(account)
        self._settle()
        deeds: list[Callable[[], str]] = [
            *[self._cloud_changes] * 6,
            *[self._vpcs_change] * 2,
            *[self._setting] * 2,
            *[self._rule_is_edited] * 2,
            self._rule_rests,
            self._network,
            self._table,
            self._account,
            self._team,
            self._listing_is_refused,
            *[self._justify] * 2,
            self._withdraw,
        ]
        for _ in range(steps):
            self.now += timedelta(minutes=self.dice.randrange(20, 1500))
            deed = self.dice.choice(deeds)
            self.done.append(f"{self.now:%d %H:%M} {deed.__name__}: {deed()}")
            self._write_down(settled=False)
            if self.dice.random() < 0.5:
                self._settle()
        self._settle()
        return self

    # -- what is written down ------------------------------------------------------------------

    def _write_down(self, settled: bool) -> None:
        watched = frozenset(Account.objects.watched().values_list("pk", flat=True))
        issues = Issue.objects.open().filter(item__account__in=watched)
        keys = ("item_id", "rule_id", "fingerprint")
        spots = BlindSpot.objects.filter(until=None, account__in=watched, item__isnull=False)
        self.truths.append(
            Truth(
                self.now + timedelta(seconds=30),
                settled,
                frozenset(issues.values_list(*keys)),
                frozenset(issues.filter(justified=True).values_list(*keys)),
                frozenset(spots.values_list("item_id", "rule_id")),
                watched,
            )
        )

    def _settle(self) -> None:
        """Let everything that is stale be judged, in all accounts that are watched."""
        self.now += timedelta(minutes=5)
        for account in Account.objects.watched():
            for technology in (GROUPS, VPCS):
                judge(account, self.now, technology)
        self._write_down(settled=True)

    def _dated(self) -> Any:
        return dated(self.now)

    # -- what happens --------------------------------------------------------------------------

    def _cloud(self) -> dict[str, dict[str, Any]]:
        return {f"g{number}": self._config() for number in range(4)}

    def _config(self) -> dict[str, Any]:
        ports = self.dice.sample([22, 53, 80, 443], self.dice.randrange(3))
        shared = self.dice.sample([*STRANGERS, "10.1.2.0/24", "11.0.0.0/8"], self.dice.randrange(3))
        return {
            "Open": [{"Port": one, "Protocol": self.dice.choice(["tcp", "udp"])} for one in ports],
            "Tags": self.dice.choice(["", "x", "none"]),
            "Internal": self.dice.random() < 0.2,
            "Shared": sorted(shared),
            "VpcId": self.dice.choice(["vpc-1", "vpc-2"]),
            # A rule that reads the time is asked once a day: so an age is reached at midnight.
            "Created": (MIDNIGHT - timedelta(days=self.dice.randrange(10))).isoformat(),
        }

    def _look(self, account: Account) -> None:
        found = []
        for uid, config in self.clouds[account.pk].items():
            refused = ("Tags",) if config.pop("refused", False) else ()
            left = {name: one for name, one in config.items() if name not in refused}
            found.append(group(f"{account.name}-{uid}", refused, **left))
        look(account, self.now, *found)
        self._look_at_vpcs(account)

    def _look_at_vpcs(self, account: Account) -> None:
        vpcs = [
            Snapshot(PLACE, uid, uid, f"arn:{account.name}:{uid}", PLACE, config, {})
            for uid, default in self.vpcs[account.pk].items()
            for config in [{"VpcId": uid, "IsDefault": default}]
        ]
        look(account, self.now, *vpcs, technology=VPCS)

    def _watched(self) -> Account:
        return self.dice.choice(list(Account.objects.watched().order_by("pk")))

    def _cloud_changes(self) -> str:
        account = self._watched()
        cloud = self.clouds[account.pk]
        for uid in self.dice.sample(["g0", "g1", "g2", "g3", "g4"], 2):
            what = self.dice.random()
            if what < 0.25:
                cloud.pop(uid, None)
            elif what < 0.5 and uid in cloud:
                cloud[uid]["refused"] = True
            else:
                cloud[uid] = self._config()
        self._look(account)
        return account.name

    def _vpcs_change(self) -> str:
        account = self._watched()
        vpcs = self.vpcs[account.pk]
        uid = self.dice.choice(["vpc-1", "vpc-2"])
        if uid in vpcs and self.dice.random() < 0.3:
            del vpcs[uid]
        else:
            vpcs[uid] = self.dice.random() < 0.5
        self._look_at_vpcs(account)
        return account.name

    def _setting(self) -> str:
        rule = Rule.objects.get(key=self.dice.choice(["open", "tagless", "old"]))
        with self._dated():
            present = RuleSetting.objects.filter(rule=rule).order_by("pk").first()
            if present and self.dice.random() < 0.5:
                present.delete()
                return f"{rule.key} deleted"
            scope = self.dice.choice(
                [
                    {"pattern": f"*g{self.dice.randrange(4)}"},
                    {"account": self.dice.choice(self.accounts)},
                    {"group": self.dice.choice(self.teams)},
                ]
            )
            what = self.dice.choice(
                [{"on": False}, {"score": 9}, {"parameters": {"allowed": 22}}, {"on": True}]
            )
            if present and self.dice.random() < 0.5:
                for name, value in what.items():
                    setattr(present, name, value)
                present.save()
            else:
                RuleSetting.objects.create(rule=rule, reason="test", **scope, **what)
        return f"{rule.key} {scope} {what}"

    def _rule_is_edited(self) -> str:
        key, fields = self.dice.choice(TEXTS)
        if Rule.objects.get(key=key).state == Rule.State.ACTIVE:
            rule_at(self.now, key, **fields)
        return f"{key} {fields}"

    def _rule_rests(self) -> str:
        rule = Rule.objects.get(key=self.dice.choice(["tagless", "moved"]))
        rests = rule.state == Rule.State.RETIRED
        with self._dated():
            rule.state = Rule.State.ACTIVE if rests else Rule.State.RETIRED
            rule.save()
        return f"{rule.key} {rule.state}"

    def _network(self) -> str:
        cidr = self.dice.choice(["10.1.0.0/16", "11.0.0.0/8"])
        with self._dated():
            if KnownNetwork.objects.filter(cidr=cidr).exists():
                KnownNetwork.objects.get(cidr=cidr).delete()
            else:
                KnownNetwork.objects.create(cidr=cidr)
        return cidr

    def _table(self) -> str:
        ports = self.dice.sample([22, 53, 80, 443], 2)
        with self._dated():
            table = ReferenceTable.objects.get(key="risky")
            table.rows = [{"port": port} for port in ports]
            table.save()
        return str(ports)

    def _account(self) -> str:
        """Somebody else's account becomes known, or ours is no longer watched for a while."""
        with self._dated():
            unknown = [
                one for one in STRANGERS if not Account.objects.filter(identifier=one).exists()
            ]
            if unknown and self.dice.random() < 0.6:
                whose = self.dice.random() < 0.5
                AccountFactory(name=unknown[0], identifier=unknown[0], third_party=True)
                if whose:
                    return f"{unknown[0]} known"
            gamma = Account.objects.get(pk=self.accounts[2].pk)
            gamma.active = not gamma.active
            gamma.save()
        return f"gamma {gamma.active}"

    def _team(self) -> str:
        account, team = self.dice.choice(self.accounts), self.dice.choice(self.teams)
        with self._dated():
            if account.groups.filter(pk=team.pk).exists():
                account.groups.remove(team)
            else:
                account.groups.add(team)
        return f"{account} {team}"

    def _listing_is_refused(self) -> str:
        account = self._watched()
        technology = self.dice.choice([GROUPS, VPCS])
        refusal = Refusal("Describe", "Denied", "no", place=PLACE)
        look(account, self.now, refusal, answers=False, technology=technology)
        return f"{account} {technology}"

    def _justify(self) -> str:
        issue = Issue.objects.unjustified().order_by("pk").first()
        if issue:
            justify_at(self.now, issue, self.person)
        return str(issue and issue.pk)

    def _withdraw(self) -> str:
        issue = Issue.objects.open().filter(justified=True).order_by("pk").first()
        if issue:
            withdraw_at(self.now, issue, self.person)
        return str(issue and issue.pk)
