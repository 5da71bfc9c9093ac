"""Where in the text each part of an expression stands; JMESPath's own tree does not know.

The parser is JMESPath's own, watched: it builds the same tree, and for every node that it
makes the tokens are noted from which it made it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jmespath.parser import Parser

Node = dict[str, Any]
# What JMESPath takes for white space between two words.
_BLANK = " \t\n\r"


@dataclass(frozen=True)
class Span:
    """Part of a text: its first character, and the first one after it."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Placed:
    """An expression's tree, and where in the text each node of it stands."""

    text: str
    tree: Node
    _spans: dict[int, Span]
    """By the identity of the node: two equal nodes stand in two places."""
    _whole: dict[int, Span]

    def span(self, node: Node) -> Span:
        """Return where a node of ``tree`` stands.

        The text there parses to that node again. What is no expression of its own stands with
        what it cannot be without: an index and a slice with their brackets, a flatten with
        its list, the name of a member with its value. What is not written, ``@`` before a
        bracket or after one, is an empty place.
        """
        return self._spans[id(node)]

    def whole(self, node: Node) -> Span:
        """Return where a node stands with the parentheses around it."""
        return self._whole.get(id(node)) or self._spans[id(node)]

    def written(self, node: Node) -> str:
        """Return a node's text."""
        span = self.span(node)
        return self.text[span.start : span.end]

    def replaced(self, node: Node, by: str) -> str:
        """Return the whole text with other words for a node and the parentheses around it."""
        span = self.whole(node)
        return self.text[: span.start] + by + self.text[span.end :]

    def nodes(self) -> Iterator[Node]:
        """Yield every node, each before its children and in the text's order."""
        waiting = [self.tree]  # No recursion: `a | a | a` is as deep as it is long.
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(_children(node)))

    def at(self, place: int) -> Node:
        """Return the smallest node that stands at a character; the tree where none does."""
        around = [
            node
            for node in self.nodes()
            if self.span(node).start <= place < max(self.span(node).end, 1)
        ]
        return min(around, key=lambda node: self.span(node).length, default=self.tree)


def placed(text: str) -> Placed:
    """Return an expression with its places; raises JMESPathError and RecursionError."""
    watched = _Watched()
    tree = watched.read(text)
    ends = watched.ends(text)
    spans: dict[int, Span] = {}
    whole: dict[int, Span] = {}
    for notes, into in ((watched.inner, spans), (watched.outer, whole)):
        for key, (_, first, after) in notes.items():
            start = watched.start(first)
            into[key] = Span(start, max(start, ends[after - 1]))
    _fill(tree, spans, whole)
    return Placed(text, tree, spans, whole)


def _children(node: Node) -> list[Node]:
    # A slice has numbers for children.
    return [child for child in node["children"] if isinstance(child, dict)]


def _fill(tree: Node, spans: dict[int, Span], whole: dict[int, Span]) -> None:
    """Give a place to what is not written in the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        span = spans[id(node)]
        for number, child in enumerate(_children(node)):
            if id(child) not in spans:
                spans[id(child)] = _unwritten(child, span, number == 0, whole)
            waiting.append(child)


def _unwritten(node: Node, parent: Span, is_first: bool, whole: dict[int, Span]) -> Span:
    written = [whole[id(child)] for child in _children(node) if id(child) in whole]
    if written:  # What a slice is taken of, with the slice.
        return Span(written[0].start, written[-1].end)
    edge = parent.start if is_first else parent.end
    return Span(edge, edge)


class _Watched(Parser):
    """JMESPath's parser; notes for each node its first token and the first one after it."""

    def __init__(self) -> None:
        super().__init__()
        # The node is kept with its note, so that no other node gets its identity.
        self.inner: dict[int, tuple[Node, int, int]] = {}
        self.outer: dict[int, tuple[Node, int, int]] = {}
        self._begun: list[int] = []

    def read(self, text: str) -> Node:
        parsed: Node = self._do_parse(text).parsed
        return parsed

    def start(self, token: int) -> int:
        start: int = self._tokens[token]["start"]
        return start

    def ends(self, text: str) -> list[int]:
        """Return where each token ends: the ends that the lexer gives are not to be relied on."""
        starts = [token["start"] for token in self._tokens[1:]] + [len(text)]
        return [len(text[:start].rstrip(_BLANK)) for start in starts]

    def _note(self, node: Node, first: int) -> Node:
        """Note that a node was made of the tokens from ``first`` to where the parser is."""
        self.inner[id(node)] = self.outer[id(node)] = (node, first, self._index)
        return node

    def _expression(self, binding_power: int = 0) -> Node:
        # As in the parent, with a note of what came of each step.
        first = self._index
        self._begun.append(first)
        token = self._lookahead_token(0)
        self._advance()
        begin: Any = getattr(self, f"_token_nud_{token['type']}", self._error_nud_token)
        left = begin(token)
        if token["type"] == "lparen":
            self.outer[id(left)] = (left, first, self._index)
        else:
            self._note(left, first)
        current = self._current_token()
        while binding_power < self.BINDING_POWER[current]:
            go_on: Any = getattr(self, f"_token_led_{current}", None)
            if go_on is None:
                self._error_led_token(self._lookahead_token(0))
            self._advance()
            left = self._note(go_on(left), first)
            current = self._current_token()
        self._begun.pop()
        return left

    def _token_nud_flatten(self, token: Any) -> Node:
        after = self._index
        found: Node = super()._token_nud_flatten(token)
        return self._flattened(found, after - 1, after)

    def _token_led_flatten(self, left: Node) -> Node:
        after = self._index
        found: Node = super()._token_led_flatten(left)
        return self._flattened(found, self._begun[-1], after)

    def _flattened(self, projection: Node, first: int, after: int) -> Node:
        flatten = projection["children"][0]
        self.inner[id(flatten)] = self.outer[id(flatten)] = (flatten, first, after)
        return projection

    # These three are called when their bracket has been read.

    def _parse_index_expression(self) -> Node:
        first = self._index - 1
        return self._note(super()._parse_index_expression(), first)

    def _parse_multi_select_list(self) -> Node:
        first = self._index - 1
        return self._note(super()._parse_multi_select_list(), first)

    def _parse_multi_select_hash(self) -> Node:
        first = self._index - 1
        found: Node = super()._parse_multi_select_hash()
        for pair in found["children"]:
            _, value, after = self.outer[id(pair["children"][0])]
            # Before the value stand its name and a colon.
            self.inner[id(pair)] = self.outer[id(pair)] = (pair, value - 2, after)
        return self._note(found, first)
