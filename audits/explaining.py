"""Say, part by part, what a rule's text gave on one configuration: why it fires or does not."""

from dataclasses import dataclass
from typing import Any

from audits.engine import truth
from audits.functions.base import Context
from audits.origins import Origin, Path
from audits.parts import Part
from audits.tracing import Tracing


@dataclass(frozen=True)
class Explanation:
    """The parts of a rule's expressions on one configuration, and which parts of that they met."""

    applies: tuple[Part, ...] = ()
    parts: tuple[Part, ...] = ()
    found: frozenset[Path] = frozenset()
    """Where in the configuration that lies which the expression selected."""
    read: frozenset[Path] = frozenset()
    """Single values that made it so."""


def explain(fields: dict[str, Any], context: Context) -> Explanation:
    """Follow a rule's text through ``context.config``; never raises, takes bounded steps."""
    applies: tuple[Part, ...] = ()
    if fields.get("applies_when"):
        tracing = Tracing(context)
        given = tracing.run(fields["applies_when"])
        applies = tuple(tracing.parts)
        if given is None or not truth(given.value):
            return Explanation(applies)
    if not fields.get("expression"):
        return Explanation(applies)
    tracing = Tracing(context)
    given = tracing.run(fields["expression"])
    parts = tuple(tracing.parts)
    if given is None or not truth(given.value):
        return Explanation(applies, parts)
    every = Origin(context.config).elements(given) if isinstance(given.value, list) else (given,)
    found = frozenset(one.path for one in every if one.path and truth(one.value))
    return Explanation(applies, parts, found, frozenset(tracing.read))
