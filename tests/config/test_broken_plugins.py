"""A plugin that is broken, late, takes a key or fails as it reads stops no other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from accounts.types import types
from config.plugins import in_files
from config.scanning import scan
from config.scheduling import enqueue_due, slices
from items.models import Item, Run
from items.watchers import watchers

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = """
import threading

from accounts.types.base import AccountType
from items.watchers.base import Watcher
from items.watchers.terms import Answered, Snapshot

PLUGINS = {
    "vervet.account_types": {"toy": "toy_good:Toys"},
    "vervet.watchers": {"toy.good": "toy_good:Good"},
}
read = threading.Event()


class Toys(AccountType):
    key, label, identifier_label = "toy", "Toys", "Box"


class Good(Watcher):
    technology, label, account_type = "toy.good", "Good toy", "toy"

    def fetch(self, account):
        uid = self.technology
        yield Snapshot("box", uid, uid, f"toy:{uid}", "box", {"Id": uid})
        yield Answered("box")
        read.set()
"""
LIKE = """
from toy_good import Good, read

PLUGINS = {{"vervet.watchers": {{"{key}": "{file}:Toy"}}}}
{first}

class Toy(Good):
    technology, label = "{key}", "Another toy"

    def fetch(self, account):
        {fetch}
        yield from super().fetch(account)
"""


class Box:
    """A folder of plugins with a good one, and an account of theirs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "toy_good.py").write_text(GOOD)

    def add(self, key: str, first: str = "", fetch: str = "pass") -> None:
        file = f"toy_{key.replace('.', '_')}"
        text = LIKE.format(key=key, file=file, first=first, fetch=fetch)
        (self.folder / f"{file}.py").write_text(text)

    def scan(self) -> dict[str, Run | str]:
        """Look at everything, two slices at a time; return what came of each, in that order."""
        account = Account.objects.create(type="toy", identifier="box", name="box")
        return {due[1]: seen for due, seen in scan(slices([account]), workers=2)}


def forget() -> None:
    for registry in (types, watchers):
        registry.__dict__.pop("_entries", None)
        for kept in (registry._loaded, registry._refused):
            for key in [key for key in kept if key.startswith("toy") or "toy_" in key]:
                del kept[key]
    in_files.cache_clear()


@pytest.fixture
def box(tmp_path: Path, settings: Any) -> Iterator[Box]:
    settings.PLUGIN_FOLDERS = [str(tmp_path)]
    path = [*sys.path]
    forget()
    yield Box(tmp_path)
    forget()
    sys.path[:] = path
    for name in [name for name in sys.modules if name.startswith("toy_")]:
        del sys.modules[name]


def read() -> set[str]:
    return set(Item.objects.values_list("technology", flat=True))


def test_a_broken_one_is_left_out_and_the_others_are_read(box: Box) -> None:
    box.add("toy.broken", first="import toy_that_is_nowhere")
    assert [*box.scan()] == ["toy.good"]
    assert read() == {"toy.good"}
    (said,) = watchers.problems()
    assert "toy_that_is_nowhere" in said


def test_a_late_one_does_not_keep_the_others_waiting(box: Box) -> None:
    box.add("toy.a_late", fetch="assert read.wait(20), 'the others wait for it'")
    seen = box.scan()
    assert isinstance(seen["toy.a_late"], Run), "it waited until the other one was read"
    assert read() == {"toy.good", "toy.a_late"}


def test_a_taken_key_stays_with_the_first(box: Box) -> None:
    box.add("toy.good", fetch="raise RuntimeError('the wrong one')")
    assert [*box.scan()] == ["toy.good"]
    assert read() == {"toy.good"}
    (said,) = watchers.problems()
    assert "the key is taken by toy_good:Good" in said


def test_one_that_raises_as_it_reads_fails_alone_and_waits(box: Box) -> None:
    box.add("toy.raises", fetch="raise RuntimeError('a bug')")
    seen = box.scan()
    assert seen["toy.raises"] == "failed: RuntimeError: a bug"
    assert read() == {"toy.good"}
    run = Run.objects.get(technology="toy.raises")
    assert (run.state, run.error) == (Run.State.FAILED, "RuntimeError: a bug")
    assert enqueue_due() == 0, "it is tried again later, and the tick goes on"


def test_one_without_a_label_is_left_out_before_it_can_stop_the_tick(box: Box) -> None:
    box.add("toy.nameless")
    file = box.folder / "toy_toy_nameless.py"
    file.write_text(file.read_text().replace('"Another toy"', "None"))
    assert [*box.scan()] == ["toy.good"]
    (said,) = watchers.problems()
    assert "its label must be a text" in said
