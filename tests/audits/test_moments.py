"""Every form in which the clouds write moments and durations."""

from datetime import UTC, datetime

import pytest

from audits.functions.moments import moment, seconds

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# What each comes from stands beside it.
WRITTEN = [
    "2026-01-01T00:00:00Z",  # EC2, Azure Resource Manager
    "2026-01-01T00:00:00+00:00",  # boto3's moments as we keep them
    "2026-01-01T00:00:00.000+0000",  # Lambda's LastModified
    "2026-01-01T00:00:00.0000000Z",  # Azure, seven digits
    "2026-01-01T00:00:00.000000000Z",  # Google, nine digits
    "2025-12-31T16:00:00.000-08:00",  # Google Compute's creationTimestamp
    "2026-01-01",
    "20260101T000000Z",
    "2026-01-01 00:00:00 UTC",
    "User initiated (2026-01-01 00:00:00 GMT)",  # EC2's StateTransitionReason
    "Thu, 01 Jan 2026 00:00:00 GMT",  # Last-Modified of storage
    "Jan  1 00:00:00 2026 GMT",  # certificates, by OpenSSL
    "1/1/2026 12:00:00 AM",  # Azure's older services
    "01/01/2026 00:00:00",
    "/Date(1767225600000)/",
    "/Date(1767225600000+0000)/",
    1767225600,  # Key Vault's exp
    1767225600.0,
    "1767225600",
    1767225600000,
    "1767225600000",  # BigQuery's creationTime
    "1767225600000000",
    1767225600000000000,
    {"seconds": "1767225600", "nanos": 0},
    {"year": 2026, "month": 1, "day": 1},
]
NO_MOMENT = [
    None,
    True,
    "",
    "N/A",  # the credential report
    "no_information",
    "not_supported",
    "never",
    "0001-01-01T00:00:00Z",  # .NET's least moment
    "1/1/0001 12:00:00 AM",
    "2026-13-01",
    "9" * 19,
    "9" * 5000,
    float("nan"),
    float("inf"),
    {"seconds": "many"},
    {"year": 2026},
    {"year": 0, "month": 0, "day": 0},
    [],
]


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_moment_is_read_however_it_is_written(written):
    assert moment(written) == NEW_YEAR


@pytest.mark.parametrize("written", NO_MOMENT, ids=repr)
def test_what_is_no_moment_is_none(written):
    found = moment(written)
    assert found is None or found.year > 2200  # nineteen nines are billionths of a second


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("7776000s", 90),  # Cloud KMS's rotationPeriod
        ("86400.5s", 1 + 0.5 / 86400),
        ("P90D", 90),
        ("P3M", 90),
        ("P1Y", 365),
        ("P2W", 14),
        ("PT36H", 1.5),
        ("P1DT12H", 1.5),
        ("90.00:00:00", 90),
        ("12:00:00", 0.5),
        (86400, 1),
    ],
)
def test_a_duration_is_read_however_it_is_written(written, days):
    assert seconds(written) == pytest.approx(days * 86400)


@pytest.mark.parametrize("written", [None, True, "", "P", "PT", "s", "90", "90 days", [], "P1S"])
def test_what_is_no_duration_is_none(written):
    assert seconds(written) is None
