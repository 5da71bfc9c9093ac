"""Write the reference of the rule language: every function, from its own docstring."""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

from audits.functions import functions
from audits.library import Function, functions_of, library

MARKS = ("Example", "On", "With", "Gives")
BEGIN = "<!-- Made by `manage.py ruledocs`; edit the docstrings, not this. -->"
END = "<!-- End of what `manage.py ruledocs` made. -->"


@dataclass(frozen=True)
class Description:
    """What the docstring of a function says, part by part."""

    usage: str
    """How it is called: name(values, &expression); what may be left out stands in [ ]."""
    promise: str
    """One sentence: what it gives."""
    more: str
    """Paragraphs, each on one line, an empty line between."""
    example: str
    on: str
    given: str
    """What the example knows beside the configuration, as JSON; often empty."""
    gives: str


def describe(one: Function) -> Description:
    """Take the docstring of a function apart."""
    prose, _, _ = one.doc.partition("Example:")
    promise, *more = [" ".join(part.split()) for part in prose.strip().split("\n\n")]
    said = dict(re.findall(rf"^({'|'.join(MARKS)}): (.*)$", one.doc, re.MULTILINE))
    example, on, given, gives = (said.get(mark, "") for mark in MARKS)
    return Description(_usage(one), promise, "\n\n".join(more), example, on, given, gives)


def reference(ours_only: bool = False) -> str:
    """Return the reference of all functions, or of those without plugins, as Markdown."""
    keys = [key for key in functions if not ours_only or key in functions.builtin]
    return "\n".join(_lines([functions[key] for key in keys if key in functions])).strip()


def with_reference(page: str) -> str:
    """Return a page with the reference of our functions between its marks up to date."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The page has no place for the reference: {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{reference(ours_only=True)}\n\n{END}{after}"


def _lines(modules: Iterable[ModuleType]) -> Iterator[str]:
    for module in modules:
        yield from (f"### {_title(module)}", "")
        for one in sorted(_kept(module), key=lambda one: one.name):
            yield from _entry(describe(one))


def _kept(module: ModuleType) -> list[Function]:
    return [one for one in functions_of(module) if library().get(one.name) == one]


def _title(module: ModuleType) -> str:
    said = (inspect.getdoc(module) or module.__name__).splitlines()[0].rstrip(".")
    said = said.removeprefix("What a rule may ask about ")
    return said[:1].upper() + said[1:]


def _entry(one: Description) -> Iterator[str]:
    name = one.usage.partition("(")[0]
    yield from (f"#### {name}", "", f"`{one.usage}`", "", _plain(one.promise), "")
    if one.more:
        yield from (_plain(one.more), "")
    yield from ("```", one.example)
    yield f"  on     {one.on}"
    if one.given:
        yield f"  with   {one.given}"
    yield from (f"  gives  {one.gives}", "```", "")


def _usage(one: Function) -> str:
    _, *parameters = inspect.signature(one.call).parameters.values()
    words = []
    for parameter in parameters:
        word = "&expression" if parameter.name == "e" else parameter.name
        words.append(word if parameter.default is inspect.Parameter.empty else f"[{word}]")
    return f"{one.name}({', '.join(words)})"


def _plain(prose: str) -> str:
    """Keep Markdown from reading our stars and underscores as its own."""
    return re.sub(r"([*_<])", r"\\\1", prose)
