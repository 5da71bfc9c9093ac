"""Warn of what JMESPath and the stored items will make of a rule, before they do."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.cases import cases
from audits.cautions import Trap, Watched, Written
from audits.drafts import Draft
from audits.engine import HOLE, Finding, Outcome, Verdict, evaluate
from audits.examples import example_context
from audits.frameworks import unknown_controls
from audits.functions.base import Context
from audits.linting import EXPRESSIONS, faults_but_traps, misspelt, parameters_asked
from audits.mismatches import OF_ITEMS, mismatches
from audits.misreadings import misreadings, unlasting
from audits.models import ReferenceTable
from audits.nearest import nearest, perhaps
from audits.observing import Observer
from audits.occurring import paths
from audits.places import placed
from items.models import Item
from items.watchers import watchers

# Of fewer items than these it means nothing that they are all alike.
ENOUGH = 3
EXAMPLES = 50
FINDINGS = 20
"""Of one item, that identity and extent are tried on."""
FIELDS = (*EXPRESSIONS, "notes", "parameters", "technologies", "controls")
_BRACES = re.compile(r"\{[^{}]*\}")
# Functions whose first argument is a technology.
LOOKING = ("lookup", "related", "open_issues")


@dataclass(frozen=True)
class Case:
    """An item or an example, and what the rule says of it."""

    context: Context
    verdict: Verdict


def warnings(fields: Mapping[str, Any], user: Any = None) -> list[Trap]:
    """Return the traps in a rule's text, in the order of its fields; never raises.

    Takes what ``audits.linting.faults`` takes. An expression that it refuses is left out here.
    Examples of values are from items that ``user`` may see, and from all without one.
    """
    refused = {fault.field for fault in faults_but_traps(fields)}
    written = _written(fields, refused)
    found = [*in_text(written), *_unused(fields, written, refused)]
    if not refused & {*EXPRESSIONS, "technologies", "parameters", "examples"}:
        draft = Draft.of(fields)
        stored = [
            Case(context, evaluate(draft, context, item.unread))
            for item, context in cases(draft, user)
        ]
        there = [found for one in draft.technologies for found in paths(one, user).paths]
        found += on_cases(fields, written, stored, tuple(one.path for one in there))
    kept: dict[Any, Trap] = {}
    for trap in found:  # Of two warnings of one place the first, which knows better.
        kept.setdefault((trap.field, trap.place, trap.length) if trap.length else trap.text, trap)
    return sorted(kept.values(), key=lambda trap: (FIELDS.index(trap.field), trap.place or 0))


def _written(fields: Mapping[str, Any], refused: set[str]) -> list[Written]:
    return [
        Written(name, placed(fields[name]))
        for name in EXPRESSIONS
        if fields.get(name) and name not in refused
    ]


def in_text(written: Sequence[Written]) -> Iterator[Trap]:
    """Yield the traps that are told from the text alone."""
    for one in written:
        yield from misreadings(one)
        if one.field == "identity":
            yield from unlasting(one)


def _unused(fields: Mapping[str, Any], written: list[Written], refused: set[str]) -> Iterator[Trap]:
    """Yield what was written for nothing: parameters, braces in the notes, technologies."""
    asked = {node["value"] for one in written for node in parameters_asked(one.found)}
    declared = fields.get("parameters") or {}
    if not refused:
        for name in declared:
            if name not in asked:
                yield Trap("parameters", None, 0, f"No expression asks for param('{name}').")
    notes = fields.get("notes") or ""
    for match in _BRACES.finditer(notes if isinstance(notes, str) else ""):
        if not HOLE.fullmatch(match[0]):
            said = "This is not filled in: in braces stands a path of names, {grantee.id}."
            yield Trap("notes", match.start(), len(match[0]), said)
    for technology in fields.get("technologies") or () if "technologies" not in refused else ():
        if technology not in watchers and not Item.objects.filter(technology=technology).exists():
            said = f"Nothing watches {technology}, and nothing of it is stored."
            yield Trap("technologies", None, 0, said)
    controls = fields.get("controls") or ()
    for unknown in unknown_controls(controls if isinstance(controls, list) else ()):
        yield Trap("controls", None, 0, str(unknown))
    for one in written:
        yield from _unknown_technologies(one)
        yield from _unknown_tables(one)


def _unknown_technologies(written: Written) -> Iterator[Trap]:
    """Yield the technologies that are looked up and that do not exist."""
    for node in written.nodes:
        if node["type"] != "function_expression" or node["value"] not in LOOKING:
            continue
        argument = node["children"][0]
        name = argument["value"] if argument["type"] == "literal" else None
        if isinstance(name, str) and name not in watchers:
            guess = misspelt(name)
            said = f"There is no technology {name}.{perhaps(name, [guess] if guess else [])}"
            mend = written.found.replaced(argument, f"'{guess}'") if guess else ""
            if not Item.objects.filter(technology=name).exists():
                yield written.trap(argument, said, mend)


def _unknown_tables(written: Written) -> Iterator[Trap]:
    """Yield the reference tables that are read and that do not exist: unknown wherever it runs."""
    asked = [
        node["children"][0]
        for node in written.nodes
        if node["type"] == "function_expression" and node["value"] == "table" and node["children"]
    ]
    known = set(ReferenceTable.objects.values_list("key", flat=True)) if asked else set()
    for argument in asked:
        key = argument["value"] if argument["type"] == "literal" else None
        if isinstance(key, str) and key not in known:
            said = f"There is no reference table {key}.{perhaps(key, known)}"
            guess = nearest(key, known)
            mend = written.found.replaced(argument, f"'{guess[0]}'") if guess else ""
            yield written.trap(argument, said, mend)


def on_cases(
    fields: Mapping[str, Any],
    written: Sequence[Written],
    stored: Sequence[Case],
    there: tuple[str, ...] = (),
) -> Iterator[Trap]:
    """Yield what items, and the rule's own examples, tell of the text; nothing without items.

    ``there`` are the paths that items have.
    """
    if not stored:
        return
    draft = Draft.of(fields)
    own = _own(draft, fields)
    applies = next((one.found.tree for one in written if one.field == "applies_when"), None)
    for one in written:
        watched = Watched(
            one,
            _observed(one, stored),
            _observed(one, own),
            there if one.field in OF_ITEMS else (),
            None if one.field == "applies_when" else applies,
        )
        if watched.stored.items:
            yield from mismatches(watched)
    yield from _alike(draft, [case.verdict for case in stored])
    yield from _same_identity(draft, stored)


def _own(draft: Draft, fields: Mapping[str, Any]) -> list[Case]:
    """Return the rule's own examples, run."""
    contexts = [
        example_context(draft, one["config"], one.get("context") or {})
        for one in (fields.get("examples") or ())[:EXAMPLES]
    ]
    return [Case(context, evaluate(draft, context)) for context in contexts]


def _observed(written: Written, cases_: Sequence[Case]) -> Observer:
    """Watch an expression at work on items where it is asked, or on what the rule found."""
    observer = Observer(written.found.tree)
    applying = [case for case in cases_ if case.verdict.outcome != Outcome.NOT_APPLICABLE]
    for case in (applying or cases_) if written.field == "expression" else cases_:
        if written.field in OF_ITEMS:
            observer.watch(case.context, case.context.config)
        else:
            for finding in case.verdict.findings[:FINDINGS]:
                observer.watch(case.context, finding.evidence)
    return observer


def _alike(draft: Draft, verdicts: list[Verdict]) -> Iterator[Trap]:
    """Yield that the rule says the same of every stored item."""
    count = len(verdicts)
    outcomes = Counter(one.outcome for one in verdicts)
    if count < ENOUGH or len(outcomes) > 1:
        return
    (outcome,) = outcomes
    if outcome == Outcome.UNKNOWN:
        if all(one.reason.startswith("The rule") for one in verdicts):
            why = verdicts[0].reason.partition("\n")[0][:300]
            yield _whole("expression", draft, f"It gives no answer on all {count} items: {why}")
    elif outcome == Outcome.FAIL:
        yield _whole("expression", draft, f"It fires on all {count} stored items looked at.")
    elif outcome == Outcome.NOT_APPLICABLE:
        yield _whole("applies_when", draft, f"It applies to none of {count} items looked at.")
    else:
        yield _whole("expression", draft, f"It fires on none of {count} stored items looked at.")


def _whole(field: str, draft: Draft, text: str) -> Trap:
    return Trap(field, 0, len(getattr(draft, field)), text)


def _same_identity(draft: Draft, stored: Sequence[Case]) -> Iterator[Trap]:
    """Yield that an identity gives nothing, so that all findings of an item are one."""
    found: list[Finding] = [one for case in stored for one in case.verdict.findings]
    if draft.identity and found and all(_nothing(one.identity) for one in found):
        yield _whole("identity", draft, "It gives nothing: all that is found in an item is one.")


def _nothing(identity: Any) -> bool:
    if isinstance(identity, dict):
        return all(one is None for one in identity.values())
    return identity is None
