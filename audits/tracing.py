"""Follow an expression through a configuration, part by part, noting what each part gave."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from jmespath.exceptions import JMESPathError

from audits.bounds import Evaluation, Exceeded, RuleError
from audits.bounds import Part as Compiled
from audits.compiling import compiled
from audits.engine import truth
from audits.functions.base import Context, Unread
from audits.origins import Group, Origin, Path, Seen, put_together, regrouped, under
from audits.parts import Node, Part, alike, answered, is_it, is_path
from audits.places import Placed, placed
from audits.wording import (
    Wording,
    entries,
    mixed,
    surprise,
    why_none,
)

# What an explanation may take: less than a verdict, for each part is asked by itself.
STEPS = 300_000
# Entries that are followed one by one, and lines that are written.
MOST_ENTRIES = 5000
MOST_PARTS = 200

FAILURES = (JMESPathError, TypeError, ValueError, RuleError, RecursionError, Exceeded, Unread)


class Tracing:
    """One walk through an expression: what it has said so far, and what it may still take."""

    def __init__(self, context: Context) -> None:
        self.parts: list[Part] = []
        self.read: set[Path] = set()
        self._run = Evaluation(context, STEPS)
        self._compiled: dict[int, Compiled] = {}
        self._placed: Placed
        self._words: Wording
        self._origin = Origin(context.config)
        self._config = context.config
        self._count = 0
        self._each = False

    def run(self, text: str) -> Seen | None:
        """Follow an expression from the whole configuration; None where it has no answer."""
        try:
            self._placed = placed(text)
            self._words = Wording(self._placed)
            (given,) = self.follow(self._placed.tree, [Seen(self._config, ())])
        except FAILURES as error:
            self._failed(error)
            return None
        return given

    def _failed(self, error: Exception) -> None:
        reason = "It is nested too deeply." if isinstance(error, RecursionError) else str(error)
        self.parts.append(Part("No answer", "ends here", note=reason[:500], failed=True))

    def _part(self, node: Node, words: str, gave: str = "", **said: Any) -> Part:
        return Part(words, gave, self._words.written(node), self._placed.span(node).start, **said)

    # -- following -------------------------------------------------------------------------------

    def follow(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        """Return what a part gives for each value; note what it did."""
        if len(seen) > MOST_ENTRIES:
            raise Exceeded(f"more than {MOST_ENTRIES} entries are not explained one by one")
        if is_path(node):
            return self._take(node, seen)
        return self._kinds().get(node["type"], self._ask)(node, seen)

    def _kinds(self) -> dict[str, Callable[[Node, Sequence[Seen]], list[Seen]]]:
        return {
            "subexpression": self._chain,
            "index_expression": self._chain,
            "pipe": self._chain,
            "projection": self._project,
            "value_projection": self._project,
            "filter_projection": self._filter,
            "flatten": self._flatten,
            "comparator": self._judge,
            "and_expression": self._judge,
            "or_expression": self._judge,
            "not_expression": self._judge,
            "function_expression": self._ask,
        }

    def _note(self, part: Part) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise Exceeded(f"more than {MOST_PARTS} parts are not explained")
        self.parts.append(part)

    @contextmanager
    def _within(self) -> Iterator[list[Part]]:
        """Gather what is noted meanwhile aside, as parts of what is noted next."""
        kept, self.parts = self.parts, []
        inner = self.parts
        try:
            yield inner
        except FAILURES:
            # What was found so far is shown above where it ended.
            kept.extend(inner)
            self.parts = kept
            raise
        self.parts = kept

    def _chain(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        given = list(seen)
        for child in node["children"]:
            given = self.follow(child, given)
        return given

    def _value_of(self, node: Node, value: Any) -> Any:
        """Return what a part gives for a value; raises what evaluating it raises."""
        if id(node) not in self._compiled:
            self._compiled[id(node)] = compiled(node)
        return self._compiled[id(node)](self._run, value)

    def _take(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        given = [self._reach(node, one) for one in seen]
        if is_it(node):
            return given
        words = f"{'Of each, take' if self._each else 'Take'} {self._words.written(node)}"
        self._note(answered(self._part(node, words), given, self._each))
        return given

    def _reach(self, node: Node, one: Seen) -> Seen:
        """Follow a plain path: names and places, nothing else."""
        kind = node["type"]
        if kind in ("identity", "current"):
            return one
        if kind in ("subexpression", "index_expression", "pipe"):
            for child in node["children"]:
                one = self._reach(child, one)
            return one
        value = self._value_of(node, one.value)
        if value is None:
            return Seen(None)  # A null is as good as nothing there, in a list, too.
        if kind == "index":
            reached = self._inside(one)[node["value"]]
        else:
            path = (*one.path, node["value"]) if one.path is not None else None
            reached = Seen(value, path)
        if reached.path and not isinstance(value, (dict, list)):
            self.read.add(reached.path)
        return reached

    # -- lists ------------------------------------------------------------------------------------

    def _inside(self, one: Seen) -> tuple[Seen, ...]:
        """Return the elements of a list or an object; each is a step, for lists may double."""
        self._run.spend(len(one.value))
        return self._origin.elements(one)

    def _entries(self, node: Node, seen: Sequence[Seen], of: type = list) -> list[Group]:
        """Return the elements of each base; note how many there are."""
        named = is_path(node) and not is_it(node)
        bases = [self._reach(node, one) for one in seen] if named else self.follow(node, seen)
        every = [self._inside(one) if isinstance(one.value, of) else None for one in bases]
        if named:
            count = sum(len(group or ()) for group in every)
            their = "their " if self._each else ""
            words = f"Go through the entries of {their}{self._words.written(node)}"
            note = "" if count else why_none([one.value for one in bases], of)
            gave = entries(count) if seen else "not looked at"
            self._note(self._part(node, words, gave, asked=len(seen), met=count, note=note))
        return every

    def _project(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        left, right = node["children"]
        if node["type"] == "value_projection":
            every = self._entries(left, seen, dict)
        elif left["type"] == "flatten":
            every = [one.inside for one in self._flatten(left, seen)]
        else:
            every = self._entries(left, seen)
        return self._each_of(every, right)

    def _each_of(self, every: list[Group], right: Node) -> list[Seen]:
        """Follow the rest of a projection for each element; what gives nothing is left out."""
        flat = [one for group in every for one in group or ()]
        before, self._each = self._each, True
        try:
            given = flat if right["type"] == "identity" else self.follow(right, flat)
        finally:
            self._each = before
        return list(regrouped(every, given))

    def _flatten(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        (base,) = node["children"]
        found = []
        for group in self._entries(base, seen):
            if group is None:
                found.append(Seen(None))
                continue
            flat: list[Seen] = []
            for one in group:
                flat.extend(self._inside(one) if isinstance(one.value, list) else (one,))
            found.append(put_together(flat))
        return found

    def _filter(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        left, right, wanted = node["children"]
        every = self._entries(left, seen)
        flat = [one for group in every for one in group or ()]
        known = set(self.read)
        before, self._each = self._each, True
        try:
            verdicts, part = self.clause(wanted, flat)
        finally:
            self._each = before
        holds = [truth(one.value) for one in verdicts]
        self._forget(known, [one.path for one, kept in zip(flat, holds, strict=True) if not kept])
        words = f"Keep those where {self._words.condition(wanted)}"
        gave = f"{sum(holds)} of {len(flat)}" if flat else "not looked at"
        self._note(replace(part, words=words, gave=gave))
        answers = iter(holds)
        kept = [
            None if group is None else tuple(one for one in group if next(answers))
            for group in every
        ]
        return self._each_of(kept, right)

    def _forget(self, known: set[Path], refused: Iterable[Path | None]) -> None:
        """Take back what was read of entries that a filter then left out."""
        out = {path for path in refused if path is not None}
        if out:
            fresh = self.read - known
            self.read -= {path for path in fresh if under(path, out)}

    # -- questions --------------------------------------------------------------------------------

    def _judge(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        given, part = self.clause(node, seen)
        self._note(part)
        return given

    def clause(self, node: Node, seen: Sequence[Seen]) -> tuple[list[Seen], Part]:
        """Ask a condition of each value; return the answers and what is to be said of it."""
        kind = node["type"]
        if kind in ("and_expression", "or_expression"):
            return self._clauses(node, seen)
        with self._within() as inner:
            note = ""
            if kind == "not_expression":
                answers, part = self.clause(node["children"][0], seen)
                given = [Seen(not truth(one.value)) for one in answers]
                inner.extend(part.parts)
                note = part.note
            elif kind == "comparator":
                given, note = self._compare(node, seen)
            elif kind == "function_expression":
                given = self._call(node, seen)
            elif is_path(node):
                given = [self._reach(node, one) for one in seen]
            else:
                given = self.follow(node, seen)
        return given, self._judged(node, given, note, inner)

    def _judged(self, node: Node, given: list[Seen], note: str, parts: Iterable[Part]) -> Part:
        met, asked = sum(truth(one.value) for one in given), len(given)
        gave = f"{met} of {asked}" if asked else "not looked at"
        if asked == 1 and not self._each:
            gave = "yes" if met else "no"
        words = self._words.condition(node)
        return self._part(node, words, gave, asked=asked, met=met, note=note, parts=tuple(parts))

    def _clauses(self, node: Node, seen: Sequence[Seen]) -> tuple[list[Seen], Part]:
        """Ask one clause after the other, each only of what the ones before left open."""
        goes_on = node["type"] == "and_expression"
        answers: list[Seen] = list(seen)
        waiting = list(range(len(seen)))
        with self._within() as parts:
            for child in alike(node):
                given, part = self.clause(child, [seen[place] for place in waiting])
                self._note(replace(part, passed=len(seen) - len(waiting)))
                for place, one in zip(waiting, given, strict=True):
                    answers[place] = one
                waiting = [place for place in waiting if truth(answers[place].value) is goes_on]
        return answers, self._judged(node, answers, "", parts)

    def _compare(self, node: Node, seen: Sequence[Seen]) -> tuple[list[Seen], str]:
        left, right = ([self._value(one, each) for each in seen] for one in node["children"])
        if node["value"] not in ("eq", "ne") and (why := mixed(left, right)):
            raise RuleError(why)
        known = [Seen(self._value_of(node, one.value)) for one in seen]
        return known, surprise(node, left, right)

    def _value(self, node: Node, one: Seen) -> Any:
        """Return what one side of a comparison is, noting which values were read for it."""
        if is_path(node):
            return self._reach(node, one).value
        with self._within():
            (given,) = self.follow(node, [one])
        return given.value

    def _ask(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        """Let a function, or anything that builds a value, answer for itself."""
        with self._within() as inner:
            given = self._call(node, seen)
        self._note(
            answered(
                self._part(node, self._words.does(node), parts=tuple(inner)), given, self._each
            )
        )
        return given

    def _call(self, node: Node, seen: Sequence[Seen]) -> list[Seen]:
        known = set(self.read)
        given: list[list[Seen]] = []
        for child in node["children"]:
            if not isinstance(child, dict) or child["type"] in ("literal", "expref"):
                continue
            child = child["children"][0] if child["type"] == "key_val_pair" else child
            if is_path(child):
                given.append([self._reach(child, one) for one in seen])
            else:
                given.append(self.follow(child, seen))
        answers = [Seen(self._value_of(node, one.value)) for one in seen]
        if node["type"] == "function_expression" and given:
            self._ask_each(node, given[0])
            self._only_equal(node, known, given[0], answers)
        return [replace(one, path=self._origin.place(one.value)) for one in answers]

    def _ask_each(self, node: Node, lists: list[Seen]) -> None:
        """Of any() and all(), say of how many elements the question is true."""
        if node["value"] not in ("any", "all") or len(node["children"]) != 2:
            return
        asked = node["children"][1]
        whole = [each for each in lists if isinstance(each.value, list)]
        flat = [one for each in whole for one in self._inside(each)]
        if asked["type"] == "expref" and flat:
            before, self._each = self._each, True
            try:
                answers, part = self.clause(asked["children"][0], flat)
            except (JMESPathError, TypeError, ValueError, RuleError):
                return  # It needs what surrounds it, a name that let() gave.
            finally:
                self._each = before
            refused = [
                one.path for one, said in zip(flat, answers, strict=True) if not truth(said.value)
            ]
            self._forget(set(), refused)
            self._note(part)

    def _only_equal(
        self, node: Node, known: set[Path], lists: list[Seen], answers: list[Seen]
    ) -> None:
        """Of a list that holds a value, keep only that value as read."""
        if node.get("value") not in ("contains", "has") or len(node["children"]) != 2:
            return
        wanted = node["children"][1]
        if wanted["type"] != "literal":
            return
        for one, answer in zip(lists, answers, strict=False):
            if isinstance(one.value, list):
                for element in self._inside(one):
                    if element.path and element.path not in known:
                        self.read.discard(element.path)
                        if answer.value and element.value == wanted["value"]:
                            self.read.add(element.path)
