"""Carry ScoutSuite's rules over: a path, and conditions joined by and or or.

Written from its documentation and from what its rules show. A value that the test cannot be made
on (a number that is null) fails the condition there, and so it does here.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from audits.carrying import phrases
from audits.carrying.outcome import (
    Carried,
    Left,
    Outcome,
    Untold,
    apart,
    key_of,
    links,
    plain,
    text,
)
from audits.carrying.scoutsuite_resources import REBUILT, RESOURCES, Resource

TOOL = "scoutsuite"
LEVELS = {"danger": 7, "warning": 4}
ARGUMENT = re.compile(r"_ARG_(\d+)_")
COMPARISON = re.compile(r"\([^()]* [!=]= [^()]*\)")
SIZES = {"lengthLessThan": "<", "lengthMoreThan": ">", "lengthEqual": "=="}
SIGNS = {"lessThan": "<", "lessOrEqual": "<=", "moreThan": ">", "moreOrEqual": ">="}


def carry(rules: Mapping[str, Any], ruleset: Any = None) -> list[Outcome]:
    """Return what becomes of each rule, given by its file's name.

    A ruleset, where there is one, says which rules are on, with which level and arguments.
    """
    found: list[Outcome] = []
    for name, rule in sorted(rules.items()):
        uses = _uses(name, ruleset)
        if not uses:
            found.append(Left(name, "the ruleset does not turn it on"))
        for number, use in enumerate(uses):
            found.append(_rule(name if len(uses) == 1 else f"{name} ({number + 1})", rule, use))
    return apart(found)


def _uses(name: str, ruleset: Any) -> list[dict[str, Any]]:
    if ruleset is None:
        return [{}]
    listed = ruleset.get("rules", {}) if isinstance(ruleset, dict) else {}
    uses = listed.get(f"{name}.json", []) if isinstance(listed, dict) else []
    return [one for one in uses if isinstance(one, dict) and one.get("enabled")]


def _rule(name: str, rule: Any, use: dict[str, Any]) -> Outcome:
    if not isinstance(rule, dict) or not {"description", "path", "conditions"} <= rule.keys():
        return Left(name, "it is no rule: description, path and conditions are missing")
    try:
        return _carried(name, _with_arguments(rule, use.get("args", [])), use)
    except Untold as reason:
        return Left(name, str(reason))


def _with_arguments(rule: dict[str, Any], arguments: Any) -> dict[str, Any]:
    """Fill in what a ruleset gives; raise Untold where something is missing."""
    given = arguments if isinstance(arguments, list) else []

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        if not isinstance(value, str):
            return value
        whole = ARGUMENT.fullmatch(value)
        if whole and int(whole[1]) < len(given):
            return given[int(whole[1])]
        return ARGUMENT.sub(lambda found: _argument(rule, given, int(found[1])), value)

    shown = {name: rule[name] for name in rule if name != "key"}
    return {name: filled(value) for name, value in shown.items()}


def _argument(rule: dict[str, Any], given: list[Any], number: int) -> str:
    if number < len(given):
        return str(given[number])
    names = rule.get("arg_names")
    called = names[number] if isinstance(names, list) and number < len(names) else number
    raise Untold(f"it takes an argument ({called}) that only a ruleset gives: use --ruleset")


def _carried(name: str, rule: dict[str, Any], use: dict[str, Any]) -> Carried:
    reader = _Reader(str(rule["path"]))
    expression = reader.conditions(rule["conditions"])
    level = use.get("level", rule.get("level"))
    notes = [*reader.resource.notes, *reader.notes]
    if level not in LEVELS:
        notes.append("score 5: it has no level")
    if rule.get("compliance"):
        notes.append("its controls are left out: their numbers are those of other editions")
    fields = text(
        plain(rule["description"]).replace("\n", " ").rstrip(".") or name,
        phrases.laid_out(expression),
        reader.resource.technology,
        LEVELS.get(str(level), 5),
        rationale=plain(rule.get("rationale")),
        remediation=plain(rule.get("remediation")),
        references=links(rule.get("references") or []),
    )
    return Carried(name, key_of(TOOL, name), fields, tuple(notes))


class _Reader:
    """Turns the conditions of one rule into one expression."""

    def __init__(self, path: str) -> None:
        for rebuilt, why in REBUILT.items():
            if path == rebuilt or path.startswith(f"{rebuilt}."):
                raise Untold(f"{path}: {why}")
        bases = [one for one in RESOURCES if path == one or path.startswith(f"{one}.")]
        if not bases:
            raise Untold(f"{path} is not held here, or not in a shape that is known")
        self.base = max(bases, key=len)
        self.own = path
        self.resource: Resource = RESOURCES[self.base]
        self.notes: dict[str, None] = {}

    def conditions(self, given: Any) -> str:
        """Read a list that begins with and or or."""
        if not isinstance(given, list) or len(given) < 2 or given[0] not in ("and", "or"):
            raise Untold("its conditions do not begin with and or or, followed by conditions")
        parts = [self._condition(one) for one in given[1:]]
        return phrases.every(parts) if given[0] == "and" else phrases.some(parts)

    def _condition(self, given: Any) -> str:
        if isinstance(given, list) and given and given[0] in ("and", "or"):
            return self.conditions(given)
        if not isinstance(given, list) or len(given) != 3 or not isinstance(given[0], str):
            raise Untold(f"{json.dumps(given)[:60]} is no condition")
        where, test, value = given
        for word, why in (
            ("_INCLUDE_", "it includes another file"),
            ("_GET_VALUE_AT_", "it looks at another resource"),
        ):
            if word in json.dumps(given):
                raise Untold(f"{why}: {json.dumps(given)[:80]}")
        test, negated = POSITIVE.get(str(test), (str(test), False))
        if test in ("withKey", "withoutKey") and self._is_whole(where):
            return self._with_key(str(value), test == "withKey")
        make = TESTS.get(test)
        if make is None:
            raise Untold(f"the test {test} is not carried over")
        if test == "match" and any(map(phrases.ascii_only, _listed(value))):
            self.notes[r"\w, \d, \s and \b know ASCII alone here"] = None
        if test == "containString":
            self.notes["only texts are searched, not lists and objects as Python writes them"] = (
                None
            )
        part = make(self.path(where), value)
        return phrases.no(part) if negated else part

    def _is_whole(self, where: str) -> bool:
        return where.rstrip(".") == self.base or (where == "this" and self.own == self.base)

    def _with_key(self, key: str, there: bool) -> str:
        if key not in self.resource.only_where_set:
            raise Untold(f"whether {key} is there is not told from whether it is empty, here")
        return f"{self.resource.keys[key]} {'!=' if there else '=='} `null`"

    def path(self, where: str) -> str:
        """Return our expression for one of their paths."""
        whole = self.own if where == "this" else where
        if not whole.startswith(f"{self.base}."):
            raise Untold(f"{where} is not a part of {self.base}")
        first, _, rest = whole[len(self.base) + 1 :].partition(".")
        if first not in self.resource.keys:
            why = REBUILT.get(f"{self.base}.{first}", "it is not known to be held alike")
            raise Untold(f"{first} in {self.resource.technology}: {why}")
        found = self.resource.keys[first]
        steps = rest.rstrip(".").split(".") if rest else []
        if "id" in steps:
            raise Untold(f"{where} goes through the elements of a list")
        return ".".join([found, *map(phrases.name, steps)])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _written(value: Any) -> str:
    """Return a value as Python writes it, which is how ScoutSuite compares."""
    if isinstance(value, (list, dict)):
        raise Untold("it compares with a list or an object as Python writes it")
    return str(value)


def _equal(path: str, value: Any) -> str:
    """Say that a value, written as Python writes it, is this text."""
    word = _written(value)
    ways = [phrases.equals(path, word)]
    constants = {"True": True, "False": False, "None": None}
    if word in constants:
        ways.append(phrases.equals(path, constants[word]))
    if re.fullmatch(r"0|-?[1-9][0-9]*", word):
        ways.append(phrases.equals(path, int(word)))
    return phrases.some(ways)


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise Untold(
            f"it compares with {json.dumps(value)[:40]}, which is no whole number"
        ) from error


def _compared(sign: str) -> Callable[[str, Any], str]:
    def make(path: str, value: Any) -> str:
        number = phrases.literal(_number(value))
        digits = phrases.literal(f"^{phrases.BLANK}[+-]?[0-9]+{phrases.BLANK}{phrases.END}")
        # Both as a number and as the text of one, as the credential report has it.
        plainly = f"type({path}) == 'number' && {path} {sign} {number}"
        written = f"matches({path}, {digits}) && to_number({path}) {sign} {number}"
        return f"({plainly} || {written})"

    return make


def _sized(sign: str) -> Callable[[str, Any], str]:
    def make(path: str, value: Any) -> str:
        sizable = phrases.typed(path, "array", "object", "string")
        return phrases.every([sizable, f"count({path}) {sign} {phrases.literal(_number(value))}"])

    return make


def _truth(word: str) -> Callable[[str, Any], str]:
    def make(path: str, _: Any) -> str:
        if COMPARISON.fullmatch(path):
            return path if word == "true" else phrases.no(path)
        return f"({path} == `{word}` || lower({path}) == '{word}')"

    return make


def _empty(path: str, _: Any) -> str:
    return f"({path} == `[]` || {path} == `{{}}` || {path} == `[null]`)"


def _null(path: str, _: Any) -> str:
    return f"({path} == `null` || {path} == 'None')"


def _holds_text(path: str, value: Any) -> str:
    word = phrases.literal(_written(value))
    return phrases.every([phrases.typed(path, "string"), f"contains({path}, {word})"])


def _with_key(path: str, value: Any) -> str:
    return phrases.holds(path, value)


def _without_key(path: str, value: Any) -> str:
    kinds = ("array", "object", *(["string"] if isinstance(value, str) else []))
    return phrases.every([phrases.typed(path, *kinds), phrases.no(phrases.holds(path, value))])


def _at_least_one_of(path: str, value: Any) -> str:
    """Say that an element, written as Python writes it, is one of these texts."""
    # Here what is missing is an empty list; there it is a list of None.
    words = [one for one in _listed(value) if isinstance(one, str)]
    if any(one == "None" for one in words):
        raise Untold("it looks for None")
    if not words:
        return "`false`"
    return f"any({path}, &{phrases.some([_equal('@', one) for one in words])})"


def _at_least_one_other(path: str, value: Any) -> str:
    known = phrases.no(phrases.in_list("@", _listed(value)))
    return f"any({path}, &{phrases.every(['@', '@ != `0`', known])})"


def _none_of(path: str, value: Any) -> str:
    if None in _listed(value):
        raise Untold("it looks for null")
    return phrases.no(f"any({path}, &{phrases.in_list('@', _listed(value))})")


def _matched(path: str, value: Any) -> str:
    """Say that a value, written as Python writes it, begins with one of these."""
    parts = []
    for pattern in _listed(value):
        parts.append(phrases.matches(path, pattern, any_case=False))
        for word, constant in (("True", True), ("False", False), ("None", None)):
            if re.match(pattern, word):
                parts.append(phrases.equals(path, constant))
    return phrases.some(list(dict.fromkeys(parts)))


def _older(path: str, value: Any) -> str:
    # Whole days have passed there: more than 90 is 91 at least.
    return f"age_days({path}) >= {phrases.literal(_days(value) + 1)}"


def _newer(path: str, value: Any) -> str:
    return f"age_days({path}) < {phrases.literal(_days(value))}"


def _days(value: Any) -> int:
    if not isinstance(value, list) or len(value) != 2 or value[1] != "days":
        raise Untold(f"it compares an age with {json.dumps(value)[:40]}; days are carried over")
    return _number(value[0])


def _before(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Untold("it compares a date with what is none")
    return f"epoch({path}) < epoch({phrases.literal(value)})"


def _in_subnets(path: str, value: Any) -> str:
    values = _listed(value)
    if not all(isinstance(one, str) for one in values):
        raise Untold("its networks are no texts")
    return f"in_networks({path}, {phrases.literal(values)})"


def _outside(path: str, value: Any) -> str:
    return f"({path} && prefix_length({path}) && {phrases.no(_in_subnets(path, value))})"


TESTS: dict[str, Callable[[str, Any], str]] = {
    "equal": _equal,
    **{name: _compared(sign) for name, sign in SIGNS.items()},
    **{name: _sized(sign) for name, sign in SIZES.items()},
    "empty": _empty,
    "null": _null,
    "true": _truth("true"),
    **dict.fromkeys(("false", "notTrue"), _truth("false")),
    "withKey": _with_key,
    "withoutKey": _without_key,
    "containString": _holds_text,
    "containAtLeastOneOf": _at_least_one_of,
    "containAtLeastOneDifferentFrom": _at_least_one_other,
    "containNoneOf": _none_of,
    "match": _matched,
    "priorToDate": _before,
    "olderThan": _older,
    "newerThan": _newer,
    "inSubnets": _in_subnets,
    "notInSubnets": _outside,
}
# Tests that say the opposite of another.
POSITIVE = {
    "notEqual": ("equal", True),
    "notEmpty": ("empty", True),
    "notNull": ("null", True),
    "notContainString": ("containString", True),
    "notMatch": ("match", True),
}
