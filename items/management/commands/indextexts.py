"""`manage.py indextexts`: makes the indexes of texts, where migrating could not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from items.trigrams import make_indexes


class Command(BaseCommand):
    help = "Make the indexes for searching texts on PostgreSQL, once pg_trgm may be used."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, or say why not."""
        problem = make_indexes(connection)
        if problem:
            raise CommandError(
                f"{problem}\nAs a superuser of this database run: CREATE EXTENSION pg_trgm;"
            )
        self.stdout.write(self.style.SUCCESS("Texts are found by an index."))
