"""What may be written at the cursor: functions of the language, with their examples."""

import inspect
import re
from dataclasses import dataclass

from audits.library import library

WORD = re.compile(r"[A-Za-z_][\w]*\Z")
# Lines of help that are shown for what is being typed.
SHOWN = 5


@dataclass(frozen=True)
class Function:
    """A function as the help shows it."""

    name: str
    takes: str
    says: str
    example: str
    insert: str

    @property
    def first(self) -> str:
        """The first sentence of what it says."""
        return self.says.split(". ")[0].rstrip(".") + "."


# JMESPath's own that rules are likely to need; the safe ones of ours stand over the rest.
STOCK = {
    "length": ("x", "How many elements a list, members an object or characters a text has."),
    "contains": ("x, value", "Whether a list holds a value, or a text another text."),
    "starts_with": ("s, begin", "Whether a text begins with another; fails where it is missing."),
    "ends_with": ("s, end", "Whether a text ends with another; fails where it is missing."),
    "keys": ("x", "The names of an object's members."),
    "values": ("x", "The values of an object's members."),
    "map": ("&e, list", "What an expression gives for each element, nulls included."),
    "join": ("glue, list", "Texts put together."),
    "sort_by": ("list, &e", "A list in the order of an expression."),
    "max_by": ("list, &e", "The element for which an expression is highest."),
    "min_by": ("list, &e", "The element for which an expression is lowest."),
    "sum": ("list", "The sum of numbers."),
    "to_number": ("x", "A number from a text; null where it is none."),
    "to_string": ("x", "A text from anything."),
    "type": ("x", "string, number, boolean, array, object or null."),
    "not_null": ("a, b, ...", "The first that is not null."),
}


def functions() -> list[Function]:
    """Return every function that a rule may call, ours first, each by its name."""
    ours = []
    for one in sorted(library().values(), key=lambda one: one.name):
        says, _, rest = one.doc.partition("Example:")
        takes = ", ".join(list(inspect.signature(one.call).parameters)[1:])
        example = inspect.cleandoc(f"Example:{rest}") if rest else ""
        says = " ".join(says.split())
        ours.append(Function(one.name, takes, says, example, f"{one.name}({takes})"))
    names = {one.name for one in ours}
    stock = [
        Function(name, takes, says, "", f"{name}({takes})")
        for name, (takes, says) in sorted(STOCK.items())
        if name not in names
    ]
    return ours + stock


def fitting(text: str, place: int) -> list[Function]:
    """Return the functions that begin like the word before the cursor."""
    word = WORD.search(text[:place])
    if word is None or len(word[0]) < 2:
        return []
    begun = word[0].lower()
    return [one for one in functions() if one.name.startswith(begun) and one.name != begun][:SHOWN]
