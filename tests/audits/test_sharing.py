"""Two processes find what one does, and none outlives the question."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from audits import sharing
from audits.backtesting import backtest
from audits.impacting import impact
from audits.previewing import Stopped
from tests.factories import AccountFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = {"title": "Open", "technologies": ["aws.ec2.security_group"], "score": 5}
TEXT |= {"expression": "Ports[?@ > `10`]", "notes": "{it}"}


@pytest.fixture
def editor(settings: Any) -> Any:
    settings.PORTION = 7
    for number in range(3):
        account = AccountFactory(name=f"account {number}")
        for item in range(40):
            config = {"Ports": [item, item * number], "GroupId": f"{number} {item}"}
            ItemFactory(account=account, config=config if item % 9 else {"Ports": "none"})
    return UserFactory(is_superuser=True)


def children() -> set[str]:
    """Return the processes that this one started and that are not buried."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.fixture(autouse=True)
def nothing_outlives_it() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def same(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is never the same twice, and the order among equals."""
    left_out = ("at", "seconds", "evaluating", "lists", "slowest")
    shown = {name: len(rows) for name, rows in answer["lists"].items()}
    scores = {name: [row["score"] for row in rows] for name, rows in answer["lists"].items()}
    return {name: one for name, one in answer.items() if name not in left_out} | {
        "shown": shown,
        "scores": scores,
    }


@pytest.mark.parametrize("answer", [impact, backtest])
def test_two_processes_find_what_one_finds(
    answer: Any, editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = a_rule("ports", **TEXT)
    alone = answer(TEXT, rule, editor)
    monkeypatch.setattr(sharing, "WORTHWHILE", 1)
    seen: list[tuple[int, int]] = []
    others, beside = children(), set()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        beside.update(children() - others)

    shared = answer(TEXT, rule, editor, progress=progress)
    assert len(beside) == 1
    assert same(shared) == same(alone)
    assert shared["items"] == 120
    assert seen[0] == (0, 120)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_is_cancelled_ends_in_both(editor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "WORTHWHILE", 1)

    def cancelled(done: int, total: int) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        impact(TEXT, None, editor, progress=cancelled)


def test_a_fault_in_the_second_process_is_told(
    editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "WORTHWHILE", 1)

    class Faulty:
        def run(self, part: int, parts: int) -> Any:
            yield 1
            if part:
                raise ValueError("It is broken.")

        def found(self) -> Any:
            return ()

        def merge(self, found: Any) -> None: ...

    with pytest.raises(RuntimeError, match=r"ValueError: It is broken\."):
        sharing.work_through(Faulty(), 100, lambda _done, _total: None, 10)
    connections.close_all()
