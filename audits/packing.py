"""Write rules as the YAML that packs are written in: the same rules give the same bytes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.representer import SafeRepresenter

from audits.loading import EMPTY, complete
from audits.models import Rule
from audits.unpacking import ENDING
from audits.versions import text_of

WIDTH = 118
# Prose beyond this is folded over several lines.
SHORT = 88
TAG = "tag:yaml.org,2002:"
# In the order in which a rule is read; a field that is empty is left out, but for the first two.
ORDER = (
    "title",
    "score",
    "technologies",
    "parameters",
    "applies_when",
    "expression",
    "identity",
    "extent",
    "notes",
    "rationale",
    "remediation",
    "references",
    "controls",
    "examples",
)
EXAMPLE_ORDER = ("name", "fires", "config", "context", "identities")
PARAMETER_ORDER = ("type", "default", "min", "max", "label")
CODE = ("applies_when", "expression")
PROSE = ("rationale", "remediation")
# What a block of lines can hold as it is: nothing invisible, nothing that would be trimmed.
BLOCK = re.compile(r"(?! )[ -~\u00a1-\u1fff\u2030-\ud7ff\ue000-\ufdff\n\U00010000-\U0010fffd]*")
# The file of rules whose key has no dot; a name with which no key can begin.
UNNAMED = "rules+"

Fields = Mapping[str, Any]


def packed(rules: Iterable[tuple[str, Fields]]) -> dict[str, str]:
    """Return the files of a pack, by name, for rules given by key with all their fields."""
    files: dict[str, list[tuple[str, Fields]]] = {}
    for key, fields in sorted(rules):
        files.setdefault(key.rpartition(".")[0], []).append((key, fields))
    return {
        f"{prefix or UNNAMED}{ENDING}": document(prefix, rules, named=bool(prefix))
        for prefix, rules in sorted(files.items())
    }


def stream(rules: Iterable[tuple[str, Fields]]) -> str:
    """Return rules as one text that needs no file's name to be read."""
    files: dict[str, list[tuple[str, Fields]]] = {}
    for key, fields in sorted(rules):
        files.setdefault(key.rpartition(".")[0], []).append((key, fields))
    return "---\n".join(
        document(prefix, rules, named=False) for prefix, rules in sorted(files.items())
    )


def document(prefix: str, rules: list[tuple[str, Fields]], named: bool) -> str:
    """Return one file's text; where its name does not tell how keys begin, it says so itself."""
    shared = (
        [prefix] if any(list(fields["technologies"]) == [prefix] for _, fields in rules) else None
    )
    head: dict[str, Any] = {} if named else {"prefix": prefix}
    if shared:
        head["technology"] = prefix
    texts = [
        _rule(key[len(prefix) + 1 :] if prefix else key, fields, shared) for key, fields in rules
    ]
    return f"{_written(_object(head, flow=False)) if head else ''}rules:\n" + "\n".join(texts)


def texts_of(rules: Iterable[Rule], in_force: bool = False) -> list[tuple[str, Fields]]:
    """Return each rule's newest text, or the one in force, with its key.

    A rule without one is left out. The rules come with versions and examples fetched, or each
    costs queries of its own.
    """
    found: list[tuple[str, Fields]] = []
    for rule in rules:
        if in_force and rule.state != Rule.State.ACTIVE:
            continue
        versions = [one for one in rule.versions.all() if not in_force or one.pk == rule.active_id]
        newest = max(versions, key=lambda one: one.number, default=None)
        if newest:
            found.append((rule.key, text_of(newest)))
    return found


def readable(value: Any) -> str:
    """Return a field's value as a person reads it: a text as it is, anything else as YAML."""
    if isinstance(value, str):
        return value
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, (list, dict)):
        return _written(
            _list(value, flow=False) if isinstance(value, list) else _node(value)
        ).rstrip("\n")
    return str(value)


def _rule(short: str, fields: Fields, shared: list[str] | None) -> str:
    """Return one rule as an element of the list of rules, ending in a new line."""
    values = complete(dict(fields))
    pairs = [(_scalar("key"), _scalar(short))]
    for name in ORDER:
        same = values[name] == (shared if name == "technologies" else EMPTY.get(name))
        if name in ("title", "score", "expression") or not same:
            pairs.append((_scalar(name), _field(name, values[name])))
    element = SequenceNode(f"{TAG}seq", [MappingNode(f"{TAG}map", pairs, flow_style=False)])
    element.flow_style = False
    whole = MappingNode(f"{TAG}map", [(_scalar("rules"), element)], flow_style=False)
    return _written(whole).removeprefix("rules:\n")


def _field(name: str, value: Any) -> Node:
    if name in CODE and value:
        return _block(value)
    if name in PROSE and len(value) > SHORT and BLOCK.fullmatch(value):
        return _block(value) if "\n" in value else ScalarNode(f"{TAG}str", value, style=">")
    if name == "parameters":
        ordered = {key: _in_order(one, PARAMETER_ORDER) for key, one in sorted(value.items())}
        return _object({key: _object(one, flow=False) for key, one in ordered.items()})
    if name == "examples":
        examples = [_object(_in_order(one, EXAMPLE_ORDER), flow=False) for one in value]
        return _list(examples, flow=False)
    if name == "references":
        return _list(value, flow=False)
    return _node(value)


def _in_order(given: Mapping[str, Any], first: Iterable[str]) -> dict[str, Any]:
    names = [name for name in first if name in given]
    return {name: given[name] for name in [*names, *sorted(given.keys() - set(names))]}


def _block(text: str) -> Node:
    """Return an expression as lines of their own, so that one changed line is one line's diff."""
    if not BLOCK.fullmatch(text) or not _is_clean(text.split("\n")):
        return _scalar(text)
    return ScalarNode(f"{TAG}str", f"{text}\n", style="|")


def _node(value: Any) -> Node:
    if isinstance(value, dict):
        return _object({key: value[key] for key in sorted(value)})
    if isinstance(value, (list, tuple)):
        return _list(value)
    return _scalar(value)


def _object(value: Mapping[str, Any], flow: bool | None = None) -> Node:
    pairs = [(_scalar(key), _given(one)) for key, one in value.items()]
    flat = _is_flat(one for _, one in pairs) if flow is None else flow or not pairs
    return MappingNode(f"{TAG}map", pairs, flow_style=flat)


def _list(values: Iterable[Any], flow: bool | None = None) -> Node:
    nodes = [_given(one) for one in values]
    flat = _is_flat(nodes) if flow is None else flow or not nodes
    return SequenceNode(f"{TAG}seq", nodes, flow_style=flat)


def _given(value: Any) -> Node:
    return value if isinstance(value, Node) else _node(value)


def _is_flat(nodes: Iterable[Node]) -> bool:
    """Say whether all are single values, which then stand on one line."""
    return all(isinstance(one, ScalarNode) and one.style != "|" for one in nodes)


def _scalar(value: Any) -> Node:
    if not isinstance(value, str):
        node = SafeRepresenter().represent_data(value)
        return ScalarNode(node.tag, node.value)
    lines = value.split("\n")
    if len(lines) == 1 and BLOCK.fullmatch(value):
        return ScalarNode(f"{TAG}str", value)
    as_lines = lines[0] and BLOCK.fullmatch(value) and _is_clean(lines)
    return ScalarNode(f"{TAG}str", value, style="|" if as_lines else '"')


def _is_clean(lines: Iterable[str]) -> bool:
    """Say whether no line ends in spaces, which a block of lines would lose."""
    return all(line == line.rstrip() for line in lines)


class _Dumper(yaml.SafeDumper):
    """Indents lists under their name and quotes as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def choose_scalar_style(self) -> Any:
        style, text = super().choose_scalar_style(), getattr(self.event, "value", "")
        # Expressions are full of single quotes, which a text in single quotes must double.
        plain = len(text) < SHORT and not set(text) & set('"\\')
        return '"' if style == "'" and plain else style


def _written(node: Node) -> str:
    return str(yaml.serialize(node, Dumper=_Dumper, width=WIDTH, allow_unicode=True))
