"""What a question finds, now and as of a moment, and what it does not."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from items.asking import understand
from items.indexing import index_history
from items.models import Address, Item, Run, Slice
from items.portions import portions
from items.recording import record
from items.searching import GONE, HOLDS, INSIDE, IS, NOW, OLDER, Chosen, Found, search
from items.terms import condition, literal
from items.trigrams import make_indexes, missing
from items.watchers import watchers
from items.watchers.base import Answered, Snapshot
from tests.factories import AccountFactory, GroupFactory

pytestmark = pytest.mark.django_db

GROUPS, BUCKETS = "aws.ec2.security_group", "aws.s3.bucket"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def opened(*cidrs: str, port: int = 22, **more: Any) -> dict[str, Any]:
    """A security group that lets networks in."""
    ranges = [{"CidrIp": cidr} for cidr in cidrs if ":" not in cidr]
    six = [{"CidrIpv6": cidr} for cidr in cidrs if ":" in cidr]
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    return {"IpPermissions": [rule | {"IpRanges": ranges, "Ipv6Ranges": six}], **more}


def look(
    account: Account, day: int, technology: str = GROUPS, /, **configs: dict[str, Any]
) -> None:
    """Record one look at a slice, some days after the start: only these things are there."""
    slice_, _ = Slice.objects.get_or_create(account=account, technology=technology, holder="test")
    run = Run.objects.create(
        account=account, technology=technology, started_at=START + day * DAY, state="done"
    )
    run.holder, run.slice = "test", slice_
    watcher = watchers[technology]()
    found: list[Any] = [
        Snapshot(
            place="eu-west-1",
            uid=name,
            name=name,
            full_name=f"arn:{name}",
            config=watcher.tidy(config),
            region="eu-west-1",
        )
        for name, config in configs.items()
    ]
    for part in portions([*found, Answered("eu-west-1")]):
        with run.transaction():
            record(run, watcher, part)


def find(text: str, day: float | None = None, **chosen: Any) -> Found:
    moment = None if day is None else START + day * DAY
    return search(understand(text), Item.objects.all(), Chosen(**chosen), moment, each=20)


def names(found: Found) -> list[str]:
    return sorted(hit.item.name for hit in found.hits)


@pytest.fixture
def prod() -> Account:
    return AccountFactory(name="prod")


def by_way(found: Found) -> dict[str, tuple[int, str]]:
    return {hit.item.name: (hit.how, hit.text) for hit in found.hits}


# -- addresses --------------------------------------------------------------------------------


@pytest.fixture
def networks(prod: Account) -> None:
    """Groups around a network: it, wider ones, parts of it, and others."""
    look(
        prod,
        0,
        itself=opened("10.4.0.0/16"),
        wider=opened("10.0.0.0/8"),
        world=opened("0.0.0.0/0"),
        part=opened("10.4.3.7/32"),
        half=opened("10.4.128.0/17"),
        ends=opened("10.3.255.255-10.4.0.0"),
        beside=opened("10.5.0.0/16", "10.3.0.0/16"),
        six=opened("a04::/16"),
        sixes=opened("::/0"),
    )


def test_a_network_finds_what_is_it_holds_it_and_lies_inside_it(networks: None) -> None:
    found = find("10.4.0.0/16")
    assert by_way(found) == {
        "itself": (IS, "10.4.0.0/16"),
        "wider": (HOLDS, "10.0.0.0/8"),
        "world": (HOLDS, "0.0.0.0/0"),
        "part": (INSIDE, "10.4.3.7/32"),
        "half": (INSIDE, "10.4.128.0/17"),
        "ends": (INSIDE, "10.3.255.255-10.4.0.0"),
    }
    assert (found.places, found.items) == (6, 6)


def test_an_address_finds_what_admits_it(networks: None) -> None:
    assert by_way(find("10.4.3.7")) == {
        "part": (IS, "10.4.3.7/32"),
        "itself": (HOLDS, "10.4.0.0/16"),
        "wider": (HOLDS, "10.0.0.0/8"),
        "world": (HOLDS, "0.0.0.0/0"),
    }


def test_the_whole_internet_holds_everything_of_its_version(networks: None) -> None:
    assert "six" not in names(find("0.0.0.0/0"))
    assert by_way(find("0.0.0.0/0"))["world"][0] == IS
    assert by_way(find("::/0")) == {"sixes": (IS, "::/0"), "six": (INSIDE, "a04::/16")}


def test_addresses_of_one_version_are_never_taken_for_the_other(networks: None) -> None:
    # a04:: begins with the bytes of 10.4.
    assert "six" not in names(find("10.4.0.0/16"))
    assert names(find("a04::1")) == ["six", "sixes"]


def test_a_range_is_held_and_holds(networks: None) -> None:
    found = by_way(find("10.4.3.6 - 10.4.3.9"))
    assert found["part"][0] == INSIDE
    assert {name for name, (how, _) in found.items() if how == HOLDS} == {
        "itself",
        "wider",
        "world",
    }


def test_the_narrowest_that_holds_it_stands_first(networks: None) -> None:
    found = [hit.item.name for hit in find("10.4.3.8").hits]
    assert found == ["itself", "wider", "world"]


def test_one_text_in_two_rules_is_one_place(prod: Account) -> None:
    both = opened("10.0.0.1/32")["IpPermissions"] + opened("10.0.0.1/32", port=443)["IpPermissions"]
    look(prod, 0, web={"IpPermissions": both})
    assert Address.objects.count() == 1


def test_what_ceased_is_found_as_of_a_moment_and_among_what_was_once(prod: Account) -> None:
    look(prod, 0, web=opened("10.4.0.0/16"), db=opened("10.4.0.0/16"))
    look(prod, 2, web=opened("10.5.0.0/16"), db=opened("10.4.0.0/16"))
    assert names(find("10.4.0.0/16")) == ["db"]
    assert names(find("10.4.0.0/16", day=1)) == ["db", "web"]
    assert names(find("10.4.0.0/16", day=2)) == ["db"]
    assert names(find("10.4.0.0/16", day=-1)) == []
    (once,) = [hit for hit in find("10.4.0.0/16", also=[OLDER]).hits if hit.scope == OLDER]
    assert (once.item.name, once.since, once.until) == ("web", START, START + 2 * DAY)
    assert once.config["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.4.0.0/16"}]
    assert once.item.config["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.5.0.0/16"}]


def test_what_is_gone_is_counted_and_shown_where_asked_for(prod: Account) -> None:
    look(prod, 0, web=opened("10.4.0.0/16"), db=opened("10.4.0.0/16"))
    look(prod, 2, db=opened("10.4.0.0/16"))
    found = find("10.4.0.0/16")
    assert names(found) == ["db"]
    assert sum(one.n for one in found.counts if one.scope == GONE) == 1
    assert [one for one in found.counts if one.scope == OLDER] == []
    (gone,) = [hit for hit in find("10.4.0.0/16", also=[GONE]).hits if hit.scope == GONE]
    assert gone.item.name == "web"
    assert names(find("10.4.0.0/16", day=3, also=[GONE])) == ["db", "web"]
    assert names(find("10.4.0.0/16", day=1, also=[GONE])) == ["db", "web"]
    look(prod, 4, db=opened("10.4.0.0/16"), web=opened("10.4.0.0/16"))
    assert names(find("10.4.0.0/16")) == ["db", "web"]
    assert names(find("10.4.0.0/16", day=3)) == ["db"]


def test_a_second_look_writes_no_addresses(prod: Account) -> None:
    look(prod, 0, web=opened("10.4.0.0/16"))
    (row,) = Address.objects.values()
    look(prod, 1, web=opened("10.4.0.0/16"))
    look(prod, 2, web=opened("10.4.0.0/16", Description="other"))
    assert list(Address.objects.values()) == [row]


def rows() -> list[tuple[Any, ...]]:
    return sorted(
        (item, bytes(first), bytes(last), *rest)
        for item, first, last, *rest in Address.objects.values_list(
            "item__name", "first", "last", "text", "path", "since", "until"
        )
    )


def test_all_that_is_kept_is_indexed_as_recording_does(prod: Account) -> None:
    look(prod, 0, web=opened("10.4.0.0/16", "10.6.0.0/16"), db=opened("10.4.0.0/16"))
    look(prod, 1, web=opened("10.4.0.0/16", "10.5.0.0/16"), db=opened("10.4.0.0/16"))
    look(prod, 2, web=opened("10.4.0.0/16"))
    look(prod, 3, web=opened("10.4.0.0/16"), db=opened("10.4.0.0/16"))
    recorded = rows()
    assert len(recorded) == 5
    Address.objects.filter(item__name="web").delete()
    call_command("indexaddresses", stdout=StringIO())
    assert rows() == recorded
    assert list(index_history(after=Item.objects.get(name="web").pk)) != []
    assert rows() == recorded


# -- texts, paths, patterns, tags ---------------------------------------------------------------


@pytest.fixture
def things(prod: Account) -> None:
    labs = AccountFactory(name="labs")
    labs.groups.add(GroupFactory(name="Training"))
    tags = [{"Key": "purpose", "Value": "training"}]
    look(prod, 0, web=opened("10.0.0.0/8", Description='say "hi" to Zoë'), db=opened(port=5432))
    look(labs, 0, lab=opened("10.0.0.0/8", port=3389, Tags=tags))
    look(labs, 0, BUCKETS, files={"Name": "files", "TagSet": [{"Key": "purpose", "Value": "x"}]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web", ["web"]),
        ("arn:db", ["db"]),
        ('"hi to"', []),
        ("Zoë", ["web"]),
        ("training", ["lab"]),
        ("TRAINING", ["lab"]),
        ("100%", []),
        ("w_b", []),
        ("IpPermissions[].FromPort = 22", ["web"]),
        ("IpPermissions[].FromPort > 22", ["db", "lab"]),
        ("IpPermissions[].FromPort != 22", ["db", "lab"]),
        ("IpPermissions[].IpRanges[].CidrIp ~ 10.0", ["lab", "web"]),
        ("IpPermissions[].IpRanges[].CidrIp = 10.0.0.0/8", ["lab", "web"]),
        ("Tags[].Value = TRAINING", ["lab"]),
        ('Description = "say \\"hi\\" to Zoë"', ["web"]),
        ("Description ~ zo", ["web"]),
        ("path:Description", ["web"]),
        ("/^10\\.0.*8$/", ["lab", "web"]),
        ("/purpose|Zo./", ["files", "lab", "web"]),
        ("/train/", ["lab"]),
        ("/tra+ining/", ["lab"]),
        ("/10\\.0(zzz)*/", ["lab", "web"]),
        ("tag:purpose", ["files", "lab"]),
        ("tag:purpose=training", ["lab"]),
        ("tag:purpose=train", []),
        ("account:labs", ["files", "lab"]),
        ("group:training", ["files", "lab"]),
        ("technology:bucket", ["files"]),
        ("technology:aws.s3.bucket tag:purpose", ["files"]),
        ("region:eu-west-1 lab", ["lab"]),
        ("10.0.0.1 group:training", ["lab"]),
        ("10.0.0.1 tag:purpose=training", ["lab"]),
        ("changed:2026-03-01", ["db", "files", "lab", "web"]),
        ("changed:2026-03-02..", []),
        ("changed:..2026-02-28", []),
        ("no such thing", []),
    ],
)
def test_a_question_finds(things: None, text: str, expected: list[str]) -> None:
    found = find(text)
    assert names(found) == expected
    assert (found.places, found.items) == (len(expected), len(expected))


@pytest.mark.parametrize(
    ("pattern", "sure"),
    [
        (r"arn:aws:iam::\d+:root", "arn:aws:iam::"),
        (r"AKIA00[0-9]{3,5}1", "AKIA00"),
        ("a{300}bcd", "bcd"),
        ("a(bcdef)?xyz", "xyz"),
        ("abcd?e", "abc"),
        (r"10\.4\.3+", "10.4.3"),
        ("[[:alpha:]def]ghi", "ghi"),
        ("[]abc]defg", "defg"),
        ("abc|def", ""),
        ("(?i)abc", ""),
        (r"\x41bcde", ""),
        (r"\Qa*b\E", ""),
        (r"\pLabc", ""),
        ("ab", ""),
    ],
)
def test_only_what_a_pattern_cannot_find_without_is_looked_for_by_the_index(
    pattern: str, sure: str
) -> None:
    assert literal(pattern) == sure


def test_a_quote_in_a_text_is_found_as_it_is_kept(things: None) -> None:
    asked = understand('say "hi"', as_text=True)
    found = search(asked, Item.objects.all(), Chosen())
    assert names(found) == ["web"]


def test_texts_are_found_as_of_a_moment_and_in_what_was_once(prod: Account) -> None:
    look(prod, 0, web=opened(Description="old words"), db=opened(Description="old words"))
    look(prod, 2, web=opened(Description="new words"), db=opened(Description="old words"))
    look(prod, 4, web=opened(Description="newer words"))
    assert names(find("old")) == []
    assert names(find("old", also=[GONE])) == ["db"]
    assert names(find("old", also=[OLDER])) == ["web"]
    assert names(find("old", also=[GONE, OLDER])) == ["db", "web"]
    assert names(find("words")) == ["web"]
    assert names(find("words", also=[OLDER])) == ["web"]
    assert names(find("old", day=1)) == ["db", "web"]
    assert names(find("old", day=3)) == ["db"]
    assert names(find("/old w/", also=[OLDER])) == ["web"]
    (once,) = find("old", also=[OLDER]).hits
    assert (once.config["Description"], once.until) == ("old words", START + 2 * DAY)


def test_the_choice_narrows_hits_but_no_counts(things: None) -> None:
    found = find("10.0.0.0/8", accounts=[Account.objects.get(name="labs").pk])
    assert names(found) == ["lab"]
    assert (found.places, sum(one.n for one in found.counts if one.scope == NOW)) == (1, 2)
    assert names(find("purpose", technologies=[BUCKETS])) == ["files"]
    assert names(find("10.0.0.1", how=[INSIDE])) == []


def test_nothing_out_of_sight_is_found_or_counted(things: None) -> None:
    sight = Item.objects.filter(account__name="prod")
    for text in ("10.0.0.1", "lab", "/lab|web/", "tag:purpose", "account:labs"):
        found = search(understand(text), sight, Chosen(also=[GONE, OLDER]))
        assert {hit.item.account.name for hit in found.hits} <= {"prod"}
        assert {one.account for one in found.counts} <= {Account.objects.get(name="prod").pk}
        assert found.items == len({hit.item.pk for hit in found.hits})


def test_reading_thing_by_thing_ends_with_its_time(things: None) -> None:
    found = search(understand("/purpose/"), Item.objects.all(), Chosen(), until=0.0)
    assert found.hits == []
    assert "time to read 0" in found.stopped


def test_only_some_of_each_technology_are_given_and_the_rest_by_pages(prod: Account) -> None:
    look(prod, 0, **{f"g{n:02}": opened("10.0.0.0/8") for n in range(12)})
    look(prod, 1, **{f"g{n:02}": opened("10.0.0.0/8") for n in range(10)})
    asked = understand("10.0.0.1")
    found = search(asked, Item.objects.all(), Chosen(), each=4)
    assert (len(found.hits), found.places) == (4, 10)
    pages = [
        search(asked, Item.objects.all(), Chosen(also=[GONE]), page=(start, 7)).hits
        for start in (0, 7, 14)
    ]
    assert [len(page) for page in pages] == [7, 5, 0]
    assert len({hit.item.pk for page in pages for hit in page}) == 12


@pytest.mark.parametrize(("text", "most"), [("10.0.0.1", 7), ("web", 8), ("/10/", 6)])
def test_what_a_question_costs_does_not_grow(things: None, text: str, most: int) -> None:
    with CaptureQueriesContext(connection) as queries:
        find(text)
    assert len(queries) <= most, [query["sql"][:200] for query in queries]


@pytest.mark.needs("postgres")
def test_postgres_finds_a_text_by_an_index_in_things_and_in_revisions(things: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    (term,) = understand("training").terms
    assert "item_texts" in Item.objects.filter(condition(term)).order_by().explain()
    revisions = Item.history.model._default_manager.filter(condition(term, "id")).order_by()
    assert "revision_texts" in revisions.explain()


def test_no_index_of_texts_is_missing_after_migrating() -> None:
    assert missing(connection) == []
    assert make_indexes(connection) == ""
