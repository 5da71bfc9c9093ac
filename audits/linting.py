"""Say what is wrong with a rule's text before it is kept, pointing at the place."""

from typing import Any

from jmespath import functions as stock
from jmespath.exceptions import JMESPathError, LexerError, ParseError

from audits.engine import parsed
from audits.library import library
from audits.reading import nodes

LONGEST = 4000
MOST_NODES = 400
DEEPEST = 40
EXPRESSIONS = ("applies_when", "expression", "identity", "extent")
STOCK = stock.Functions.FUNCTION_TABLE


def faults(values: dict[str, Any]) -> dict[str, str]:
    """Return what must be mended, by field; nothing where the rule may be kept."""
    found = {}
    for name in EXPRESSIONS:
        text = values.get(name) or ""
        fault = expression_fault(text) if text else ""
        if fault:
            found[name] = fault
    if not values.get("expression"):
        found["expression"] = "A rule needs an expression that selects what is wrong."
    if not values.get("technologies"):
        found["technologies"] = "Name at least one technology."
    score = values.get("score")
    if not isinstance(score, int) or not 0 <= score <= 10:
        found["score"] = "A score is a whole number from 0 to 10."
    return found


def expression_fault(text: str) -> str:
    """Return what is wrong with an expression, with a caret under the place, or nothing."""
    if len(text) > LONGEST:
        return f"It is {len(text)} characters long; {LONGEST} are the most."
    try:
        tree = parsed(text)
    except (LexerError, ParseError) as error:
        place = getattr(error, "lex_position", None)
        return pointed(text, place if isinstance(place, int) else len(text), _plain(error))
    except JMESPathError as error:
        return str(error)
    except RecursionError:
        return "It is nested too deeply."
    return _size_fault(tree) or _call_fault(text, tree)


def _plain(error: Any) -> str:
    if type(error).__name__ == "IncompleteExpressionError":
        return "Something is missing here."
    token = getattr(error, "token_value", "")
    if isinstance(error, LexerError):
        return f"{getattr(error, 'message', '')} {token}".strip()
    return f"{token!r} does not belong here." if token else "This does not belong here."


def pointed(text: str, place: int, message: str) -> str:
    """Return the line of the fault with a caret under it, and the message."""
    before = text[:place]
    line = text.splitlines()[before.count("\n")] if text.splitlines() else ""
    column = place - (before.rfind("\n") + 1)
    return f"{message}\n{line}\n{' ' * column}^"


def _size_fault(tree: Any) -> str:
    count = sum(1 for _ in nodes(tree))
    if count > MOST_NODES:
        return f"It has {count} parts; {MOST_NODES} are the most."
    deep = _depth(tree)
    return f"It is nested {deep} deep; {DEEPEST} is the most." if deep > DEEPEST else ""


def _depth(tree: Any) -> int:
    children = [child for child in tree.get("children", []) if isinstance(child, dict)]
    return 1 + max(map(_depth, children), default=0)


def _call_fault(text: str, tree: Any) -> str:
    for node in nodes(tree):
        if node["type"] != "function_expression":
            continue
        name, count = node["value"], len(node["children"])
        ours = library().get(name)
        if ours is None and name not in STOCK:
            return pointed(text, text.find(name), f"There is no function {name}().")
        fault = ours.refuses(count) if ours else _stock_refuses(name, count)
        if fault:
            return pointed(text, text.find(name), fault)
    return ""


def _stock_refuses(name: str, count: int) -> str:
    signature = STOCK[name]["signature"]
    endless = bool(signature and signature[-1].get("variadic"))
    if count == len(signature) or (endless and count >= len(signature)):
        return ""
    return f"{name}() takes {len(signature)}{' or more' if endless else ''} arguments, not {count}"
