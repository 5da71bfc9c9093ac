"""`manage.py indexaddresses`: fills what the search by address asks, from all that is kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from items.indexing import index_history
from items.models import Item


class Command(BaseCommand):
    help = (
        "Notes the addresses in every kept revision, for the search by address. Needed once, for "
        "what was recorded by a release that did not note them; may run while Vervet works, be "
        "broken off, and be run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--after",
            type=int,
            default=0,
            metavar="ITEM",
            help="go on after this item: the last one that an earlier run told of",
        )

    def handle(self, *args: Any, after: int, **options: Any) -> None:
        """Index everything, telling how far it is."""
        total, done = Item.objects.filter(pk__gt=after).count(), 0
        for last, written in index_history(after):
            done = Item.objects.filter(pk__gt=after, pk__lte=last).count()
            self.stdout.write(f"{done} of {total} items, up to {last}: {written} addresses")
        self.stdout.write(self.style.SUCCESS(f"{done} items are indexed."))
