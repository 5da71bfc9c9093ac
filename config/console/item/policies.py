"""The policies in a configuration, expanded to what they are about or said in the fewest words."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.providers import first
from audits.expanding import expand
from audits.functions.shapes import listed, texts
from audits.minimising import minimise
from config.console.item.tree import config_of
from config.console.page import one
from config.console.workbench.starting import path_of
from items.models import Item
from items.pairing import hint
from items.tree import Path, reached

# Policies of one item that are offered.
MOST = 20
ACTIONS = ("Action", "NotAction")


def policies_of(config: Any) -> list[dict[str, Any]]:
    """Return where the policies lie that can be told in other words, and what each is called."""
    found = []
    for path, name in _policies(config):
        found.append({"path": path, "name": name})
        if len(found) == MOST:
            break
    return found


def _policies(config: Any) -> Iterator[tuple[Path, str]]:
    waiting: list[tuple[Path, str, Any]] = [((), "", config)]
    while waiting:
        path, name, value = waiting.pop()
        if isinstance(value, dict):
            if path and first("is_policy", value):
                yield path, name
                continue
            pairs: list[tuple[str | int, str, Any]] = [
                (key, str(key), child) for key, child in value.items()
            ]
        elif isinstance(value, list):
            pairs = [(n, hint(child) or str(n), child) for n, child in enumerate(value)]
        else:
            continue
        waiting += [
            ((*path, step), f"{name} › {label}" if name else label, child)
            for step, label, child in reversed(pairs)
        ]


def item_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one policy in other words: expanded, or minimised."""
    item: Item = one(Item.objects.all(), request, pk)
    config = config_of(item, request.GET.get("revision", ""))
    path = path_of(request.GET.get("path", ""))
    how = request.GET.get("as")
    if not path or not reached(config, path) or how not in ("expanded", "minimised"):
        raise Http404("There is no such policy.")
    policy = config
    for step in path:
        policy = policy[step]
    if not isinstance(policy, dict):
        raise Http404("There is no such policy.")
    context = {
        "expanded": expand(policy) if how == "expanded" else None,
        "minimised": _minimised(policy) if how == "minimised" else None,
    }
    return TemplateResponse(request, "console/item/policy.html", context)


def _minimised(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with the actions of each statement in the fewest words."""
    statements = [
        {
            key: minimise(texts(value)) if key in ACTIONS else value
            for key, value in statement.items()
        }
        for statement in listed(policy.get("Statement"))
        if isinstance(statement, dict)
    ]
    return {**policy, "Statement": statements}
