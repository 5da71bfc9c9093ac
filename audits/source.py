"""The text of a Python function while it is being written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from audits.bounds import Part, RuleError
from audits.syntax import Node

# Code that is longer gets a name, so that brackets within brackets stay few.
LONGEST = 400

Writer = Callable[[Node, str], str]
"""Returns code for a node, given the name or the code of the current value."""


class Text:
    """Lines, names and constants of one function of the evaluation and the current value.

    Code is a piece of Python that gives a value. Nothing of an expression's own text gets into it
    but as a ``repr`` or as a constant.
    """

    def __init__(self, world: dict[str, Any]) -> None:
        self.depth = 1
        self._lines: list[str] = []
        self._names = 0
        self._world = world

    def made(self) -> Part:
        """Return the function; raise RuleError where Python refuses it as nested too deeply."""
        source = "def part(run, v):\n" + "\n".join(self._lines)
        try:
            exec(compile(source, "<expression>", "exec"), self._world)  # noqa: S102  (our own text)
        except (SyntaxError, MemoryError) as error:
            raise RuleError(f"the expression cannot be compiled: {error}") from error
        part: Part = self._world["part"]
        return part

    def line(self, line: str) -> None:
        self._lines.append("    " * self.depth + line)

    def lines(self, lines: list[str]) -> None:
        """Add lines that have their depth already."""
        self._lines += lines

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    def name(self) -> str:
        """Return a name that nothing has yet."""
        self._names += 1
        return f"t{self._names}"

    def named(self, code: str) -> str:
        """Return a name that has the value of the code."""
        if code.isidentifier():
            return code
        name = self.name()
        self.line(f"{name} = {code}")
        return name

    def constant(self, value: Any) -> str:
        """Return the name of a value that is there before the function is called."""
        self._names += 1
        name = f"K{self._names}"
        self._world[name] = value
        return name

    def written(self, value: Any) -> str:
        """Return code for a value: whole numbers as such, which Python compares fastest."""
        return repr(value) if type(value) is int else self.constant(value)

    def with_lines(self, write: Writer, node: Node, v: str) -> tuple[str, list[str]]:
        """Return code for a node and the lines that it needs before it, which are not kept."""
        before = len(self._lines)
        code = write(node, v)
        return code, self.taken_back(before)

    def here(self) -> int:
        """Return how far the text is."""
        return len(self._lines)

    def taken_back(self, to: int) -> list[str]:
        """Take back what was written since, and return it."""
        lines = self._lines[to:]
        del self._lines[to:]
        return lines
