"""System checks: can what is configured be used, and the database be migrated from here?"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.plugins import in_files


@register()
def check_plugin_folders(**_: Any) -> list[CheckMessage]:
    """Name the folders and files that are left out, with the reason."""
    return [
        Warning(
            problem,
            hint="Mend it, or take it out of the folder; docs/plugins.md tells how a file looks.",
            id="vervet.W051",
        )
        for problem in in_files(tuple(settings.PLUGIN_FOLDERS)).problems
    ]


@register(Tags.database)
def check_replaced(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a database that was migrated half-way by an earlier checkout.

    Django would leave out the whole app, and say nothing.
    """
    replacements = MigrationLoader(None).replacements.values()
    found: list[CheckMessage] = []
    for alias in databases or ():
        applied = MigrationRecorder(connections[alias]).applied_migrations()
        for migration in replacements:
            lacking = [one for one in migration.replaces if one not in applied]
            if 0 < len(lacking) < len(migration.replaces):
                app, name = lacking[0]
                found.append(
                    Error(
                        f"The database lacks the migration {app}.{name} of an earlier Vervet.",
                        hint="Check out the last revision that has it, run manage.py migrate "
                        "there, then come back.",
                        id="vervet.E052",
                    )
                )
    return found
