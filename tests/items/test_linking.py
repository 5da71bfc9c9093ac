"""What a configuration refers to is known by its form, whoever made it."""

import pytest

from items.linking import references, referred


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sg-0a1f47c29be03d518", "sg-0a1f47c29be03d518"),
        ("vpc-0c4be7d1", "vpc-0c4be7d1"),
        ("eipalloc-0a1f47c29be03d518", "eipalloc-0a1f47c29be03d518"),
        ("471108029916", "471108029916"),
        ("arn:aws:iam::471108029916:root", "471108029916"),
        ("arn:aws:iam::471108029916:role/deploy", "arn:aws:iam::471108029916:role/deploy"),
        ("arn:aws-cn:s3:::logs/*", "arn:aws-cn:s3:::logs"),
        ("arn:aws:s3:::logs", "arn:aws:s3:::logs"),
        (
            "arn:aws:logs:eu-west-1:471108029916:log-group:a:*",
            "arn:aws:logs:eu-west-1:471108029916:log-group:a",
        ),
        ("AIDAEXAMPLE123456789", "AIDAEXAMPLE123456789"),
        (
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
        ),
        ("serviceAccount:a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com"),
        ("/subscriptions/ABC/resourceGroups/R", "/subscriptions/abc/resourcegroups/r"),
        ("arn:aws:iam::471108029916:role/*", ""),
        ("arn:aws:s3:::*", ""),
        ("47110802991", ""),
        ("office-vpn", ""),
        ("sg-0a1f47c29be03d51z", ""),
        ("", ""),
        (471108029916, ""),
        ("arn:aws:iam::471108029916:role/" + "x" * 500, ""),
    ],
)
def test_a_reference_is_known_by_its_form(text: object, value: str) -> None:
    assert referred(text) == value


def test_each_reference_is_kept_once_with_the_topmost_path() -> None:
    config = {
        "L": [{"Group": "sg-0a1f47c2", "n": 1}, {"Group": "sg-0a1f47c2"}],
        "Vpc": "vpc-0a1f47c2",
        "Deep": {"L": {"Vpc": "vpc-0a1f47c2", "Ids": ["i-0a1f47c2", None, []]}},
    }
    assert references(config) == {
        "vpc-0a1f47c2": "Vpc",
        "sg-0a1f47c2": "L[].Group",
        "i-0a1f47c2": "Deep.L.Ids[]",
    }
