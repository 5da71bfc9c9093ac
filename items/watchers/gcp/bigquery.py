"""BigQuery: datasets, with who may read them and how their tables are encrypted."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from accounts.models import Account
from items.watchers.base import ReadError, Row
from items.watchers.gcp.base import GONE, GcpWatcher
from items.watchers.terms import Call

DATASET = Call(
    "datasets.get",
    params={"projectId": "{account}", "accessPolicyVersion": 3},
    keys={"datasetId": "datasetReference.datasetId"},
    permission="bigquery.datasets.get bigquery.datasets.getIamPolicy",
)

TABLES = Call(
    "tables.list",
    "tables",
    params={"projectId": "{account}", "maxResults": 1000},
    keys={"datasetId": "datasetReference.datasetId"},
)
# Of a table that only which it is and how it is encrypted: the rest moves with its data.
TABLE = Call(
    "tables.get",
    "{tableReference: tableReference, type: type, "
    "encryptionConfiguration: encryptionConfiguration}",
    params={"projectId": "{account}", "view": "BASIC"},
    keys={"datasetId": "tableReference.datasetId", "tableId": "tableReference.tableId"},
    absent=GONE,
)
# These hold no data of their own.
UNENCRYPTED = ("EXTERNAL", "VIEW")
# Each takes a call: of a dataset with more it stays unknown.
MOST_TABLES = 100


class Dataset(GcpWatcher):
    technology = "gcp.bigquery.dataset"
    label = "BigQuery dataset"

    service = "bigquery.v2"
    listing = Call(
        "datasets.list",
        "datasets",
        params={"projectId": "{account}", "maxResults": 1000},
        permission="bigquery.datasets.get",
    )
    others = (DATASET, TABLES, TABLE)
    adds = ("Tables",)
    item = DATASET

    id = "id"
    name = "datasetReference.datasetId"
    region = "location"
    full_name = (
        "//bigquery.googleapis.com/projects/{account}/datasets/{datasetReference[datasetId]}"
    )

    ephemeral = ("etag", "lastModifiedTime")

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """The list shows little of a dataset: each is what is answered about it alone."""
        refused: list[ReadError] = []
        for page in super().pages(account, place, call, config):
            if call is not self.listing:
                yield page
                continue
            found = self.in_threads(partial(self.dataset, account, place), page)
            refused += [one for one in found if isinstance(one, ReadError)]
            yield [one for one in found if isinstance(one, dict)]
        if refused:
            raise refused[0]

    def dataset(
        self, account: Account, place: str, row: dict[str, Any]
    ) -> dict[str, Any] | ReadError | None:
        """Return a dataset, or why it is not known; None where it is gone since it was listed."""
        try:
            found: dict[str, Any] = self.read(account, place, DATASET, row)
        except ReadError as error:
            error.reason = f"{row.get('id')}: {error.reason}"
            return None if error.code in GONE else error
        return found

    def complete(self, account: Account, row: Row) -> None:
        super().complete(account, row)
        self.fill(row, "Tables", partial(self.tables, account, row))

    def tables(self, account: Account, row: Row) -> list[dict[str, Any]]:
        """Return what is kept of a dataset's tables; raise ReadError where there are too many."""
        listed: list[dict[str, Any]] = []
        for page in self.pages(account, row.place, TABLES, row.config):
            listed += [one for one in page if one.get("type") not in UNENCRYPTED]
            if len(listed) > MOST_TABLES:
                reason = f"It has more than {MOST_TABLES} tables: they are not read one by one."
                raise ReadError(self.operation_name(TABLES), "TooManyTables", reason)
        found = [self.read(account, row.place, TABLE, one) for one in listed]
        return [one for one in found if one is not None]
