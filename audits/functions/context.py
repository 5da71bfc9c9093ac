"""What a rule may ask about the item it judges and about other items."""

from typing import Any

from audits.functions.base import Context, reads_everything
from audits.functions.shapes import texts


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


def previous(context: Context) -> Any:
    """Give the configuration as it was before the last change; null if it never changed.

    Example: Versioning.Status != previous().Versioning.Status
    On: {"Versioning": {"Status": "Suspended"}}
    With: {"previous": {"Versioning": {"Status": "Enabled"}}}
    Gives: true
    """
    return context.previous


def param(context: Context, name: str) -> Any:
    """Give a parameter of the rule as it is set for this item; null if the rule has none such.

    Example: Days > param('max_days')
    On: {"Days": 100}
    With: {"parameters": {"max_days": 90}}
    Gives: true
    """
    return context.parameters.get(name) if isinstance(name, str) else None


def lookup(context: Context, technology: str, path: str, values: Any) -> list[Any]:
    """Give the configurations of items, in any account, whose path has one of the values.

    No values, no items. When such an item changes, the rule is asked again.

    Example: lookup('aws.iam.policy', 'Arn', AttachedManagedPolicies[].PolicyArn)[].PolicyName
    On: {"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/A"}]}
    With: {"items": {"aws.iam.policy": [{"Arn": "arn:aws:iam::aws:policy/A", "PolicyName": "A"}]}}
    Gives: ["A"]
    """
    wanted = texts(values)
    if not (wanted and isinstance(technology, str) and isinstance(path, str)):
        return []
    return [found.config for found in context.reader.lookup(technology, path, wanted)]


def related(context: Context, technology: str) -> list[Any]:
    """Give the configurations of all items of a technology in the item's own account.

    Example: count(related('aws.ec2.vpc'))
    On: {}
    With: {"items": {"aws.ec2.vpc": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]}}
    Gives: 2
    """
    if not isinstance(technology, str):
        return []
    return [found.config for found in context.reader.related(technology)]
