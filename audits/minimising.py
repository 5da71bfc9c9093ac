"""Write the actions of a policy as shortly as can be, meaning exactly what was meant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from audits.functions.actions import Action, actions_of, is_everything, meant

# Patterns that are weighed against each other.
MOST = 400


def minimise(patterns: Iterable[str]) -> list[str]:
    """Return the fewest patterns found that mean the same known actions, short ones first.

    They are never more than were given, and end in whole words: "sqs:List*", though no other
    action begins with L. What means one action is its name. What means none stays as it is.
    """
    given = list(dict.fromkeys(patterns))
    if any(map(is_everything, given)):
        return ["*"]
    meanings = {pattern: meant(pattern) for pattern in given}
    unknown = [pattern for pattern in given if not meanings[pattern]]
    said = {pattern: actions for pattern, actions in meanings.items() if actions}
    wanted = frozenset(action for actions in said.values() for action in actions)
    prefixes = {pattern: meant(pattern) for pattern in _by_service(wanted)}
    choices = [[*said], [*prefixes]]
    if len(said) + len(prefixes) <= MOST:
        choices += [_chosen(said, wanted), _chosen({**said, **prefixes}, wanted)]
    fewest = min(choices, key=lambda one: (len(one), len("".join(one)), one))
    return sorted({_exact(one) for one in fewest}, key=str.lower) + unknown


def _exact(pattern: str) -> str:
    """Return the name of the action that a pattern means, where it means only one."""
    actions = meant(pattern)
    return next(iter(actions)).name if len(actions) == 1 else pattern


def _by_service(wanted: Iterable[Action]) -> list[str]:
    """Return patterns that each end in a star, the fewest that mean these actions."""
    services: dict[str, dict[str, Action]] = defaultdict(dict)
    for action in wanted:
        service, _, name = action.name.partition(":")
        services[service][name.lower()] = action
    found = []
    for service, named in services.items():
        every = [name.partition(":")[2] for name in actions_of(service.lower())]
        found += [f"{service}:{name}" for name in _prefixes("", every, named)]
    return found


def _prefixes(prefix: str, every: list[str], named: Mapping[str, Action]) -> list[str]:
    """Return the shortest beginnings that no other action of the service has."""
    if not any(name in named for name in every):
        return []
    if all(name in named for name in every):
        exact = [named[name].name.partition(":")[2] for name in every]
        return exact if len(exact) == 1 else [f"{_to_word(exact, len(prefix))}*"]
    found = []
    if prefix in named:
        found.append(named[prefix].name.partition(":")[2])
    below: dict[str, list[str]] = defaultdict(list)
    for name in every:
        if len(name) > len(prefix):
            below[name[: len(prefix) + 1]].append(name)
    for longer, names in below.items():
        found += _prefixes(longer, names, named)
    return found


def _to_word(names: list[str], least: int) -> str:
    """Return the shortest beginning of all names that ends with a word, where there is one."""
    if not least:
        return ""
    first, last = min(names), max(names)
    alike = (end for end, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1])
    common = first[: next(alike, min(len(first), len(last)))]
    ends = (
        end
        for end in range(least, len(common) + 1)
        if all(not name[end : end + 1].islower() for name in names)
    )
    return common[: next(ends, least)]


def _chosen(said: Mapping[str, frozenset[Action]], wanted: frozenset[Action]) -> list[str]:
    """Choose patterns one by one, each time the one that says most for its length."""
    left, chosen = set(wanted), []
    while left:
        best = max(said, key=lambda one: (len(said[one] & left), -len(one), one))
        chosen.append(best)
        left -= said[best]
    for pattern in sorted(chosen, key=len, reverse=True):
        others = [said[one] for one in chosen if one != pattern]
        if wanted <= frozenset().union(*others):
            chosen.remove(pattern)
    return chosen
