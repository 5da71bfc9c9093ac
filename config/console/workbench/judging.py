"""What a rule's text says of one stored item, and which parts of that item it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from audits.engine import Finding, Outcome, Verdict, evaluate
from audits.explaining import Explanation, explain
from audits.facts import facts_of
from audits.functions.base import Context, Known
from audits.models import RuleSetting
from audits.reading import EVERYTHING, functions_called, parts_read
from audits.scoping import in_force, ranked
from audits.world import World as Others
from audits.world import known
from config.console.workbench.sheet import EXPRESSIONS, Sheet
from items.models import Item
from items.tree import Line, Path, lines
from items.watchers import watchers

# Lines of a configuration that are written out; the rest is said to be there.
MOST_LINES = 3000
# Findings that are written out.
SHOWN = 5
LOOKS_AROUND = frozenset({"lookup", "related", "open_issues"})


class World:
    """What rules may know beside the item, read once for many items."""

    def __init__(self) -> None:
        self._known: Known | None = None
        self._others: dict[int, Others] = {}
        self._settings: list[RuleSetting] | None = None

    def context(self, sheet: Sheet, item: Item) -> Context:
        """Return what the rule is given when it is held against the item now."""
        if self._known is None:
            self._known = known()
        if item.account_id not in self._others:
            self._others[item.account_id] = Others(item.account)
        holds = in_force(sheet.draft, self._held(sheet, item))
        return Context(
            **facts_of(item, item.account, timezone.now(), self._known),
            parameters=holds.parameters,
            reader=self._others[item.account_id].reader(),
        )

    def _held(self, sheet: Sheet, item: Item) -> list[RuleSetting]:
        if sheet.rule is None:
            return []
        if self._settings is None:
            self._settings = list(RuleSetting.objects.filter(rule=sheet.rule))
        if not self._settings:
            return []
        groups = frozenset(item.account.groups.values_list("pk", flat=True))
        return ranked(self._settings, item, groups)


@dataclass(frozen=True)
class Judgement:
    """Everything the page says of one item."""

    item: Item
    verdict: Verdict
    explanation: Explanation
    tree: list[Line]
    more: int

    @property
    def tone(self) -> str:
        return TONES[self.verdict.outcome]

    @property
    def word(self) -> str:
        """The verdict in a few words."""
        count = len(self.verdict.findings)
        if self.verdict.outcome == Outcome.FAIL:
            return f"fires: {count} finding{'s' * (count > 1)}"
        return "does not fire" if self.verdict.outcome == Outcome.PASS else self.verdict.outcome

    @property
    def findings(self) -> Sequence[Finding]:
        return self.verdict.findings[:SHOWN]

    @property
    def further(self) -> int:
        """Findings that are not shown."""
        return len(self.verdict.findings) - len(self.findings)

    @property
    def found(self) -> frozenset[Path]:
        return self.explanation.found

    @property
    def read(self) -> frozenset[Path]:
        return self.explanation.read


TONES = {
    Outcome.FAIL: "critical",
    Outcome.PASS: "good",
    Outcome.NOT_APPLICABLE: "information",
    Outcome.UNKNOWN: "medium",
}


def judged(sheet: Sheet, item: Item, world: World) -> Verdict:
    """Hold the text against an item as judging would."""
    return evaluate(sheet.draft, world.context(sheet, item), item.unread)


def judgement(sheet: Sheet, item: Item) -> Judgement:
    """Return the verdict on an item with the way it came about, and the item's tree."""
    world = World()
    verdict = judged(sheet, item, world)
    explanation = explain(sheet.fields, world.context(sheet, item))
    marked = explanation.found | explanation.read
    tree, more = written(item, marked)
    return Judgement(item, verdict, explanation, tree, more)


def written(item: Item, marked: frozenset[Path] = frozenset()) -> tuple[list[Line], int]:
    """Return an item's configuration as lines that can be shown, and how many are left out."""
    names = watchers[item.technology].element_names if item.technology in watchers else {}
    every = list(lines(item.config, names=names, to=marked))
    if len(every) <= MOST_LINES:
        return every, 0
    kept: list[Line] = []
    depth = 0
    for line in every[:MOST_LINES]:
        depth += {"open": 1, "close": -1}.get(line.what, 0)
        kept.append(line)
    return kept + [Line("close")] * depth, len(every) - MOST_LINES


def looks_around(sheet: Sheet) -> bool:
    """Say whether the text asks about other items than the one that it judges."""
    texts = [sheet.fields[name] for name in EXPRESSIONS if sheet.fields[name]]
    return any(functions_called(text) & LOOKS_AROUND for text in texts)


def reads(sheet: Sheet) -> dict[str, Any]:
    """Return which parts of a configuration the text reads, in words."""
    texts = [sheet.fields[name] for name in ("expression", "applies_when") if sheet.fields[name]]
    parts = frozenset().union(*(parts_read(text) for text in texts))
    called = frozenset().union(*(functions_called(text) for text in texts))
    return {
        "everything": EVERYTHING in parts,
        "parts": sorted(parts - {EVERYTHING}),
        "others": bool(called & LOOKS_AROUND),
        "functions": sorted(called),
    }
