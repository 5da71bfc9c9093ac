"""A database goes on from where an earlier checkout left it, or it is said what is missing."""

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db
ROWS = MigrationRecorder(connection).migration_qs


def refused() -> list[CheckMessage]:
    return [one for one in run_checks(databases=["default"]) if one.id == "vervet.E052"]


@pytest.mark.parametrize("app", ["accounts", "items", "audits", "notifications"])
def test_a_database_that_was_migrated_halfway_is_refused_with_what_it_lacks(app: str) -> None:
    assert refused() == []
    (known,) = (one for key, one in MigrationLoader(None).replacements.items() if key[0] == app)
    ROWS.filter(app=app, name=known.replaces[-1][1]).delete()
    (said,) = refused()
    assert known.replaces[-1][1] in said.msg
    ROWS.filter(app=app).delete()  # Nothing of it was begun: it is migrated from the start.
    assert refused() == []


def test_a_database_that_was_migrated_to_its_end_has_nothing_left_to_do() -> None:
    ROWS.filter(name__startswith="0001_squashed").delete()
    loader = MigrationLoader(connection)
    assert set(loader.graph.leaf_nodes()) <= set(loader.applied_migrations)
