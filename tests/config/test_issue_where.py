"""The page of an issue shows the lines of the configuration that say so."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits.functions.base import Context
from audits.functions.networks import net_rules
from audits.models import Issue
from config.console.issue_where import LONGEST, where
from tests.factories import NOW, IssueFactory, ItemFactory, a_rule

pytestmark = pytest.mark.django_db

RANGES = [{"CidrIp": "10.4.0.0/16"}, {"CidrIp": "0.0.0.0/0"}]
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": RANGES}
WEB = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "::/0"}]}
GROUP: dict[str, Any] = {"GroupId": "sg-1", "IpPermissions": [WEB, SSH], "Encrypted": False}


def issue_of(evidence: Any, config: Any = GROUP, expression: str = "IpPermissions") -> Issue:
    version = a_rule(title="Open", expression=expression).active
    issue: Issue = IssueFactory(item=ItemFactory(config=config), version=version, evidence=evidence)
    return issue


def test_the_line_is_marked_within_the_element_that_it_lies_in(admin_client: Client) -> None:
    rules = net_rules(Context(now=NOW, config=GROUP), GROUP)
    issue = issue_of(next(one for one in rules if one["cidr"] == "0.0.0.0/0"))
    text = admin_client.get(reverse("admin:audits_issue_change", args=[issue.pk])).content.decode()
    assert "IpPermissions[1]" in text
    (hit,) = re.findall(r'class="hit \w+"[^>]*><summary>(.*?)</summary>', text)
    assert "0.0.0.0/0" in hit
    assert "since" not in hit, "the mark does not lead to the page that it stands on"
    assert "443" not in text.partition("Where it says so")[2].partition("What the rule made")[0]


@pytest.mark.parametrize(
    ("evidence", "expression", "names"),
    [
        (SSH, "IpPermissions", ["IpPermissions[1]"]),
        (False, "Encrypted", ["Encrypted"]),
        ({"made": "up"}, "let('x', @, &x)", []),
        (True, "Encrypted", []),
    ],
)
def test_a_part_a_value_and_what_is_no_part(
    evidence: Any, expression: str, names: list[str]
) -> None:
    assert [one.name for one in where(issue_of(evidence, expression=expression))] == names


def test_what_is_long_is_left_to_the_page_of_the_item() -> None:
    long = {"Statement": [{"Action": [f"s3:{n}" for n in range(LONGEST)], "Sid": "a"}]}
    assert where(issue_of(long["Statement"][0], {"Policy": long}, "Policy")) == []
