"""A subscription hears only of the tags, rules and framework that it names."""

from typing import Any

import pytest

from audits.models import Framework, Rule, What
from items.labelling import label, labels_of
from items.models import Item
from notifications.models import Line
from tests.cloud.server import MotoCloud
from tests.conftest import Scan
from tests.factories import SubscriptionFactory, UserFactory, a_rule
from tests.items.test_recording import make_group, open_port
from tests.notifications.test_line import OPEN

EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": EVERYWHERE}


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


def test_only_what_is_named_is_told(ec2: Any, scan: Scan) -> None:
    opens = a_rule("open", **OPEN, controls=["PCI DSS 1.2.1"])
    other: Rule = a_rule("other", title="Other", expression="`null`")
    pci = Framework.objects.create(key="pci", name="PCI DSS", title="PCI")
    pci4 = Framework.objects.create(key="pci4", name="PCI", title="Another")
    told: dict[str, Any] = {
        "tag": SubscriptionFactory(tags=["env"]),
        "tag and value": SubscriptionFactory(tags=["no", "env=prod"]),
        "other value": SubscriptionFactory(tags=["env=test"]),
        "label": SubscriptionFactory(labels=["PCI", "other"]),
        "other label": SubscriptionFactory(labels=["sensitive"]),
        "rule": SubscriptionFactory(),
        "other rule": SubscriptionFactory(),
        "framework": SubscriptionFactory(framework=pci),
        "other framework": SubscriptionFactory(framework=pci4),
        "of a person without grants": SubscriptionFactory(owner=UserFactory()),
        "of a person who sees all": SubscriptionFactory(owner=UserFactory(is_superuser=True)),
        "fixed": SubscriptionFactory(fixed=True, issues=False, reopened=False),
    }
    told["rule"].rules.add(opens)
    told["other rule"].rules.add(other)
    group = make_group(ec2, "web", 443)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "env", "Value": "prod"}])
    scan()

    def heard() -> dict[str, tuple[int, int]]:
        lines = {name: Line.objects.filter(subscription=one) for name, one in told.items()}
        return {
            name: (of.exclude(revision=None).count(), of.exclude(event=None).count())
            for name, of in lines.items()
        }

    reviewer = UserFactory(is_superuser=True)
    item = Item.objects.get(uid=group)
    label(item, ["sensitive", "wrong"], reviewer)
    label(item, [" PCI ", "PCI", "", "in scope"], reviewer)
    assert labels_of(item) == ["PCI", "in scope"]
    Line.objects.all().delete()
    open_port(ec2, group, 22)
    scan()
    assert heard() == {
        "tag": (1, 1),
        "tag and value": (1, 1),
        "other value": (0, 0),
        "label": (1, 1),
        "other label": (0, 0),
        "rule": (1, 1),
        "other rule": (1, 0),
        "framework": (1, 1),
        "other framework": (1, 0),
        "of a person without grants": (0, 0),
        "of a person who sees all": (1, 1),
        "fixed": (1, 0),
    }
    Line.objects.all().delete()
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    scan()
    (line,) = Line.objects.exclude(event=None)
    event: Any = line.event
    assert (line.subscription, event.what) == (told["fixed"], What.FIXED)
