"""What a rule looked up decides, and is not shown."""

import pytest

from audits import packs
from audits.linting import faults
from audits.loading import shipped
from audits.revealing import reveals

SECRET = "lookup('aws.iam.policy', 'Arn', Arn)"


@pytest.mark.parametrize(
    "expression",
    [
        SECRET,
        f"{SECRET}[].Document",
        f"{SECRET}[?Name == 'x'].{{name: Name}}",
        f"Name && {SECRET}[0].Document",
        f"Name || {SECRET}[0].Document",
        f"[Name, {SECRET}[0].Document]",
        f"{{a: {SECRET}[0].Document}}",
        f"{SECRET} | [0]",
        f"{SECRET}[*].[Name][]",
        f"statements({SECRET}[0].Document, 'Allow')",
        f"join(', ', {SECRET}[].Name)",
        f"to_string({SECRET})",
        f"sort_by({SECRET}, &Name)[0]",
        f"map(&Name, {SECRET})",
        f"map(&{SECRET}[0].Name, Names)",
        f"Names[].{SECRET}",
        f"Names[?@ == 'x'] | [0].{SECRET}",
        f"if(Name, {SECRET}, 'x')",
        f"not_null({SECRET})",
        f"let('p', {SECRET}, &Names)",
        f"let('p', {SECRET}, &root().Names[].var('p'))",
        f"let(Name, {SECRET}, &root().Names[].var('q'))",
        f"let('p', {SECRET}, &let('q', root(), &var('p')))",
        "related('aws.ec2.vpc')[].CidrBlock",
        f"intersection({SECRET}[].Name, Names)",
        f"merge({SECRET}[0], @)",
        f"net_rules({SECRET})[].cidr",
        f"epoch({SECRET}[0].CreateDate)",
        f"whose({SECRET}[0].Owner)",
    ],
)
def test_what_another_item_holds_would_be_shown(expression):
    assert reveals(expression)


@pytest.mark.parametrize(
    "expression",
    [
        f"!{SECRET} && Name",
        f"empty({SECRET})",
        f"count({SECRET})",
        f"any({SECRET}, &Document.Statement) && Name",
        f"Policies[?any({SECRET}, &Document)].Name",
        f"Names[?has({SECRET}[].Name, @)]",
        f"{SECRET}[0].Name == Name",
        f"{SECRET} && {{name: Name}}",
        f"names({SECRET}[?Document])[].name",
        f"intersection(Names, {SECRET}[].Name)",
        f"difference(['a'], {SECRET}[].Name)",
        f"if({SECRET}, Name, 'x')",
        f"let('p', @, &Names[?any({SECRET}, &Name == var('p').Name)])",
        f"let('p', {SECRET}, &root().Names)",
        "open_issues('aws.iam.policy', 'Arn', Arn)",
        "previous().Name",
        "Names[?@ == 'lookup']",
        "lookup",
    ],
)
def test_what_only_decides_shows_nothing(expression):
    assert not reveals(expression)


@pytest.mark.parametrize(("key", "fields"), [*shipped(packs)], ids=lambda one: str(one)[:80])
def test_no_shipped_rule_shows_what_it_looked_up(key, fields):
    for part in ("expression", "identity", "extent"):
        assert not fields[part] or not reveals(fields[part])


def test_a_rule_that_would_show_it_is_refused_at_the_place_with_the_mend():
    values = {"expression": f"Name &&\n  {SECRET}", "technologies": ["aws.iam.role"], "score": 5}
    message, line, caret = faults(values)["expression"].splitlines()
    assert "names(...)" in message
    assert line[caret.index("^") :].startswith("lookup")


@pytest.mark.parametrize("part", ["identity", "extent"])
def test_an_identity_and_an_extent_may_not_show_it_either(part):
    values = {"expression": "Name", "technologies": ["aws.iam.role"], "score": 5, part: SECRET}
    assert "names(...)" in faults(values)[part]
    values = {"expression": "Name", "technologies": ["aws.iam.role"], "score": 5}
    assert "applies_when" not in faults({**values, "applies_when": SECRET})
