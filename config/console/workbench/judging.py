"""What a rule's text says of one stored item, and which parts of that item it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.admin.base import reach
from audits.engine import Finding, Outcome, Verdict
from audits.explaining import Explanation, explain
from audits.functions.base import Context, Reader
from audits.querying import Closed
from audits.reading import EVERYTHING, parts_read
from audits.rulebook import looks_back
from audits.trying import Trial
from audits.world import World
from config.console.workbench.sheet import Sheet
from items.earlier import before_last_change
from items.models import Item
from items.revisions import element_names
from items.tree import Line, Path, lines

# Lines of a configuration that are written out; the rest is said to be there.
MOST_LINES = 3000
# Findings that are written out.
SHOWN = 5


class Court:
    """What the text is held against items with: read once for many of them."""

    def __init__(self, sheet: Sheet, user: Any) -> None:
        self._sees_all = reach(user, "items.view_item") is None
        self._trial = Trial(sheet.draft, sheet.rule)
        self._looks_back = looks_back(sheet.draft)
        self._now = timezone.now()
        self._worlds: dict[int, World] = {}

    def context(self, item: Item) -> Context:
        """Return what the rule is given when it is held against the item now."""
        previous = before_last_change([item]).get(item.pk) if self._looks_back else None
        reader = self._reader(item)
        return self._trial.context(item, self._trial.holds(item), self._now, previous, reader)

    def _reader(self, item: Item) -> Reader:
        if not self._sees_all:
            return Closed()
        if item.account_id not in self._worlds:
            self._worlds[item.account_id] = World(item.account)
        return self._worlds[item.account_id].reader()

    def judge(self, item: Item) -> Verdict:
        """Hold the text against an item as judging would."""
        return self._trial.judge(item, self.context(item))


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


def judgement(sheet: Sheet, item: Item, user: Any) -> Judgement:
    """Return the verdict on an item with the way it came about, and the item's tree."""
    court = Court(sheet, user)
    verdict = court.judge(item)
    explanation = explain(sheet.fields, court.context(item))
    tree, more = written(item, explanation.found | explanation.read)
    return Judgement(item, verdict, explanation, tree, more)


def written(item: Item, marked: frozenset[Path] = frozenset()) -> tuple[list[Line], int]:
    """Return an item's configuration as lines that can be shown, and how many are left out."""
    names = element_names(item.technology)
    every = list(lines(item.config, names=names, to=marked, whole=True))
    if len(every) <= MOST_LINES:
        return every, 0
    kept: list[Line] = []
    depth = 0
    for line in every[:MOST_LINES]:
        depth += {"open": 1, "close": -1}.get(line.what, 0)
        kept.append(line)
    return kept + [Line("close")] * depth, len(every) - MOST_LINES


def reads(sheet: Sheet) -> dict[str, Any]:
    """Return which parts of a configuration the text reads, in words."""
    texts = [sheet.fields[name] for name in ("expression", "applies_when") if sheet.fields[name]]
    parts = frozenset().union(*(parts_read(text) for text in texts))
    return {"everything": EVERYTHING in parts, "parts": sorted(parts - {EVERYTHING})}
