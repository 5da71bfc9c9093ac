"""What rules may call: each documented example, the promises that hold for all, and the traps."""

import copy
import inspect
import json
import time
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.bounds import Evaluation
from audits.compiling import compiled
from audits.examples import example_context
from audits.functions import lists, policies
from audits.functions.actions import every_action, meant
from audits.functions.base import Context, Known, NoReader, Unread
from audits.library import Function, clashes, functions_of, library

MINE = "111111111111"
OURS = "222222222222"
THEIRS = "333333333333"
STRANGER = "999999999999"


def world(given: dict[str, Any] | None = None, config: Any = None) -> Context:
    return example_context(None, config, given or {})


KNOWN = {
    "known_accounts": {OURS: "ours", THEIRS: "third party"},
    "known_networks": [{"cidr": "192.0.2.0/24", "whose": "ours"}],
}


def ask(expression: str, config: Any = None, given: dict[str, Any] | None = None) -> Any:
    context = world(KNOWN if given is None else given, config)
    return compiled(jmespath.compile(expression).parsed)(Evaluation(context), config)


# -- promises that hold for every function ------------------------------------------------------


def example(one: Function) -> dict[str, str]:
    marks = ("Example", "On", "With", "Gives")
    lines = [line.strip() for line in one.doc.splitlines()]
    return {
        mark: line.removeprefix(f"{mark}: ")
        for line in lines
        for mark in marks
        if line.startswith(f"{mark}: ")
    }


@pytest.mark.parametrize("name", sorted(library()))
def test_every_function_does_what_its_example_says(name):
    said = example(library()[name])
    assert f"{name}(" in said["Example"]
    given = json.loads(said.get("With", "{}"))
    assert ask(said["Example"], json.loads(said["On"]), given) == json.loads(said["Gives"])


@pytest.mark.parametrize("name", sorted(library()))
def test_every_function_says_what_it_gives_in_one_sentence_of_a_line(name):
    first = library()[name].doc.splitlines()[0]
    assert first.endswith(".") and first.split()[0] in {"Give", "Say", "Tell", "Pair"}


def test_no_two_functions_claim_one_name():
    assert clashes() == []


def test_no_function_hides_one_of_jmespath():
    assert not set(library()) & set(jmespath.functions.Functions.FUNCTION_TABLE)


def test_modules_that_are_no_rules_business_offer_nothing():
    offered = {one.call.__module__ for one in library().values()}
    assert {module.rpartition(".")[2] for module in offered} == {
        "lists",
        "networks",
        "policies",
        "dates",
        "entities",
        "context",
    }


texts = st.text(max_size=12) | st.sampled_from(
    [
        "*",
        "arn:aws:iam::*:root",
        "arn:",
        "arn:aws:s3:::b",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/8",
        "N/A",
        "2026-01-01",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "s3:*",
        "../../x:*",
        "${",
        "{}",
        "[",
        MINE,
        "o-abc/*",
        "AIDAAAAAAAAAAAAAAAAA",
        "\ud800",
    ]
)
keys = texts | st.sampled_from(
    [
        "Statement",
        "Effect",
        "Action",
        "NotAction",
        "Principal",
        "NotPrincipal",
        "Condition",
        "Resource",
        "AWS",
        "Federated",
        "Tags",
        "Key",
        "IpPermissions",
        "IpProtocol",
        "FromPort",
        "IpRanges",
        "CidrIp",
        "protocol",
        "from_port",
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | texts
    | st.sampled_from(["Allow", "Deny"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
# With these a bad argument is the author's mistake, and said so by a ValueError.
STRICT = {"any", "all", "matches", "changed", "let", "var", "table"}


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", sorted(set(library()) - STRICT))
@given(data=st.data())
def test_no_value_however_odd_makes_a_function_raise_or_change_it(name, data):
    call = library()[name].call
    most = len(inspect.signature(call).parameters) - 1
    arguments = [data.draw(values) for _ in range(most)]
    before = copy.deepcopy(arguments)
    call(world(KNOWN, {}), *arguments)
    assert repr(arguments) == repr(before)


@settings(max_examples=200, deadline=None)
@given(
    statement=st.fixed_dictionaries(
        {"Effect": st.just("Allow")},
        optional={
            "Principal": values,
            "NotPrincipal": values,
            "Action": values,
            "NotAction": values,
            "Resource": values,
            "Condition": st.dictionaries(
                st.sampled_from(["StringEquals", "IpAddress", "ForAllValues:ArnLike", "Null", ""]),
                st.dictionaries(
                    st.sampled_from(
                        ["aws:SourceIp", "aws:userid", "aws:SourceArn", "x:sub", "x:aud", ":"]
                    ),
                    values,
                    max_size=2,
                )
                | values,
                max_size=2,
            ),
        },
    )
)
def test_no_statement_however_odd_makes_a_function_of_policies_raise(statement):
    context = world(KNOWN)
    policy = {"Statement": statement}
    for call in (policies.grants, policies.statements, policies.full_admin, policies.action_levels):
        json.dumps(call(context, policy))
    policies.allows(context, policy, "s3:GetObject")


@pytest.mark.parametrize("name", sorted(set(library()) - STRICT))
def test_null_in_every_place_is_answered(name):
    call = library()[name].call
    most = len(inspect.signature(call).parameters) - 1
    call(world(), *[None] * most)


@pytest.mark.parametrize("name", sorted(library()))
@pytest.mark.parametrize("nothing", [None, {}])
def test_every_example_is_answered_where_all_that_it_reads_is_missing(name, nothing):
    said = example(library()[name])
    ask(said["Example"], nothing, json.loads(said.get("With", "{}")))


def test_a_pattern_that_is_null_matches_nothing():
    assert ask("[matches('a', x), matches(x, 'a'), matches(x, x), glob('a', x)]", {}) == [False] * 4


# -- lists --------------------------------------------------------------------------------------


def test_an_expanded_child_overrides_its_parent_and_a_plain_one_stands_under_the_key():
    config = {"Owner": {"ID": "a"}, "Grants": [{"Owner": "child"}, "plain", None]}
    assert lists.expand(world(), config, "Grants") == [
        {"Owner": "child"},
        {"Owner": {"ID": "a"}, "Grants": "plain"},
        {"Owner": {"ID": "a"}, "Grants": None},
    ]


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_what_jmespath_holds_for_false_is_empty(value):
    assert ask("empty(x)", {"x": value}) is True


@pytest.mark.parametrize("value", [0, 0.0, True, " ", [None]])
def test_what_jmespath_holds_for_true_is_not_empty(value):
    assert ask("empty(x)", {"x": value}) is False


def test_truth_and_one_are_two_things():
    assert ask("has(x, `1`)", {"x": [True]}) is False
    assert ask("unique(x)", {"x": [1, True, 1.0, "1"]}) == [1, True, "1"]


def test_an_object_has_its_keys():
    assert ask("has(tags(Tags), 'owner')", {"Tags": [{"Key": "Owner", "Value": ""}]}) is True


def test_all_is_true_of_nothing_and_any_is_not():
    assert ask("[all(x, &@), any(x, &@)]", {"x": None}) == [True, False]


def test_a_forgotten_ampersand_is_said():
    with pytest.raises(ValueError, match="write &"):
        lists.any_(world(), [1], None)


def test_a_configuration_without_tags_has_none():
    assert ask("tags(@)", {"VpcId": "vpc-1", "Size": 1}) == {}
    assert ask("tags(@)", {"VpcId": "vpc-1", "Tags": [{"Key": "a", "Value": "b"}]}) == {"a": "b"}
    assert ask("tags(labels)", {"labels": {"a": "b"}}) == {"a": "b"}
    assert ask("tags(@)", {"VpcId": "vpc-1", "scope": "pci"}) == {}, "texts alone are no tags"
    assert ask("tags(root())", {"VpcId": "vpc-1", "scope": "pci", "labels": {}}) == {}
    given = {"items": {"aws.ec2.vpc": [{"VpcId": "vpc-2", "scope": "pci"}]}}
    assert ask("related('aws.ec2.vpc')[].tags(@)", {}, given) == [{}]


def test_an_expression_that_explodes_elsewhere_is_answered_at_once():
    begun = time.monotonic()
    for bomb in (r"(a+)+$", r"(a|a)*b", r"(a|ab)*c", "a*" * 100 + "b", "(x+x+)+y"):
        assert lists.matches(world(), "a" * 20_000 + "!", bomb) is False
    assert lists.glob(world(), "a" * 20_000, "*a" * 100 + "b") is False
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("bad", ["(", "a{2,1}", "(?=a)", r"(a)\1", "a" * 501, 5])
def test_a_pattern_that_cannot_be_used_is_refused_in_plain_words(bad):
    with pytest.raises(ValueError, match=r"(pattern|expression)"):
        lists.matches(world(), "a", bad)


def test_brackets_in_a_glob_mean_themselves():
    assert ask("glob(x, 'a[b]*')", {"x": "A[B]c"}) is True
    assert ask("glob(x, 'a[b]')", {"x": "ab"}) is False


# -- dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("2026-05-31", 1),
        ("2026-05-31T00:00:00", 1),
        ("2026-05-31T02:00:00+02:00", 1),
        ("2026-05-31T00:00:00.123456Z", pytest.approx(1, abs=1e-5)),
        (1780185600, 1),
        (1780185600000, 1),
        ("2026-06-03T00:00:00Z", -2),
    ],
)
def test_a_moment_may_be_written_in_many_ways(text, age):
    assert ask("age_days(x)", {"x": text}) == age


@pytest.mark.parametrize("no_date", ["N/A", "no_information", "", True, [], 1e300, float("nan")])
def test_what_is_no_moment_has_no_age(no_date):
    assert ask("[age_days(x), days_until(x), epoch(x)]", {"x": no_date}) == [None, None, None]


def test_only_what_reads_the_clock_says_so():
    assert {name for name, one in library().items() if one.reads_time} == {"age_days", "days_until"}
    assert {name for name, one in library().items() if one.reads_everything} == {"root"}


# -- networks -----------------------------------------------------------------------------------


def group(*cidrs: str, protocol: str = "tcp", first: Any = 22, last: Any = 22) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": protocol}
    if first is not None:
        permission |= {"FromPort": first, "ToPort": last}
    permission["IpRanges"] = [{"CidrIp": cidr} for cidr in cidrs if ":" not in cidr]
    permission["Ipv6Ranges"] = [{"CidrIpv6": cidr} for cidr in cidrs if ":" in cidr]
    return {"IpPermissions": [permission]}


def worlds(config: dict[str, Any]) -> list[str]:
    return ask("net_rules(@)[?world].cidr", config)


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "2000::/3", "1.2.3.4/0"])
def test_the_whole_internet_is_seen_however_it_is_written(cidr):
    assert worlds(group(cidr)) == [cidr]
    assert ask("is_whole_internet(@)", cidr) is True


def test_two_halves_of_the_internet_are_the_internet():
    assert worlds(group("0.0.0.0/1", "128.0.0.0/1")) == ["0.0.0.0/1", "128.0.0.0/1"]
    assert worlds(group("::/1", "8000::/1")) == ["::/1", "8000::/1"]


def test_leaving_out_private_ranges_leaves_the_whole_internet():
    most = [str(net) for net in ip_network("0.0.0.0/0").address_exclude(ip_network("10.0.0.0/8"))]
    assert sorted(worlds(group(*most))) == sorted(most)


def test_half_of_the_internet_is_not_all_of_it():
    assert worlds(group("0.0.0.0/1", "192.0.2.0/24")) == []
    assert worlds(group("0.0.0.0/1", "8000::/1")) == []


def test_a_network_within_the_internet_is_not_called_the_world():
    assert worlds(group("0.0.0.0/0", "192.0.2.0/24", "10.0.0.0/8")) == ["0.0.0.0/0"]


def test_halves_count_only_together_on_the_same_ports_and_direction():
    one, other = group("0.0.0.0/1"), group("128.0.0.0/1", last=23)
    both = {"IpPermissions": one["IpPermissions"] + other["IpPermissions"]}
    assert worlds(both) == []
    split = {**one, "IpPermissionsEgress": group("128.0.0.0/1")["IpPermissions"]}
    assert worlds(split) == []
    rejoined = {"IpPermissions": one["IpPermissions"] + group("128.0.0.0/1")["IpPermissions"]}
    assert len(worlds(rejoined)) == 2


@pytest.mark.parametrize(
    ("protocol", "first", "last", "expected"),
    [
        ("tcp", 22, 22, ["tcp", 22, 22, "22"]),
        ("6", 20, 25, ["tcp", 20, 25, "20-25"]),
        ("tcp", 0, 65535, ["tcp", None, None, "all"]),
        ("-1", None, None, ["all", None, None, "all"]),
        ("icmp", -1, -1, ["icmp", None, None, "all"]),
        ("icmp", 8, -1, ["icmp", 8, None, "type 8"]),
        ("58", 3, 4, ["icmpv6", 3, 4, "type 3 code 4"]),
        ("50", None, None, ["50", None, None, "all"]),
    ],
)
def test_protocol_and_ports_have_one_form(protocol, first, last, expected):
    rule = ask("net_rules(@)[0]", group("0.0.0.0/0", protocol=protocol, first=first, last=last))
    got = [rule[key] for key in ("protocol", "from_port", "to_port", "ports")]
    assert got == [value if value != -1 else None for value in expected]


@pytest.mark.parametrize(
    ("protocol", "first", "last", "port", "covered"),
    [
        ("tcp", 22, 22, 22, True),
        ("tcp", 20, 25, [3389, 22], True),
        ("tcp", 23, 25, 22, False),
        ("udp", 0, 65535, 22, True),
        ("-1", None, None, 22, True),
        ("-1", None, None, [], False),
        ("icmp", -1, -1, 22, False),
        ("icmp", 8, -1, 8, False),
        ("50", None, None, 22, False),
        ("tcp", 22, 22, "22", True),
        ("tcp", 22, 22, "ssh", False),
    ],
)
def test_a_port_is_covered(protocol, first, last, port, covered):
    config = group("0.0.0.0/0", protocol=protocol, first=first, last=last)
    assert ask(f"covers_port(net_rules(@)[0], `{json.dumps(port)}`)", config) is covered


def test_every_kind_of_source_is_a_rule_of_its_own():
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
        "UserIdGroupPairs": [
            {"GroupId": "sg-1", "UserId": OURS, "VpcPeeringConnectionId": "pcx-1"}
        ],
        "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "s3"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }
    rules = ask("net_rules(@)", {"IpPermissionsEgress": [permission]})
    assert [rule["direction"] for rule in rules] == ["egress"] * 3
    got = [
        [rule[key] for key in ("cidr", "group", "group_owner", "vpc_peering", "prefix_list")]
        for rule in rules
    ]
    assert got == [
        ["::/0", None, None, None, None],
        [None, "sg-1", OURS, "pcx-1", None],
        [None, None, None, None, "pl-1"],
    ]


@pytest.mark.parametrize(
    ("cidr", "private"),
    [
        ("10.1.2.3", True),
        ("172.31.0.0/16", True),
        ("172.32.0.0/16", False),
        ("100.64.0.0/10", True),
        ("fd00::/8", True),
        ("0.0.0.0/0", False),
        ("192.168.0.0/15", False),
        ("203.0.113.0/24", False),
    ],
)
def test_a_network_is_private_or_public_but_never_both(cidr, private):
    assert ask("[is_private_network(@), is_public_network(@)]", cidr) == [private, not private]


NETWORKS = st.one_of(
    st.builds(lambda n, m: ip_network((n & (2**32 - 2 ** (32 - m)), m)), st.integers(0, 2**32 - 1),
              st.integers(0, 32)),
    st.builds(lambda n, m: ip_network((n & (2**128 - 2 ** (128 - m)), m)),
              st.integers(2**127, 2**128 - 1), st.integers(0, 128)),
)  # fmt: skip


@given(
    known=st.lists(st.tuples(NETWORKS, st.sampled_from(["ours", "third party"])), max_size=8),
    asked=NETWORKS,
    inside=st.booleans(),
)
def test_who_claims_a_network_claims_one_that_holds_all_of_it(known, asked, inside):
    if known and inside:  # A random network is hardly ever in another one.
        outer = known[0][0]
        asked = next(outer.subnets(new_prefix=min(outer.max_prefixlen, outer.prefixlen + 3)))
    claims = {
        whose
        for net, whose in known
        if net.version == asked.version and asked.subnet_of(net)
    }  # fmt: skip
    assert Known(networks=tuple(known)).claims(asked) == claims


def test_what_is_no_network_is_neither_private_nor_public():
    assert ask("[is_private_network(@), is_public_network(@)]", "sg-1") == [False, False]


# -- entities -----------------------------------------------------------------------------------

CANONICAL = "ab" * 32
ELSEWHERE = {
    **KNOWN,
    "canonical_ids": {CANONICAL: THEIRS},
    "items": {
        "aws.s3.bucket": [{"config": {"Name": "logs"}, "account": OURS}],
        "aws.iam.user": [{"UserId": "AIDAMINE00000000000A"}],
        "aws.iam.role": [{"config": {"RoleId": "AROATHEIRS0000000000"}, "account": THEIRS}],
        "aws.ec2.vpc_endpoint": [{"VpcEndpointId": "vpce-1"}],
        "aws.ec2.vpc": [
            {
                "config": {
                    "VpcId": "vpc-1",
                    "CidrBlockAssociationSet": [{"CidrBlock": "10.1.0.0/16"}],
                    "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8:1234:1a00::/56"}],
                },
                "account": OURS,
            }
        ],
        "aws.ec2.address": [{"PublicIp": "198.51.100.7"}],
        "aws.ec2.nat_gateway": [
            {
                "config": {"NatGatewayAddresses": [{"PublicIp": "198.51.100.8"}]},
                "account": THEIRS,
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("named", "whose"),
    [
        ("*", "everyone"),
        (MINE, "same account"),
        (OURS, "ours"),
        (THEIRS, "third party"),
        (STRANGER, "unknown"),
        (f"{OURS}/sg-1", "ours"),
        (f"{THEIRS}:bob", "third party"),
        (f"arn:aws:iam::{OURS}:role/x", "ours"),
        (f"arn:aws-cn:iam::{OURS}:root", "ours"),
        (f"arn:aws-us-gov:sts::{MINE}:assumed-role/x/y", "same account"),
        ("arn:aws:iam::*:root", "everyone"),
        (f"arn:aws:iam::{STRANGER}:root", "unknown"),
        ("arn:aws:s3:::logs", "ours"),
        ("arn:aws:s3:::logs/2026/*", "ours"),
        ("arn:aws:s3:::nobody-knows", "unknown"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "service"),
        ("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", "service"),
        (f"arn:aws:iam::{MINE}:oidc-provider/token.actions.githubusercontent.com", "federated"),
        ("accounts.google.com", "federated"),
        ("cloudtrail.amazonaws.com", "service"),
        ("ec2.amazonaws.com.cn", "service"),
        (CANONICAL, "third party"),
        ("cd" * 32, "unknown"),
        ("http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "everyone"),
        ("http://acs.amazonaws.com/groups/s3/LogDelivery", "service"),
        ("AIDAMINE00000000000A", "same account"),
        ("AROATHEIRS0000000000:session", "third party"),
        ("AROANOBODY0000000000", "unknown"),
        ("vpc-1", "ours"),
        ("vpce-1", "same account"),
        ("vpce-2", "unknown"),
        ("o-a1b2c3d4e5", "organisation"),
        ("o-a1b2c3d4e5/r-ab12/*", "organisation"),
        ("0.0.0.0/0", "everyone"),
        ("192.0.2.9", "ours"),
        ("192.0.0.0/16", "unknown"),
        ("10.1.7.0/24", "ours"),
        ("10.2.7.0/24", "private"),
        ("10.0.0.0/8", "private"),
        ("2001:db8:1234:1a01::/64", "ours"),
        ("198.51.100.7/32", "same account"),
        ("198.51.100.8", "third party"),
        ("198.51.100.9/32", "unknown"),
        ("something else", "unknown"),
        ("", None),
        (None, None),
        (["x"], None),
    ],
)
def test_whose_a_thing_is(named, whose):
    assert ask("whose(@)", named, ELSEWHERE) == whose


def test_what_cannot_be_looked_up_is_not_guessed():
    class Blind(NoReader):
        def lookup(self, technology, path, values, any_of=False):
            raise Unread(f"{technology} of some account could not be read")

    with pytest.raises(Unread):
        library()["whose"].call(replace(world(), reader=Blind()), "AROANOBODY0000000000")


def test_a_lookup_without_values_asks_nobody():
    class Asked(NoReader):
        def lookup(self, technology, path, values, any_of=False):
            raise AssertionError

    context = replace(world(), reader=Asked())
    assert library()["lookup"].call(context, "aws.ec2.vpc", "VpcId", None) == []
    assert library()["whose"].call(context, "8.8.0.0/16") == "unknown"


def test_related_stays_in_the_own_account():
    assert ask("related('aws.s3.bucket')", {}, ELSEWHERE) == []


# -- policies: form -----------------------------------------------------------------------------


def allow(principal: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", **more}
    if condition is not None:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": statement}


def grants(policy: Any, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return ask("grants(@)", policy, ELSEWHERE if given is None else given)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda policy: policy,
        json.dumps,
        lambda policy: [policy],
        lambda policy: policy["Statement"],
        lambda policy: [policy["Statement"]],
        lambda policy: {"Statement": [policy["Statement"], None, "x"]},
        lambda policy: policies.statements(world(), policy),
    ],
)
def test_a_policy_may_come_in_any_form(wrap):
    statements = policies.statements(world(), wrap(allow()), "Allow")
    assert statements == [
        {
            "Effect": "Allow",
            "Principal": [{"type": "AWS", "value": "*"}],
            "Action": ["s3:GetObject"],
        }
    ]


def test_statements_are_told_by_their_effect():
    policy = {"Statement": [{"Effect": "Allow"}, {"Effect": "Deny", "NotAction": "s3:*"}]}
    assert ask("statements(@, 'Deny')", policy) == [{"Effect": "Deny", "NotAction": ["s3:*"]}]
    assert len(ask("statements(@)", policy)) == 2


# -- policies: who ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        ["*"],
        {"AWS": "*"},
        {"AWS": ["*"]},
        {"AWS": "arn:aws:iam::*:root"},
        {"AWS": "arn:aws-cn:iam::*:role/admin"},
        {"AWS": "arn:aws:iam::1111*:root"},
        {"AWS": "arn:aws:sts::${aws:PrincipalAccount}:x"},
        {"Service": "*"},
        {"Federated": "*"},
    ],
)
def test_everyone_may_be_written_in_many_ways(principal):
    entry = only(allow(principal))
    assert [entry["kind"], entry["whose"], entry["narrowed"]] == ["everyone", "everyone", False]


def only(policy: Any, given: dict[str, Any] | None = None) -> dict[str, Any]:
    (entry,) = grants(policy, given)
    return entry


@pytest.mark.parametrize(
    ("principal", "kind", "whose", "root"),
    [
        ({"AWS": OURS}, "account", "ours", True),
        ({"AWS": f"arn:aws:iam::{OURS}:root"}, "account", "ours", True),
        ({"AWS": f"arn:aws-us-gov:iam::{THEIRS}:root"}, "account", "third party", True),
        ({"AWS": f"arn:aws-cn:iam::{STRANGER}:user/root"}, "arn", "unknown", False),
        ({"AWS": f"arn:aws:iam::{MINE}:role/x"}, "arn", "same account", False),
        ({"AWS": "AIDAMINE00000000000A"}, "user_id", "same account", False),
        ({"AWS": "AROAGONE000000000000"}, "user_id", "unknown", False),
        ({"CanonicalUser": CANONICAL}, "canonical", "third party", False),
        ({"Service": "cloudtrail.amazonaws.com"}, "service", "service", False),
        ({"Service": "ec2.amazonaws.com.cn"}, "service", "service", False),
        ({"Federated": "accounts.google.com"}, "federated", "federated", False),
        ({"AWS": "arn:aws:iam::cloudfront:user/E1"}, "service", "service", False),
    ],
)
def test_a_principal_is_of_a_kind_and_of_somebody(principal, kind, whose, root):
    entry = only(allow(principal))
    assert [entry["kind"], entry["whose"], entry["root"]] == [kind, whose, root]


def test_each_principal_is_an_entry_of_its_own():
    principal = {"AWS": [OURS, THEIRS], "Service": "s3.amazonaws.com"}
    assert [entry["who"] for entry in grants(allow(principal))] == [
        OURS,
        THEIRS,
        "s3.amazonaws.com",
    ]


def test_everyone_but_one_is_everyone():
    policy = {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": MINE}, "Action": "*"}}
    entry = only(policy)
    assert [entry["whose"], entry["not_principal"]] == ["everyone", True]


def test_a_denial_and_a_policy_of_an_identity_let_nobody_in():
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*"}
    assert grants({"Statement": [deny, {"Effect": "Allow", "Action": "*"}]}) == []


def test_a_stranger_beside_everyone_is_not_hidden():
    policy = {"Statement": [allow()["Statement"], allow({"AWS": STRANGER})["Statement"]]}
    assert [entry["whose"] for entry in grants(policy)] == ["everyone", "unknown"]


def test_not_action_is_said_as_it_is():
    entry = only(
        {"Statement": {"Effect": "Allow", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}}
    )
    assert [entry["actions"], entry["resources"]] == [["not s3:*"], ["*"]]


@pytest.mark.parametrize(
    ("condition", "whose"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, "organisation"),
        ({"StringEquals": {"AWS:PRINCIPALORGID": ["o-a1b2c3d4e5"]}}, "organisation"),
        ({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, "organisation"),
        (
            {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}},
            "organisation",
        ),
        ({"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}, "organisation"),
        ({"StringEquals": {"aws:PrincipalAccount": OURS}}, "ours"),
        ({"StringEquals": {"aws:PrincipalAccount": [MINE, THEIRS]}}, "third party"),
        ({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}, "same account"),
        ({"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:role/*"}}, "same account"),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:*:iam::{MINE}:*"}}, "same account"),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, "ours"),
        ({"StringEquals": {"aws:SourceVpce": "vpce-2"}}, "unknown"),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/25"}}, "ours"),
        ({"IpAddress": {"aws:SourceIp": ["8.8.8.8/32", "192.0.2.1"]}}, "unknown"),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::logs"}}, "ours"),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:logs"}}, "ours"),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{THEIRS}:*"}}, "third party"),
        ({"StringEquals": {"AWS:SourceAccount": MINE}}, "same account"),
        ({"StringEquals": {"AWS:SourceOwner": OURS}}, "ours"),
        ({"StringEquals": {"kms:CallerAccount": MINE}}, "same account"),
        ({"StringEqualsIfExists": {"kms:CallerAccount": MINE}}, "same account"),
        ({"StringEquals": {"s3:DataAccessPointAccount": MINE}}, "same account"),
        ({"StringLike": {"aws:userid": "AROATHEIRS0000000000:*"}}, "third party"),
        ({"StringEquals": {"aws:userid": "AIDAMINE00000000000A"}}, "same account"),
        ({"StringEqualsIgnoreCase": {"aws:sourceaccount": MINE}}, "same account"),
        # A key that a Null condition demands cannot be missing.
        (
            {
                "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"},
                "Null": {"aws:PrincipalOrgPaths": "false"},
            },
            "organisation",
        ),
        # Of two that must both hold, the nearer says whose it is.
        (
            {
                "IpAddress": {"aws:SourceIp": "8.8.8.8"},
                "StringEquals": {"aws:PrincipalAccount": OURS},
            },
            "ours",
        ),
    ],
)
def test_a_condition_that_fixes_somebody_narrows(condition, whose):
    entry = only(allow(condition=condition))
    assert [entry["kind"], entry["whose"], entry["narrowed"]] == ["everyone", whose, True]
    assert entry["narrowed_to"]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"ArnNotLike": {"aws:SourceArn": f"arn:aws:sns:*:{MINE}:*"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"Null": {"aws:PrincipalOrgID": "false"}},
        {"StringEquals": {"sts:ExternalId": "secret"}},
        {"StringEquals": {"aws:PrincipalTag/team": "a"}},
        {"StringEquals": {"aws:username": "bob"}},
        {"StringLike": {"aws:PrincipalOrgID": "*"}},
        {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
        {"StringLike": {"aws:PrincipalOrgPaths": "*/ou-1"}},
        {"StringLike": {"aws:PrincipalAccount": "1111*"}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
        {"StringEquals": {"aws:PrincipalAccount": [MINE, "*"]}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:t"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logs*"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:accesspoint/mine"}},
        {"StringLike": {"aws:SourceArn": f"*{MINE}*"}},
        {"StringLike": {"aws:SourceVpce": "vpce-*"}},
        {"StringLike": {"aws:userid": "*:bob"}},
        {"StringLike": {"aws:userid": "AROA*"}},
        {"StringEquals": {"aws:userid": "anonymous"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
        {"IpAddress": {"aws:SourceIp": "64.0.0.0/2"}},
        {"IpAddress": {"aws:SourceIp": "2001::/16"}},
        {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "::/0"]}},
        {"IpAddress": {"aws:SourceIp": "nonsense"}},
        {"IpAddress": {"aws:SourceIp": []}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/x"}},
        {"ForAllValues:StringLikeIfExists": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
        {"ForSomeValues:StringEquals": {"aws:SourceAccount": MINE}},
        {"Nonsense": "x"},
        "nonsense",
    ],
)
def test_a_condition_that_leaves_everyone_does_not_narrow(condition):
    entry = only(allow(condition=condition))
    assert [entry["whose"], entry["narrowed"], entry["narrowed_to"]] == ["everyone", False, []]


def test_what_does_not_narrow_is_named_all_the_same():
    entry = only(allow({"AWS": THEIRS}, {"StringEquals": {"sts:ExternalId": "x"}}))
    assert entry["conditions"] == [
        {"operator": "StringEquals", "key": "sts:ExternalId", "values": ["x"], "narrows": False}
    ]


def test_a_user_id_without_a_star_is_answered():
    entry = only(allow(condition={"StringEquals": {"aws:userid": "AIDANOBODY0000000000"}}))
    assert [entry["whose"], entry["narrowed"]] == ["unknown", True]


def test_a_condition_beside_an_account_does_not_make_the_entry_anybody_elses():
    entry = only(allow({"AWS": OURS}, {"IpAddress": {"aws:SourceIp": "8.8.8.8"}}))
    assert [entry["whose"], entry["narrowed"]] == ["ours", True]


def test_a_service_is_narrowed_by_whom_it_comes_for():
    condition = {"StringEquals": {"aws:SourceAccount": MINE}}
    assert only(allow({"Service": "sns.amazonaws.com"}, condition))["narrowed"] is True
    assert only(allow({"Service": "sns.amazonaws.com"}))["narrowed"] is False


GITHUB = "token.actions.githubusercontent.com"
HUB = {"Federated": f"arn:aws:iam::{MINE}:oidc-provider/{GITHUB}"}


@pytest.mark.parametrize(
    ("principal", "condition", "narrowed"),
    [
        (HUB, None, False),
        (HUB, {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}, False),
        (HUB, {"StringEquals": {f"{GITHUB}:aud": "my-own"}}, False),
        (HUB, {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, True),
        (HUB, {"StringEquals": {f"{GITHUB}:sub": "repo:acme/x:ref:refs/heads/main"}}, True),
        (HUB, {"StringLike": {f"{GITHUB}:sub": "repo:*"}}, False),
        (HUB, {"StringLike": {f"{GITHUB}:sub": "repo:acme*"}}, False),
        (HUB, {"StringLike": {f"{GITHUB}:sub": "*"}}, False),
        (HUB, {"StringLike": {f"{GITHUB}:sub": ["repo:acme/x:*", "repo:*"]}}, False),
        (HUB, {"StringLike": {f"{GITHUB}:repository": "acme/*"}}, True),
        (HUB, {"StringLike": {f"{GITHUB}:ref": "refs/heads/main"}}, False),
        (HUB, {"ForAllValues:StringEquals": {f"{GITHUB}:sub": "repo:acme/x:*"}}, False),
        (
            {"Federated": "cognito-identity.amazonaws.com"},
            {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:1-2-3"}},
            True,
        ),
        (
            {"Federated": "cognito-identity.amazonaws.com"},
            {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}},
            False,
        ),
        (
            {"Federated": f"arn:aws:iam::{MINE}:saml-provider/idp"},
            {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            False,
        ),
        (
            {"Federated": f"arn:aws:iam::{MINE}:oidc-provider/oidc.eks.eu-west-1.example/id/A"},
            {"StringLike": {"oidc.eks.eu-west-1.example/id/A:sub": "system:serviceaccount:ns:*"}},
            True,
        ),
        (
            {"Federated": f"arn:aws:iam::{MINE}:oidc-provider/oidc.eks.eu-west-1.example/id/A"},
            {"StringLike": {"oidc.eks.eu-west-1.example/id/A:sub": "system:serviceaccount:*"}},
            False,
        ),
    ],
)
def test_a_federated_principal_is_every_user_of_the_provider_until_a_claim_fixes_some(
    principal, condition, narrowed
):
    entry = only(allow(principal, condition, Action="sts:AssumeRoleWithWebIdentity"))
    assert [entry["whose"], entry["narrowed"]] == ["federated", narrowed]


def test_a_claim_says_nothing_of_who_is_no_federated_principal():
    condition = {"StringEquals": {f"{GITHUB}:sub": "repo:acme/x:ref:refs/heads/main"}}
    assert only(allow("*", condition))["narrowed"] is False


# -- policies: what -----------------------------------------------------------------------------


def identity(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [{"Resource": "*", **statement} for statement in statements]}


ADMIN = {"Effect": "Allow", "Action": "*"}


@pytest.mark.parametrize(
    ("statements", "action", "allowed"),
    [
        ([ADMIN], "s3:GetObject", True),
        ([ADMIN], "*", True),
        ([{"Effect": "Allow", "Action": "*:*"}], "*", True),
        ([ADMIN, {"Effect": "Deny", "Action": "iam:PassRole"}], "*", False),
        ([{"Effect": "Allow", "NotAction": "iam:*"}], "*", False),
        ([{"Effect": "Allow", "Action": "IAM:passrole"}], "iam:PassRole", True),
        ([{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"]}], "s3:PutObject", False),
        ([{"Effect": "Allow", "Action": "s3:Get*"}], "s3:*", False),
        ([{"Effect": "Allow", "Action": "s3:*"}], "s3:Get*", True),
        ([{"Effect": "Allow", "NotAction": "iam:*"}], "iam:PassRole", False),
        ([{"Effect": "Allow", "NotAction": "iam:*"}], "s3:GetObject", True),
        ([{"Effect": "Allow", "NotAction": "s3:Delete*"}], "s3:*", False),
        ([ADMIN, {"Effect": "Deny", "Action": "iam:*"}], "iam:PassRole", False),
        ([ADMIN, {"Effect": "Deny", "Action": "s3:Delete*"}], "s3:*", False),
        ([ADMIN, {"Effect": "Deny", "NotAction": "s3:*"}], "iam:PassRole", False),
        ([ADMIN, {"Effect": "Deny", "NotAction": "s3:*"}], "s3:GetObject", True),
        (
            [ADMIN, {"Effect": "Deny", "Action": "iam:*", "Condition": {"Bool": {"x": "y"}}}],
            "iam:PassRole",
            True,
        ),
        (
            [ADMIN, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}],
            "s3:GetObject",
            True,
        ),
        (
            [ADMIN, {"Effect": "Deny", "Action": "s3:*", "Principal": {"AWS": OURS}}],
            "s3:GetObject",
            True,
        ),
        (
            [ADMIN, {"Effect": "Deny", "Action": "s3:*", "Principal": {"AWS": "*"}}],
            "s3:GetObject",
            False,
        ),
        ([{"Effect": "Deny", "Action": "*"}], "s3:GetObject", False),
        ([ADMIN], ["iam:PassRole", "ec2:RunInstances"], True),
        ([{"Effect": "Allow", "Action": "ec2:*"}], ["iam:PassRole", "ec2:RunInstances"], False),
        ([ADMIN], [], False),
        ([ADMIN], None, False),
    ],
)
def test_a_policy_allows(statements, action, allowed):
    assert policies.allows(world(), identity(*statements), action) is allowed


def test_a_denial_in_a_trust_policy_counts():
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    nobody = {**everyone, "Effect": "Deny"}
    assert policies.allows(world(), {"Statement": [everyone, nobody]}, "sts:AssumeRole") is False


@pytest.mark.parametrize(
    ("statement", "full"),
    [
        ({"Action": "*"}, True),
        ({"Action": ["s3:*", "*:*"]}, True),
        ({"Action": "*", "Resource": ["arn:aws:s3:::b", "*"]}, True),
        ({"Action": "*", "Resource": "arn:aws:*"}, True),
        ({"Action": "*", "Resource": "arn:*:*:*:*:*"}, True),
        ({"NotAction": "nothing:AtAll"}, True),
        ({"NotAction": []}, True),
        ({"Action": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, True),
        ({"NotAction": "iam:*"}, False),
        ({"NotAction": "*"}, False),
        ({"Action": "iam:*"}, False),
        ({"Action": "*", "Resource": "arn:aws:s3:::*"}, False),
        ({"Action": "*", "Effect": "Deny"}, False),
    ],
)
def test_full_administration_is_told_from_less(statement, full):
    policy = identity({"Effect": "Allow", **statement})
    assert bool(policies.full_admin(world(), policy)) is full


def test_who_is_denied_everything_is_no_administrator():
    assert policies.full_admin(world(), identity(ADMIN, {"Effect": "Deny", "Action": "*"})) == []


def levels(*statements: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    found = policies.action_levels(world(), identity(*statements))
    return {(entry["service"], entry["level"]): entry["actions"] for entry in found}


def test_wildcards_are_expanded_by_service_and_level():
    found = levels({"Effect": "Allow", "Action": ["s3:PutBucketPol*", "S3:getobject", "iam:Pass*"]})
    assert found == {
        ("iam", "Permissions management"): ["iam:PassRole"],
        ("s3", "Permissions management"): ["s3:PutBucketPolicy"],
        ("s3", "Read"): ["s3:GetObject"],
    }


@pytest.mark.parametrize("action", ["*", "*:*"])
def test_everything_is_five_levels_and_not_hundreds_of_entries(action):
    found = levels({"Effect": "Allow", "Action": [action, "s3:*"]})
    assert sorted(found) == [
        ("*", level) for level in ["List", "Permissions management", "Read", "Tagging", "Write"]
    ]


def test_everything_but_something_keeps_the_levels_that_are_left():
    found = levels({"Effect": "Allow", "NotAction": ["*:*Tag*", "*:*tag*"]})
    assert ("*", "Write") in found
    assert set(found["*", "Write"]) == {"not *:*Tag*", "not *:*tag*"}
    only_get = levels({"Effect": "Allow", "Action": "*:Get*"})
    assert ("*", "Read") in only_get and ("*", "Tagging") not in only_get


def test_a_flat_denial_takes_levels_away():
    found = levels(
        {"Effect": "Allow", "Action": "sqs:*"},
        {"Effect": "Deny", "Action": ["sqs:*Permission", "sqs:SetQueue*"]},
    )
    assert ("sqs", "Write") in found
    assert ("sqs", "Permissions management") not in found


def test_an_action_that_nobody_listed_is_not_lost():
    found = levels({"Effect": "Allow", "Action": ["s3:Brand-New", "newservice:Do*"]})
    assert found == {
        ("newservice", "unknown"): ["newservice:Do*"],
        ("s3", "unknown"): ["s3:Brand-New"],
    }


def test_a_policy_cannot_make_the_list_of_actions_open_other_files():
    assert not meant("../../services:*")
    assert not meant("..\\x:y")


def test_a_policy_written_to_keep_us_busy_is_refused_or_answered_in_time():
    begun = time.monotonic()
    busy = [
        [{"Effect": "Allow", "Action": [f"*:{place}*a*b*c" for place in range(1000)]}],
        [{"Effect": "Allow", "NotAction": "*:*"}] * 200,
        [
            {"Effect": "Allow", "NotAction": ["ec2:*"] * 1000},
            {"Effect": "Deny", "NotAction": "x:y"},
        ],
        [{"Effect": "Allow", "Action": [f"ec2:*a*e*i*{place}" for place in range(1000)]}],
    ]
    for statements in busy:
        try:
            policies.action_levels(world(), identity(*statements))
        except ValueError as error:
            assert "wildcards" in str(error)
    assert time.monotonic() - begun < 10


def test_the_list_of_actions_is_a_real_one():
    assert len(every_action()) > 15_000
    assert {action.level for action in every_action()} == {
        "List",
        "Read",
        "Write",
        "Tagging",
        "Permissions management",
    }


def test_conditions_are_found_under_any_operator_and_in_any_capitals():
    statement = {"Condition": {"StringLikeIfExists": {"AWS:PrincipalOrgID": "o-1"}}}
    assert policies.has_condition(world(), statement, ["aws:SourceIp", "aws:principalorgid"])
    assert not policies.has_condition(world(), statement, ["aws:SourceIp"])
    assert not policies.has_condition(world(), {}, "aws:*")


def test_modules_offer_only_what_they_define():
    assert {one.name for one in functions_of(policies)} == {
        "statements",
        "grants",
        "allows",
        "full_admin",
        "action_levels",
        "has_condition",
        "actions",
        "allowed",
        "terms",
        "bindings",
    }


@pytest.mark.parametrize(
    ("expression", "cidr", "answer"),
    [
        ("is_private_network(@)", "::ffff:10.0.0.1", True),
        ("is_whole_internet(@)", "::ffff:0.0.0.0/96", True),
        ("is_public_network(@)", "::ffff:10.0.0.0/103", True),
        ("in_networks(@, ['10.0.0.0/8'])", "::ffff:10.1.0.0/112", True),
        ("whose(@)", "::ffff:192.0.2.9", "ours"),
        ("is_whole_internet(@)", "::ffff:0:0/95", False),
        ("is_whole_internet(@)", ["::/1", "8000::/1"], True),
        ("is_whole_internet(@)", ["0.0.0.0/1", "::ffff:128.0.0.0/97"], True),
    ],
)
def test_an_address_of_ipv4_written_as_ipv6_is_that_address(expression, cidr, answer):
    assert ask(expression, cidr) == answer
