"""What holds for every technology of every provider, against the stand-in of its cloud."""

from collections.abc import Iterator
from typing import Any

import pytest

from items.comparing import parts
from items.watchers import watchers
from items.watchers.base import Watcher
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.cloud.sides import AwsSide, AzureSide, GoogleSide, Side
from tests.items.conftest import Found

PROVIDERS = sorted({key.partition(".")[0] for key in watchers})


@pytest.fixture
def aws_side(cloud: MotoCloud, faults: FaultProxy, account_hosts: None) -> Side:
    return AwsSide(cloud, faults)


@pytest.fixture
def gcp_side(google: Any, google_faults: Any, google_env: None) -> Side:
    return GoogleSide(google, google_faults)


@pytest.fixture
def azure_side(azure: Any, azure_faults: Any, azure_env: None) -> Side:
    return AzureSide(azure, azure_faults)


class Walk:
    """The technologies of one provider, and looks at them."""

    def __init__(self, provider: str, side: Side) -> None:
        self.provider, self.side = provider, side

    def __iter__(self) -> Iterator[tuple[str, type[Watcher]]]:
        for key in watchers:
            if key.partition(".")[0] == self.provider:
                yield key, watchers[key]

    def look(self, watcher: type[Watcher]) -> Found:
        """Look at one technology; the side then knows what this asked."""
        self.side.relieve()
        return self.again(watcher)

    def again(self, watcher: type[Watcher]) -> Found:
        """Look without taking back what is refused."""
        return Found(watcher(), self.side.account(watcher.account_type))


@pytest.fixture(params=PROVIDERS)
def walk(request: pytest.FixtureRequest) -> Walk:
    """Every technology of a provider. One whose provider has no side is no error to skip."""
    return Walk(request.param, request.getfixturevalue(f"{request.param}_side"))


@pytest.fixture
def filled(walk: Walk) -> Walk:
    walk.side.fill()
    return walk


def same(one: Found, other: Found) -> bool:
    return [(each.uid, each.config) for each in one.snapshots] == [
        (each.uid, each.config) for each in other.snapshots
    ]


def holds_back(found: Found, whole: Found, key: str, call: str) -> None:
    """Say that something is unknown, name what mends it, and let nothing be gone for that."""
    unread = [refusal for one in found.snapshots for refusal in one.unread.values()]
    said = [*found.refusals, *unread]
    assert said, f"{key}: {call} was refused, and nothing says so"
    gone = {(one.place, one.uid) for one in whole.snapshots} - {
        (one.place, one.uid) for one in found.snapshots
    }
    assert not [place for place, _ in gone if place in found.answered], f"{key}: {call}"
    known = watchers[key].permissions()
    assert {one.permission for one in said} <= known, f"{key}: {call}"


# -- the contract ---------------------------------------------------------------------------------


@pytest.mark.parametrize("technology", [*watchers])
def test_a_specification_fits_its_sdk_and_the_registry(technology: str) -> None:
    assert watchers[technology].problems() == []
    assert watchers[technology].technology == technology


def test_all_of_a_technology_is_read_and_the_same_twice(filled: Walk) -> None:
    names: set[str] = set()
    for key, watcher in filled:
        first, again = filled.look(watcher), filled.look(watcher)
        assert first.snapshots, key
        assert (first.refusals, first.unread()) == ([], {}), key
        assert same(first, again), key
        for one in first.snapshots:
            assert parts(watcher()) <= one.config.keys(), key
            assert watcher().tidy(one.config) == one.config, key
            assert one.full_name not in names, key
            names.add(one.full_name)


def test_whatever_is_refused_is_unknown_and_names_its_permission(filled: Walk) -> None:
    for key, watcher in filled:
        whole = filled.look(watcher)
        for call in sorted(filled.side.calls):
            filled.side.relieve()
            filled.side.refuse(call)
            found = filled.again(watcher)
            if filled.side.calls[call]:  # Some are asked once for all looks.
                holds_back(found, whole, key, call)


def test_an_empty_account_has_nothing_and_answers(walk: Walk) -> None:
    for key, watcher in walk:
        found = walk.look(watcher)
        assert (found.refusals, found.unread()) == ([], {}), key
        assert found.answered, key
        assert bool(found.snapshots) == (key in walk.side.unmade), key


def test_lists_in_pages_are_read_to_their_end(filled: Walk) -> None:
    whole = {key: filled.look(watcher) for key, watcher in filled}
    filled.side.in_pages()
    for key, watcher in filled:
        found = filled.look(watcher)
        assert same(found, whole[key]), key
        assert (found.refusals, found.answered) == ([], whole[key].answered), key
        for call in sorted(filled.side.paged):
            filled.side.relieve()
            filled.side.refuse(call, page=2)
            holds_back(filled.again(watcher), whole[key], key, call)
