"""IAM's credential report: who can log in how, and when each credential was last used."""

import csv
import io
import time
from datetime import UTC, datetime
from typing import Any

from accounts.models import Account
from items.watchers.aws.base import AwsWatcher
from items.watchers.terms import Call, ReadError

# None of these codes is a refusal: there is no report yet, or none of the last four hours.
REPORT = Call(
    "get_credential_report",
    "Content",
    absent=("ReportNotPresent", "ReportExpired", "ReportInProgress"),
    service="iam",
)
GENERATION = Call("generate_credential_report", "State", service="iam")
CALLS = (REPORT, GENERATION)
# Seconds between two questions whether the report is ready.
PAUSES = (0.5, 0.5, 1, 1, 2, 2, 4, 4, 8, 8)

ROOT = "<root_account>"
# Columns that change by use alone.
VOLATILE = (
    "password_last_used",
    *(
        f"access_key_{number}_last_used_{what}"
        for number in (1, 2)
        for what in ("date", "region", "service")
    ),
)

ReportRow = dict[str, str]


def credential_report(watcher: AwsWatcher, account: Account) -> list[ReportRow]:
    """Return the report's rows, made anew where it is older than four hours; raise ReadError."""
    for pause in PAUSES:
        content = watcher.read(account, "global", REPORT, {})
        if content is not None:
            return report_rows(content)
        if watcher.read(account, "global", GENERATION, {}) != "COMPLETE":
            time.sleep(pause)
    raise ReadError(
        "GenerateCredentialReport",
        "ReportInProgress",
        f"The report was not ready after {sum(PAUSES):.0f} seconds. The next look asks again.",
    )


def report_rows(content: bytes) -> list[ReportRow]:
    """Read the report; raise ValueError where it is none."""
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    if not rows or "user" not in rows[0]:
        raise ValueError("the credential report has no column user")
    return [{column: text or "" for column, text in row.items() if column} for row in rows]


def root_row(rows: list[ReportRow]) -> ReportRow | None:
    """Return the root user's row."""
    return next((row for row in rows if row["user"] == ROOT), None)


def users_rows(rows: list[ReportRow]) -> dict[tuple[str, datetime | None], ReportRow]:
    """Return the rows by name and moment of creation.

    The report may be hours old: who was deleted and made again since is somebody else.
    """
    return {(row["user"], moment(row.get("user_creation_time"))): row for row in rows}


def last_uses(row: ReportRow | None) -> dict[datetime | None, dict[str, str]]:
    """Return the last use of a user's keys by the moment when each was made.

    The report does not tell which key is which. Two keys of one moment are left out.
    """
    found: dict[datetime | None, dict[str, str]] = {}
    made = [moment((row or {}).get(f"access_key_{number}_last_rotated")) for number in (1, 2)]
    for number, created in enumerate(made, start=1):
        if row and created and made.count(created) == 1:
            found[created] = last_use(row, f"access_key_{number}_last_used_")
    return found


def last_use(row: ReportRow, prefix: str) -> dict[str, str]:
    """Return what GetAccessKeyLastUsed answers, from the report's columns."""
    date, region, service = (row.get(prefix + what, "") for what in ("date", "region", "service"))
    if moment(date) is None:
        return {"ServiceName": "N/A", "Region": "N/A"}
    return {"LastUsedDate": date, "ServiceName": service, "Region": region}


def moment(value: Any) -> datetime | None:
    """Return a date, or the ISO text of one, to the second; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value.astimezone(UTC).replace(microsecond=0) if isinstance(value, datetime) else None
