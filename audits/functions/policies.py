"""What a rule may ask about policies of AWS: who gets in, what he may do."""

from typing import Any

from audits.functions import costs
from audits.functions.base import Context, pure, takes
from audits.functions.conditions import Condition, judged, resolved
from audits.functions.denials import left
from audits.functions.entities import whose
from audits.functions.lists import unique
from audits.functions.members import member
from audits.functions.principals import Who, who, written
from audits.functions.reach import (
    all_actions,
    all_resources,
    denying,
    denying_any,
    expanded,
    granting,
    has_effect,
    levels,
    permitted,
    words,
)
from audits.functions.shapes import listed, parsed, texts
from audits.functions.wildcards import like_any

_ONE_OR_MANY = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")

# Claims of a token: whoever the provider says so of.
_WHOSE_BY_KIND = {"subject": "federated", "audience": "federated"}

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
@takes(costs.whole)
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


@takes(costs.weighing_policy)
def grants(context: Context, policy: Any) -> list[dict[str, Any]]:
    """Give who a resource's or a role's policy lets in: one entry for each Allow and principal.

    who; kind (everyone, account, arn, user_id, canonical, service, federated); whose (as whose()
    says; for everyone, whose those are that the conditions leave); root (a whole account);
    not_principal (everyone but those named); actions and resources ("not x" for NotAction);
    conditions, each with whether it narrows who gets in; narrowed, and narrowed_to [{kind, value,
    whose}]; denied (what of its actions a Deny takes away in any case, as that words it); terms
    (the conditions as text). sts:ExternalId does not narrow who.

    A Deny counts: what it takes away wholly is not among the entries, and one that holds unless a
    condition is met (StringNotEquals, NotIpAddress, NotPrincipal ...) narrows as that would.

    Example: grants(Policy)[].[who, whose, narrowed]
    On: {"Policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}}}
    Gives: [["*", "everyone", false]]
    """
    found = statements(context, policy)
    denies = denying_any(found)
    return [
        entry
        for statement in found
        if has_effect(statement, "Allow")
        for principal in _let_in(statement)
        if (entry := _grant(context, denies, statement, principal)) is not None
    ]


@pure
@takes(costs.asking_policy)
def allows(context: Context, policy: Any, action: Any) -> bool:
    """Say whether a policy allows an action on anything at all; of a list, every one of it.

    Wildcards and NotAction count, conditions of an Allow do not. A Deny takes an action away if it
    has no condition and holds for all resources and everyone. An action asked with wildcards is
    allowed where all that it means is.

    Example: allows(Document, 'iam:PassRole')
    On: {"Document": {"Statement": [{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}]}}
    Gives: true
    """
    asked = texts(action)
    return bool(asked) and permitted(statements(context, policy), asked) == asked


@pure
@takes(costs.asking_policy)
def allowed(context: Context, policy: Any, actions: Any) -> list[str]:
    """Give those of a list of actions that a policy allows, as allows() says of each; each once.

    Example: allowed(Document, ['s3:GetObject', 's3:PutObject'])
    On: {"Document": {"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}}
    Gives: ["s3:GetObject"]
    """
    return permitted(statements(context, policy), unique(context, texts(actions)))


@pure
@takes(costs.reading_policy)
def actions(context: Context, statement: Any) -> list[str]:
    """Give every known action that a statement, or the statements of a policy, are about.

    Wildcards are expanded, NotAction is turned into what it leaves; what no list knows stays as it
    is worded. Allow or Deny makes no difference; use statements(Policy, 'Allow') to choose.

    Example: actions(@)
    On: {"Effect": "Allow", "Action": ["sqs:AddPerm*", "odd:Thing"], "Resource": "*"}
    Gives: ["odd:Thing", "sqs:AddPermission"]
    """
    return expanded(statements(context, statement))


@takes(costs.whole)
def terms(context: Context, x: Any) -> str:
    """Give the conditions of a statement, or of an entry of grants(), as one text.

    Key, operator and values of each, and "no condition" where there is none.

    Example: terms(@)
    On: {"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}
    Gives: "aws:SourceIp IpAddress 192.0.2.0/24"
    """
    if isinstance(x, dict) and isinstance(x.get("terms"), str):
        return x["terms"]
    found = x if isinstance(x, dict) else {}
    return _terms([_said(one) for one in judged(context, found, federated=False)])


@pure
@takes(costs.reading_policy)
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
@takes(costs.reading_policy)
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


@takes(costs.several)
def bindings(context: Context, policy: Any) -> list[dict[str, Any]]:
    """Give who has which role by a Google Cloud IAM policy: one entry for each role and member.

    role; member as it is written; kind (everyone, user, group, service account, service, domain,
    project, federated, unknown); home (the domain of a person, the project of a service account);
    whose (as whose() says); deleted; condition (its expression as text, or null).

    Example: bindings(iamPolicy)[].[role, whose]
    On: {"iamPolicy": {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}}
    Gives: [["roles/viewer", "everyone"]]
    """
    found = parsed(policy)
    rows = listed(found.get("bindings")) if isinstance(found, dict) else []
    return [
        _binding(context, row, text)
        for row in rows
        if isinstance(row, dict)
        for text in texts(row.get("members"))
    ]


@takes(costs.product)
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


def _binding(context: Context, row: dict[str, Any], text: str) -> dict[str, Any]:
    one = member(text)
    condition = row.get("condition")
    return {
        "role": row.get("role"),
        "member": text,
        "kind": one.kind,
        "home": one.home,
        "whose": whose(context, text) or "unknown",
        "deleted": one.deleted,
        "condition": condition.get("expression") if isinstance(condition, dict) else None,
    }


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
    context: Context,
    denies: list[dict[str, Any]],
    statement: dict[str, Any],
    principal: tuple[Who, bool],
) -> dict[str, Any] | None:
    """What somebody is let in to; null where a Deny leaves nothing of it."""
    let_in, all_but = principal
    federated = let_in.kind == "federated"
    rest = left(context, denies, statement, let_in, federated)
    if rest.nothing:
        return None
    conditions = judged(context, statement, federated)
    narrowed_to = [_named(context, condition) for condition in conditions if condition.narrows]
    for ways_out in rest.unless:
        narrowed_to.append([entry for way in ways_out for entry in _named(context, way)])
    said = [_said(condition) for condition in conditions] + [_unless(one) for one in rest.unless]
    return {
        "sid": statement.get("Sid"),
        "who": let_in.value,
        "kind": let_in.kind,
        "whose": _whose(context, let_in, narrowed_to),
        "actions": words(statement, "Action"),
        "resources": words(statement, "Resource"),
        "root": let_in.root,
        "not_principal": all_but,
        "conditions": said,
        "terms": _terms(said),
        "narrowed": bool(narrowed_to),
        "narrowed_to": [entry for entries in narrowed_to for entry in entries],
        "denied": sorted(rest.denied),
    }


def _said(condition: Condition) -> dict[str, Any]:
    return {
        "operator": condition.operator,
        "key": condition.key,
        "values": condition.values,
        "narrows": condition.narrows,
    }


def _unless(ways_out: list[Condition]) -> dict[str, Any]:
    """The ways out of a Deny as one condition: of these, one must hold."""
    return {
        "operator": " or ".join(dict.fromkeys(way.operator for way in ways_out)),
        "key": " or ".join(dict.fromkeys(way.key for way in ways_out if way.key)),
        "values": [value for way in ways_out for value in way.values],
        "narrows": True,
    }


def _terms(conditions: list[dict[str, Any]]) -> str:
    parts = [
        " ".join(filter(None, [one["key"], one["operator"], ", ".join(one["values"])]))
        for one in conditions
    ]
    return "; ".join(parts) or "no condition"


def _named(context: Context, condition: Condition) -> list[dict[str, Any]]:
    fixed = _WHOSE_BY_KIND.get(condition.kind)
    if condition.key.lower() == "aws:principalisawsservice":
        return [{"kind": "service", "value": "AWS services", "whose": "service"}]
    return [
        {
            "kind": condition.kind,
            "value": value,
            "whose": fixed or whose(context, resolved(context, value)),
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
