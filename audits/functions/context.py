"""What a rule may ask about the item it judges and about other items."""

from collections.abc import Callable
from typing import Any

from audits.functions import costs
from audits.functions.base import (
    Context,
    Neighbour,
    Unread,
    asks_item,
    expression_of,
    reads_everything,
    reads_past,
    takes,
)
from audits.functions.lists import unique
from audits.functions.shapes import listed, same_key, texts


@reads_everything
def root(context: Context) -> Any:
    """Give the whole configuration, from within a list or a filter.

    Example: Rules[?Id == root().Default].Id
    On: {"Default": "a", "Rules": [{"Id": "a"}, {"Id": "b"}]}
    Gives: ["a"]
    """
    return context.config


def item(context: Context) -> dict[str, Any]:
    """Give what is known of the item besides its configuration: technology, uid, name, region.

    Example: item().name
    On: {}
    With: {"item": {"name": "web"}}
    Gives: "web"
    """
    return dict(context.item)


def account(context: Context) -> dict[str, Any]:
    """Give the item's account: identifier, name, type.

    Example: OwnerId != account().identifier
    On: {"OwnerId": "222222222222"}
    Gives: true
    """
    return dict(context.account)


@reads_past
def previous(context: Context) -> Any:
    """Give the configuration as it was before the last change; null if it never changed.

    That more of the item was read than before is no change.

    Example: Versioning.Status != previous().Versioning.Status
    On: {"Versioning": {"Status": "Suspended"}}
    With: {"previous": {"Versioning": {"Status": "Enabled"}}}
    Gives: true
    """
    return context.previous


@reads_past
@asks_item
@takes(costs.both_states)
def changed(context: Context, e: Callable[[Any], Any]) -> bool:
    """Say whether the last change made an expression give something else; false if there was none.

    The expression is asked of the whole configuration, as it is and as it was.

    Example: changed(&net_rules(@)[?world].ports)
    On: {"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    With: {"previous": {"IpPermissions": []}}
    Gives: true
    """
    ask = expression_of("changed", e)
    if context.previous is None:
        return False
    return same_key(ask(context.config)) != same_key(ask(context.previous))


def param(context: Context, name: str) -> Any:
    """Give a parameter of the rule as it is set for this item; null if the rule has none such.

    Example: Days > param('max_days')
    On: {"Days": 100}
    With: {"parameters": {"max_days": 90}}
    Gives: true
    """
    return context.parameters.get(name) if isinstance(name, str) else None


def table(context: Context, key: str) -> Any:
    """Give the rows of a reference table, which the console shows under Reference tables.

    A table that does not exist makes the verdict unknown, not a pass.

    Example: has(table('deprecated-runtimes')[].runtime, Runtime)
    On: {"Runtime": "python2.7"}
    With: {"tables": {"deprecated-runtimes": [{"runtime": "python2.7"}]}}
    Gives: true
    """
    if not isinstance(key, str):
        return None
    if key not in context.tables:
        raise Unread(f"There is no reference table “{key}”.")
    return context.tables[key]


def let(context: Context, name: str, value: Any, e: Callable[[Any], Any]) -> Any:
    """Give what an expression says of a value, to which var(name) leads back from within.

    So a filter can see the element that its list belongs to. Names may be used within each other.

    Example: Groups[].let('group', @, &Rules[?Owner != var('group').Owner])[]
    On: {"Groups": [{"Owner": "a", "Rules": [{"Owner": "a"}, {"Owner": "b"}]}]}
    Gives: [{"Owner": "b"}]
    """
    ask = expression_of("let", e)
    if not isinstance(name, str):
        raise ValueError("The first argument of let() is a name.")
    outer = dict(context.names)
    context.names[name] = value
    try:
        return ask(value)
    finally:
        context.names.clear()
        context.names.update(outer)


def var(context: Context, name: str) -> Any:
    """Give the value that a let() around it named.

    Example: let('limit', Limit, &root().Sizes[?@ > var('limit')])
    On: {"Limit": 5, "Sizes": [1, 9]}
    Gives: [9]
    """
    if not isinstance(name, str):
        return None
    if name not in context.names:
        raise ValueError(f"No let() around it names “{name}”.")
    return context.names[name]


def lookup(context: Context, technology: str, path: str, values: Any) -> list[Any]:
    """Give the configurations of items, in any account, whose path has one of the values.

    No values, no items. When such an item changes, the rule is asked again. The path is one that
    leads to texts: a name, an id, or many of them.

    Example: lookup('aws.iam.policy', 'Arn', AttachedManagedPolicies[].PolicyArn)[].PolicyName
    On: {"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/A"}]}
    With: {"items": {"aws.iam.policy": [{"Arn": "arn:aws:iam::aws:policy/A", "PolicyName": "A"}]}}
    Gives: ["A"]
    """
    wanted = texts(values)
    if not (wanted and isinstance(technology, str) and isinstance(path, str)):
        return []
    return _given(context, context.reader.lookup(technology, path, wanted))


def related(context: Context, technology: str) -> list[Any]:
    """Give the configurations of all items of a technology in the item's own account.

    Example: count(related('aws.ec2.vpc'))
    On: {}
    With: {"items": {"aws.ec2.vpc": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]}}
    Gives: 2
    """
    if not isinstance(technology, str):
        return []
    return _given(context, context.reader.related(technology))


def names(context: Context, found: Any) -> list[dict[str, str]]:
    """Give the id and name of items that lookup() or related() gave: all that may be shown of them.

    Of an item in another account, which not everybody may see, neither is given.

    Example: names(lookup('aws.s3.bucket', 'Name', To)[?empty(LoggingEnabled)])
    On: {"To": "logs"}
    With: {"items": {"aws.s3.bucket": [{"uid": "b", "name": "b", "config": {"Name": "logs"}}]}}
    Gives: [{"id": "b", "name": "b"}]
    """
    mine = context.account.get("identifier")
    known = [context.given[id(one)] for one in listed(found) if id(one) in context.given]
    shown = [
        {"id": one.uid, "name": one.name}
        if one.account == mine
        else {"id": "", "name": "an item of another account"}
        for one in known
    ]
    return unique(context, shown)


def open_issues(context: Context, technology: str, path: str, values: Any) -> list[dict[str, Any]]:
    """Give what is open on items of the same account whose path has one of the values.

    Each: rule (its key), title, score as it stands there, and the item's id and name. Justified
    ones are among them; what comes of rules that read issues themselves is not, so that no two
    rules can wait for each other.

    Example: open_issues('aws.iam.policy', 'Arn', Attached[].Arn)[?score >= `9`].name
    On: {"Attached": [{"Arn": "arn:a"}]}
    With: {"items": {"aws.iam.policy": [{"config": {"Arn": "arn:a"}, "issues": [{"score": 10}]}]}}
    Gives: [""]
    """
    wanted = texts(values)
    if not (wanted and isinstance(technology, str) and isinstance(path, str)):
        return []
    return context.reader.issues(technology, path, wanted)


def _given(context: Context, found: list[Neighbour]) -> list[Any]:
    context.given.update((id(one.config), one) for one in found)
    return [one.config for one in found]
