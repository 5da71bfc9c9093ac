"""What a rule may ask about policies of AWS: who gets in, what he may do."""

from typing import Any

from audits.functions.base import Context, pure
from audits.functions.conditions import Condition, judged, resolved
from audits.functions.entities import whose
from audits.functions.principals import Who, who, written
from audits.functions.reach import (
    all_actions,
    all_resources,
    denying,
    granting,
    has_effect,
    levels,
    permits,
    words,
)
from audits.functions.shapes import listed, parsed, texts
from audits.functions.wildcards import like_any

_ONE_OR_MANY = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")

# Of alternatives the farthest counts, of things that must all hold the nearest.
_NEAREST_FIRST = (
    "same account",
    "ours",
    "service",
    "organisation",
    "federated",
    "third party",
    "private",
    "unknown",
    "everyone",
)


@pure
def statements(context: Context, policy: Any, effect: str | None = None) -> list[dict[str, Any]]:
    """Give the statements of a policy in one form, all or those of one effect.

    Action, NotAction, Resource and NotResource become lists, Principal and NotPrincipal lists of
    {type, value}; a key that is not written stays away. A policy may be an object, its JSON text, a
    statement, or a list of these.

    Example: statements(Policy, 'Allow')[].Action
    On: {"Policy": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}
    Gives: [["s3:*"]]
    """
    found = [_statement(raw) for raw in _raw(policy)]
    if effect is None:
        return found
    return [statement for statement in found if has_effect(statement, effect)]


def grants(context: Context, policy: Any) -> list[dict[str, Any]]:
    """Give who a resource's or a role's policy lets in: one entry for each Allow and principal.

    who; kind (everyone, account, arn, user_id, canonical, service, federated); whose (as whose()
    says; for everyone, whose those are that the conditions leave); root (a whole account);
    not_principal (everyone but those named); actions and resources ("not x" for NotAction);
    conditions, each with whether it narrows who gets in; narrowed, and narrowed_to [{kind, value,
    whose}]. sts:ExternalId does not narrow who. A Deny beside it is not subtracted.

    Example: grants(Policy)[].[who, whose, narrowed]
    On: {"Policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}}}
    Gives: [["*", "everyone", false]]
    """
    return [
        _grant(context, statement, principal)
        for statement in statements(context, policy, "Allow")
        for principal in _let_in(statement)
    ]


@pure
def allows(context: Context, policy: Any, action: Any) -> bool:
    """Say whether a policy allows an action on anything at all; of a list, every one of it.

    Wildcards and NotAction count, conditions of an Allow do not. A Deny takes an action away if it
    has no condition and holds for all resources and everyone. An action asked with wildcards is
    allowed where all that it means is.

    Example: allows(Document, 'iam:PassRole')
    On: {"Document": {"Statement": [{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}]}}
    Gives: true
    """
    found = statements(context, policy)
    asked = texts(action)
    return bool(asked) and all(permits(found, name) for name in asked)


@pure
def full_admin(context: Context, policy: Any) -> list[dict[str, Any]]:
    """Give the Allow statements that give every action on every resource, as statements() does.

    Every action: *, *:*, or a NotAction that names no action there is. Conditions stay to be seen.

    Example: full_admin(Document)[].Action
    On: {"Document": {"Statement": [{"Effect": "Allow", "Action": "*:*", "Resource": "*"}]}}
    Gives: [["*:*"]]
    """
    found = statements(context, policy)
    if any(all_actions(statement) for statement in denying(found)):
        return []
    return [one for one in granting(found) if all_actions(one) and all_resources(one)]


@pure
def action_levels(context: Context, policy: Any) -> list[dict[str, Any]]:
    """Give what a policy allows by service and access level: {service, level, actions}.

    Levels are AWS's: List, Read, Write, Tagging, Permissions management (for us also what hands out
    credentials or roles, as iam:PassRole); unknown for an action that nobody listed. What spans all
    services is one entry a level with the service * and the actions as the policy words them ("not
    x" for NotAction), not hundreds. A Deny counts as in allows().

    Example: action_levels(Document)[].[service, level, actions]
    On: {"Document": {"Statement": {"Effect": "Allow", "Action": "sqs:AddPerm*"}}}
    Gives: [["sqs", "Permissions management", ["sqs:AddPermission"]]]
    """
    found = levels(statements(context, policy))
    return [
        {"service": service, "level": level, "actions": sorted(actions)}
        for (service, level), actions in sorted(found.items())
    ]


def has_condition(context: Context, statement: Any, keys: Any) -> bool:
    """Say whether a statement has a condition, of any operator, on a key or one of a list of keys.

    Keys match in any capitals and may hold wildcards.

    Example: has_condition(@, 'aws:Source*')
    On: {"Condition": {"StringEquals": {"AWS:SourceAccount": "222222222222"}}}
    Gives: true
    """
    condition = statement.get("Condition") if isinstance(statement, dict) else None
    if not isinstance(condition, dict):
        return False
    wanted = texts(keys)
    return any(
        like_any(key, wanted)
        for asked in condition.values()
        if isinstance(asked, dict)
        for key in asked
    )


def _raw(policy: Any) -> list[dict[str, Any]]:
    found = []
    for part in map(parsed, listed(parsed(policy))):
        if isinstance(part, dict) and "Statement" in part:
            found += [raw for raw in listed(part["Statement"]) if isinstance(raw, dict)]
        elif isinstance(part, dict) and "Effect" in part:
            found.append(part)
    return found


def _statement(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        **raw,
        **{key: texts(raw[key]) for key in _ONE_OR_MANY if key in raw},
        **{key: written(raw[key]) for key in _PRINCIPALS if key in raw},
    }


def _let_in(statement: dict[str, Any]) -> list[tuple[Who, bool]]:
    """The principals of an Allow, and whether they are all but those named."""
    if statement.get("NotPrincipal"):
        return [(Who("*", "everyone"), True)]
    named = statement.get("Principal") or []
    return [(who(entry["type"], entry["value"]), False) for entry in named]


def _grant(
    context: Context, statement: dict[str, Any], principal: tuple[Who, bool]
) -> dict[str, Any]:
    let_in, all_but = principal
    conditions = judged(context, statement, federated=let_in.kind == "federated")
    narrowed_to = [_named(context, condition) for condition in conditions if condition.narrows]
    return {
        "sid": statement.get("Sid"),
        "who": let_in.value,
        "kind": let_in.kind,
        "whose": _whose(context, let_in, narrowed_to),
        "actions": words(statement, "Action"),
        "resources": words(statement, "Resource"),
        "root": let_in.root,
        "not_principal": all_but,
        "conditions": [
            {
                "operator": condition.operator,
                "key": condition.key,
                "values": condition.values,
                "narrows": condition.narrows,
            }
            for condition in conditions
        ],
        "narrowed": bool(narrowed_to),
        "narrowed_to": [entry for entries in narrowed_to for entry in entries],
    }


def _named(context: Context, condition: Condition) -> list[dict[str, Any]]:
    claimed = condition.kind in ("subject", "audience")
    return [
        {
            "kind": condition.kind,
            "value": value,
            "whose": "federated" if claimed else whose(context, resolved(context, value)),
        }
        for value in condition.values
    ]


def _whose(context: Context, let_in: Who, narrowed_to: list[list[dict[str, Any]]]) -> str:
    if let_in.kind in ("service", "federated"):
        return let_in.kind
    if let_in.kind != "everyone":
        return whose(context, let_in.value) or "unknown"
    places = [
        max(_NEAREST_FIRST.index(entry["whose"]) for entry in entries) for entries in narrowed_to
    ]
    return _NEAREST_FIRST[min(places)] if places else "everyone"
