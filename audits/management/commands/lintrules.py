"""Hold every stored rule against what is stored: faults, traps, parts no example would miss."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audits.linting import every_fault
from audits.models import Rule, RuleVersion
from audits.mutating import unnoticed
from audits.traps import warnings
from audits.versions import example_values
from items.models import Item


class Command(BaseCommand):
    help = (
        "Look for faults and traps in every rule that is in force or in shadow, over the items "
        "that are stored. Ends 1 where one could not be kept today, or with --strict on warnings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", help="rules by key; all without")
        parser.add_argument("--strict", action="store_true", help="end 1 on warnings, too")
        parser.add_argument(
            "--examples", action="store_true", help="name the parts that no example would miss, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        faults = told = count = unseen = 0
        stored = set(Item.objects.living().order_by().values_list("technology").distinct())
        for version in _versions(options["keys"]):
            count += 1
            unseen += not any((one,) in stored for one in version.technologies)
            fields = {**version.values(), "examples": example_values(version)}
            said = [(fault.field, fault.text) for fault in every_fault(fields)]
            faults += len(said)
            traps = [] if said else warnings(fields)
            said += [(trap.field, trap.text) for trap in traps]
            told += len(traps)
            if options["examples"]:
                said += [(one.field, one.text) for one in unnoticed(fields)]
            for field, text in said:
                self.stdout.write(f"{version.rule.key} {version.number}, {field}: {text}")
        self.stdout.write(f"{count} rules read: {faults} faults, {told} warnings.")
        if unseen:
            self.stdout.write(
                f"Of {unseen} of them no item is stored here: traps were looked for in their "
                "examples alone."
            )
        if faults or (options["strict"] and told):
            sys.exit(1)


def _versions(keys: list[str]) -> list[RuleVersion]:
    rules = Rule.objects.exclude(state__in=[Rule.State.RETIRED, Rule.State.DRAFT])
    chosen = rules.filter(key__in=keys) if keys else rules
    pointed = [pk for pair in chosen.values_list("active", "shadow") for pk in pair if pk]
    return list(RuleVersion.objects.filter(pk__in=pointed).select_related("rule").order_by("rule"))
