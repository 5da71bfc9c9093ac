"""One trap in a rule's text, and the text that traps are looked for in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from audits.observing import Observer
from audits.places import Placed, Span

Node = dict[str, Any]


@dataclass(frozen=True)
class Trap:
    """Something that is probably not meant as it will be understood."""

    field: str
    place: int | None
    """The first character of it; none where it is the field as a whole."""
    length: int
    text: str
    mend: str = ""
    """What to write in the place of the whole field; empty where only its writer can tell."""
    blocks: bool = False
    """Whether it cannot ever be meant: then the rule is not to be kept."""


@dataclass(frozen=True)
class Written:
    """An expression in one field of a rule."""

    field: str
    found: Placed

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(self.found.nodes())

    @cached_property
    def _parents(self) -> dict[int, Node]:
        return {
            id(child): node
            for node in self.nodes
            for child in node["children"]
            if isinstance(child, dict)
        }

    @cached_property
    def names(self) -> frozenset[str]:
        """Every field that the expression reads."""
        return frozenset(node["value"] for node in self.nodes if node["type"] == "field")

    def parent(self, node: Node) -> Node | None:
        return self._parents.get(id(node))

    def above(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield each node above with the child through which it is above, the nearest first."""
        while (parent := self.parent(node)) is not None:
            yield parent, node
            node = parent

    def text(self, node: Node) -> str:
        """Return a node's text with the parentheses around it."""
        span = self.found.whole(node)
        return self.found.text[span.start : span.end]

    def between(self, start: int, end: int, by: str) -> str:
        """Return the whole text with other words between two characters."""
        return self.found.text[:start] + by + self.found.text[end:]

    def trap(self, node: Node, text: str, mend: str = "", blocks: bool = False) -> Trap:
        return self.trap_at(self.found.span(node), text, mend, blocks)

    def trap_at(self, span: Span, text: str, mend: str = "", blocks: bool = False) -> Trap:
        mend = "" if mend == self.found.text else mend
        return Trap(self.field, span.start, span.length, text, mend, blocks)


@dataclass(frozen=True)
class Watched:
    """An expression, and what was seen of it on stored items and on the rule's own examples."""

    written: Written
    stored: Observer
    own: Observer
    paths: tuple[str, ...] = field(default=())
    """What the items have, for a name that stands elsewhere."""
    applies: Node | None = None
    """Where the rule applies; it gives something wherever the expression is asked."""

    @property
    def many(self) -> str:
        """How many items were looked at, in words."""
        return "the one item" if self.stored.items == 1 else f"{self.stored.items} items"

    def kinds(self, node: Node) -> set[str]:
        """Return of which kinds a part's values are, null apart."""
        return set(self.stored.of(node).gave.kinds) - {"null"}


def raw(text: str) -> str:
    """Return a text as an expression writes it."""
    return "'" + text.replace("'", "\\'") + "'"


def is_text(node: Node) -> bool:
    return node["type"] == "literal" and isinstance(node["value"], str)
