"""Say what is wrong with a rule's text before it is kept, pointing at the place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jmespath.exceptions import (
    IncompleteExpressionError,
    JMESPathError,
    LexerError,
    ParseError,
)

from audits.cautions import Written
from audits.declaring import declaration_faults
from audits.drafts import Draft
from audits.elements import holes, names_given
from audits.engine import Outcome, evaluate
from audits.examples import example_context
from audits.misreadings import misreadings
from audits.nearest import nearest
from audits.places import Placed, placed
from audits.revealing import SOURCES, reveals
from audits.signatures import wrong_calls
from items.models import Item
from items.watchers import watchers

LONGEST = 4000
MOST_NODES = 400
DEEPEST = 40
EXPRESSIONS = ("applies_when", "expression", "identity", "extent")
# Examples that are asked what the rule finds; the others are run when it is to be in force.
ASKED = 5


@dataclass(frozen=True)
class Fault:
    """What must be mended in one field, and where in it."""

    field: str
    text: str
    place: int | None = None
    """The first character; none where it is the field as a whole."""
    length: int = 0

    def pointed(self, written: str) -> str:
        """Return the text, and below it the line of the field with a caret under the place."""
        return self.text if self.place is None else pointed(written, self.place, self.text)


def faults(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what must be mended, by field; nothing where the rule may be kept.

    Each begins with a sentence; where a place is known, the line and a caret follow.
    """
    found: dict[str, str] = {}
    for fault in every_fault(values):
        found.setdefault(fault.field, fault.pointed(str(values.get(fault.field) or "")))
    return found


def every_fault(values: Mapping[str, Any]) -> list[Fault]:
    """Return what must be mended, with its places; never raises, whatever was written."""
    found = faults_but_traps(values)
    refused = {fault.field for fault in found}
    for name in EXPRESSIONS:
        if values.get(name) and name not in refused:
            traps = misreadings(Written(name, placed(values[name])))
            found += [
                Fault(
                    name,
                    f"{trap.text} Write {' '.join(trap.mend.split())}",
                    trap.place,
                    trap.length,
                )
                for trap in traps
                if trap.blocks
            ]
    return found


def faults_but_traps(values: Mapping[str, Any]) -> list[Fault]:
    """Return what cannot be run at all, as it is written."""
    found = [
        fault
        for name in EXPRESSIONS
        if values.get(name)
        for fault in expression_faults(name, values[name])
    ]
    found += _plain_faults(values)
    found += [Fault("parameters", text) for text in declaration_faults(_parameters(values))]
    if not found:
        found += _undeclared(values)
        found += _element_faults(values)
    return found


def expression_faults(field: str, text: Any) -> tuple[Fault, ...]:
    """Return what is wrong with one expression: the first fault in reading it, or its calls."""
    return _faults_of(field, text) if isinstance(text, str) else (Fault(field, "Not a text."),)


@lru_cache(maxsize=512)
def _faults_of(field: str, text: str) -> tuple[Fault, ...]:
    if len(text) > LONGEST:
        return (Fault(field, f"It is {len(text)} characters long; {LONGEST} are the most."),)
    try:
        found = placed(text)
    except (LexerError, ParseError) as error:
        place = min(getattr(error, "lex_position", len(text)), len(text))
        return (Fault(field, _plain(text, place, error), place, 1),)
    except JMESPathError as error:
        return (Fault(field, str(error)),)
    except RecursionError:
        return (Fault(field, "It is nested too deeply."),)
    size = _size_fault(found)
    if size:
        return (Fault(field, size),)
    return (*_call_faults(field, found), *_showing_faults(field, found))


def pointed(text: str, place: int, message: str) -> str:
    """Return the message, the line of the fault, and a caret under it."""
    before = text[:place]
    line = text.split("\n")[before.count("\n")]
    column = place - (before.rfind("\n") + 1)
    return f"{message}\n{line}\n{' ' * column}^"


# What people write who know other languages, with what JMESPath has for it.
MEANT = {
    "and": "Write && for and.",
    "or": "Write || for or.",
    "not": "Write ! for not, and empty(a.b) for a path.",
    "in": "Write has(list, value) to ask whether a value is in a list.",
    "like": "Write glob(Name, 'web-*') to compare with a pattern.",
    "=": "Write == to compare.",
    "%": "There is no %: write glob(Name, 'web-*') to compare with a pattern.",
    "“": "Write straight quotation marks: 'text'.",
    "”": "Write straight quotation marks: 'text'.",
    "‘": "Write straight quotation marks: 'text'.",
    "’": "Write straight quotation marks: 'text'.",
}


def _plain(text: str, place: int, error: Any) -> str:
    """Say in plain words why an expression cannot be read."""
    kind = getattr(error, "token_type", "")
    if isinstance(error, IncompleteExpressionError) or kind == "EOF":
        return "Something is missing here."
    if isinstance(error, LexerError):
        if str(getattr(error, "message", "")).startswith("Unclosed"):
            return f"What begins with {text[place]} here has no end."
        if text[place : place + 1] == "`":
            return "Between backticks stands a number, true, false or other JSON."
        return MEANT.get(text[place : place + 1], f"{text[place : place + 1]} means nothing here.")
    token = str(getattr(error, "token_value", ""))
    if token in MEANT:
        return MEANT[token]
    if kind == "NUMBER":
        return f"Write a number in backticks: `{token}`."
    return f"{token!r} does not belong here." if token else "This does not belong here."


def _size_fault(found: Placed) -> str:
    count = sum(1 for _ in found.nodes())
    if count > MOST_NODES:
        return f"It has {count} parts; {MOST_NODES} are the most."
    deep = _depth(found.tree)
    return f"It is nested {deep} deep; {DEEPEST} is the most." if deep > DEEPEST else ""


def _depth(tree: Any) -> int:
    children = [child for child in tree["children"] if isinstance(child, dict)]
    return 1 + max(map(_depth, children), default=0)


def _call_faults(field: str, found: Placed) -> Iterator[Fault]:
    for call in found.nodes():
        if call["type"] == "function_expression":
            for node, text in wrong_calls(call):
                span = found.whole(node)
                length = len(call["value"]) if node is call else span.length
                yield Fault(field, text, found.span(node).start, length)


def _showing_faults(field: str, found: Placed) -> Iterator[Fault]:
    """Yield the fault of showing what another item holds; what only decides shows nothing."""
    if field == "applies_when" or not reveals(found.text):
        return
    for node in found.nodes():
        if node["type"] == "function_expression" and node["value"] in SOURCES:
            text = "This would show what another item holds. Of it only names(...) may be shown."
            yield Fault(field, text, found.span(node).start, len(node["value"]))
            return


def _plain_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the fields that are no expressions."""
    if not values.get("expression"):
        yield Fault("expression", "A rule needs an expression that selects what is wrong.")
    technologies = values.get("technologies")
    if not technologies or not isinstance(technologies, (list, tuple)):
        yield Fault("technologies", "Name at least one technology.")
    else:
        yield from (Fault("technologies", text) for text in map(_unknown, technologies) if text)
    score = values.get("score")
    if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 10:
        yield Fault("score", "A score is a whole number from 0 to 10.")


def _unknown(technology: Any) -> str:
    """Say that a technology's name is not quite one that exists.

    One that is like no other may be that of a package which is not installed here: that is
    no fault of the text, and is only warned of.
    """
    if not isinstance(technology, str):
        return "A technology is a name."
    guess = misspelt(technology)
    return f"There is no technology {technology}. Did you mean {guess}?" if guess else ""


def misspelt(technology: str) -> str:
    """Return the technology that is meant by a name that is none; nothing where it is one."""
    if technology in watchers or Item.objects.filter(technology=technology).exists():
        return ""
    return "".join(nearest(technology, watchers, alike=0.85))


def _parameters(values: Mapping[str, Any]) -> Any:
    return values.get("parameters") or {}


def _undeclared(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the parameters that are asked for and not declared."""
    declared = _parameters(values)
    for field in EXPRESSIONS:
        if not values.get(field):
            continue
        found = placed(values[field])
        for argument in parameters_asked(found):
            name = argument["value"]
            if name not in declared:
                span = found.span(argument)
                guess = nearest(name, declared)
                text = f"No parameter {name} is declared."
                text += f" Did you mean {guess[0]}?" if guess else " Add it to the parameters."
                yield Fault(field, text, span.start, span.length)


def parameters_asked(found: Placed) -> Iterator[dict[str, Any]]:
    """Yield the literals with which param() is called."""
    for node in found.nodes():
        if node["type"] == "function_expression" and node["value"] == "param":
            argument = node["children"][0]
            if argument["type"] == "literal" and isinstance(argument["value"], str):
                yield argument


def _element_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what does not fit what the rule selects: a missing identity, holes in the notes."""
    broken = [*_broken_examples(values)]
    yield from broken
    names = names_given(placed(values["expression"]).tree)
    evidence = [] if broken else _evidence(values)
    objects = bool(names) or any(isinstance(one, (dict, list)) for one in evidence)
    if objects and not values.get("identity"):
        yield Fault(
            "identity",
            "What it selects are objects: say what of one makes it the same issue tomorrow, "
            f"{{{', '.join(f'{one}: {one}' for one in sorted(names or ['Id'])[:2])}}}.",
        )
    notes = values.get("notes") or ""
    for path, place in holes(notes) if isinstance(notes, str) else ():
        known = names
        if known is None and evidence:
            known = {name for one in evidence if isinstance(one, dict) for name in one}
        first = path.partition(".")[0]
        if known is not None and first != "it" and first not in known:
            guess = f" Did you mean {{{near[0]}}}?" if (near := nearest(first, known)) else ""
            text = f"{{{path}}} is nothing that a finding has.{guess}"
            yield Fault("notes", text, place, len(path) + 2)


def _broken_examples(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the examples whose world cannot be made."""
    rule = Draft.of(values)
    for example in values.get("examples") or ():
        try:
            example_context(rule, example["config"], example.get("context") or {})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            name = example.get("name", "") if isinstance(example, dict) else ""
            yield Fault("examples", f"“{name}” cannot be run as it is written: {error!r}.")


def _evidence(values: Mapping[str, Any]) -> list[Any]:
    """Return what the rule finds in the first examples that must fire."""
    rule = Draft.of(values)
    firing = [one for one in values.get("examples") or () if one.get("fires")][:ASKED]
    found: list[Any] = []
    for example in firing:
        context = example_context(rule, example["config"], example.get("context") or {})
        verdict = evaluate(rule, context)
        if verdict.outcome == Outcome.FAIL:
            found += [finding.evidence for finding in verdict.findings]
    return found
