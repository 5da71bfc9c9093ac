"""Evaluate one rule on one configuration. Pure: nothing here knows a database or a cloud."""

import enum
import functools
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import _Expression

from audits.bounds import STEPS, Evaluation, Exceeded, Part, RuleError, weight
from audits.compiling import compiled
from audits.functions.base import Context, Unread
from audits.reading import EVERYTHING, parts_read
from items.canonical import digest, storable
from items.fields import canonical_bytes

# Characters and values. Larger evidence cannot be shown, and tells that the rule selects too much.
EVIDENCE = 64 * 1024
FINDINGS = 2000
NUL, NULL = b"\\u0000", b"null"
HOLE = re.compile(r"\{([A-Za-z_][\w.]*)\}")
# A moment as clouds write it: the day and the minute are what a person reads.
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?(Z|\+00:00)")


class Outcome(enum.StrEnum):
    """The four verdicts."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """One reason why an item breaks a rule."""

    fingerprint: str
    """Stays the same for as long as the reason does, so that what was said of it stays too."""
    identity: Any
    evidence: Any
    extent: list[Any]
    template: str

    @property
    def notes(self) -> str:
        """The sentence that reviewers read; looking ahead writes few of those that it finds."""
        return notes(self.template, self.evidence)


@dataclass(frozen=True)
class Verdict:
    """What a rule says of an item."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """Why it is unknown."""
    steps: int = 0


class Evaluable(Protocol):
    """The part of a rule's version that decides a verdict."""

    @property
    def expression(self) -> str: ...
    @property
    def applies_when(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def extent(self) -> str: ...
    @property
    def notes(self) -> str: ...


def evaluate(
    rule: Evaluable, context: Context, unread: Mapping[str, str] | None = None, steps: int = STEPS
) -> Verdict:
    """Hold ``context.config`` against a rule; ``unread`` names the parts that were refused.

    Never raises for what an expression does: what gives no answer is unknown, with the reason.
    """
    run = Evaluation(context, steps)
    try:
        missing = _missing(rule, unread or {})
        if missing:
            return Verdict(Outcome.UNKNOWN, reason=missing)
        if rule.applies_when and not truth(_visit(run, rule.applies_when, context.config)):
            return Verdict(Outcome.NOT_APPLICABLE, steps=steps - run.steps)
        selected = _visit(run, rule.expression, context.config)
        findings = _findings(rule, run, selected)
    except (JMESPathError, TypeError, ValueError, RuleError) as error:
        said = storable(f"The rule failed: {error}")
        return Verdict(Outcome.UNKNOWN, reason=said, steps=steps - run.steps)
    except RecursionError:
        return Verdict(Outcome.UNKNOWN, reason="The rule is nested too deeply.", steps=steps)
    except Exceeded as error:
        return Verdict(Outcome.UNKNOWN, reason=f"The rule was stopped: {error}.", steps=steps)
    except Unread as error:
        return Verdict(Outcome.UNKNOWN, reason=str(error), steps=steps - run.steps)
    outcome = Outcome.FAIL if findings else Outcome.PASS
    return Verdict(outcome, tuple(findings), steps=steps - run.steps)


def prepare(rule: Evaluable) -> None:
    """Compile a rule's expressions, so that the first evaluation need not."""
    for text in (rule.expression, rule.applies_when, rule.identity, rule.extent):
        if text:
            with suppress(
                JMESPathError, RuleError, RecursionError
            ):  # Then each evaluation says so.
                _part(text)
                parts_read(text)


def truth(value: Any) -> bool:
    """Say what JMESPath takes for true: everything but false, null and what is empty."""
    return not (value is None or value is False or value in ("", [], {}))


def identify(rule: Evaluable, context: Context, evidence: Any) -> str:
    """Return the fingerprint that a rule gives kept evidence; empty where it gives none."""
    try:
        run = Evaluation(context)
        found = _visit(run, rule.identity, evidence) if rule.identity else evidence
        return fingerprint(storable(found))
    except (JMESPathError, TypeError, ValueError, RuleError, RecursionError, Exceeded, Unread):
        return ""


def fingerprint(identity: Any) -> str:
    return digest(identity)


def _missing(rule: Evaluable, unread: Mapping[str, str]) -> str:
    if not unread:
        return ""
    read = parts_read(rule.expression) | (
        parts_read(rule.applies_when) if rule.applies_when else frozenset()
    )
    hidden = sorted(unread if EVERYTHING in read else read & set(unread))
    return "; ".join(f"{part} could not be read: {unread[part]}" for part in hidden)


def _visit(run: Evaluation, expression: str, value: Any) -> Any:
    return _part(expression)(run, value)


@functools.lru_cache(maxsize=4096)
def _part(expression: str) -> Part:
    return compiled(parsed(expression))


@functools.lru_cache(maxsize=4096)
def parsed(expression: str) -> Any:
    """Return the parsed expression, kept; raises JMESPathError."""
    return jmespath.compile(expression).parsed


def _findings(rule: Evaluable, run: Evaluation, selected: Any) -> list[Finding]:
    found: dict[str, Finding] = {}
    elements: Sequence[Any] = selected if isinstance(selected, list) else [selected]
    for element in elements:
        if not truth(element):
            continue
        if len(found) >= FINDINGS:
            raise Exceeded(f"it finds more than {FINDINGS} things in one item")
        identity = element = _kept(element)
        if rule.identity:
            identity = _kept(_visit(run, rule.identity, element))
        key = fingerprint(identity)
        if key not in found:
            extent = _visit(run, rule.extent, element) if rule.extent else []
            extent = _kept(extent if isinstance(extent, list) else [extent])
            found[key] = Finding(key, identity, element, extent, rule.notes)
    return list(found.values())


def _kept(value: Any) -> Any:
    """Return what is kept of a finding; raise Exceeded where that is too large.

    A function may give what no database keeps: a NUL in base64, a number without end, a list
    that is too deep. Raises TypeError for the last.
    """
    if weight(value, EVIDENCE) > EVIDENCE:
        raise Exceeded("what it selects is too large to be shown")
    try:
        said = canonical_bytes(value)
    except TypeError:
        if _holds_expression(value):
            raise RuleError("it gives an expression, not a value: an & is too many") from None
        said = NUL
    if NUL in said or NULL in said:  # A number without end is said to be null.
        value = storable(value)
        canonical_bytes(value)
    return value


def _holds_expression(value: Any) -> bool:
    """Say whether an `&a` is in a value: as text it would be another in each run."""
    open_ = [value]
    while open_:
        one = open_.pop()
        if isinstance(one, (list, dict)):
            open_ += one.values() if isinstance(one, dict) else one
        elif callable(one) or isinstance(one, _Expression):
            return True
    return False


def notes(template: str, element: Any) -> str:
    """Fill ``{path}`` holes from the element, once: what is filled in is not read again."""
    said, *holes = _pieces(template)
    for path, text in zip(holes[::2], holes[1::2], strict=True):
        value = element
        for step in path.split("."):
            if step == "it" and value is element:
                continue
            value = value.get(step) if isinstance(value, dict) else None
        said += readable(value) + text
    return said[:2000]


@functools.lru_cache(maxsize=4096)
def _pieces(template: str) -> list[str]:
    """Return texts and the paths between them, in turn."""
    return HOLE.split(template)


def readable(value: Any) -> str:
    """Return a value as a person would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(readable(one) for one in value)
    if isinstance(value, dict):
        return canonical_bytes(value).decode()
    moment = MOMENT.fullmatch(value) if isinstance(value, str) else None
    return f"{moment[1]} {moment[2]} UTC" if moment else str(value)
