"""What is probably not meant in a rule's text, beside the field, with the mend as a button."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from audits.cautions import Trap
from audits.loading import EMPTY
from audits.traps import warnings

Traps = dict[str, list[Trap]]


def traps_by_field(fields: Mapping[str, Any], user: Any) -> Traps:
    """Return the traps in a text, whole or not, by the field in which each stands."""
    found: Traps = defaultdict(list)
    for trap in warnings({**EMPTY, "title": "", "expression": "", **fields}, user):
        found[trap.field].append(trap)
    return dict(found)


def mended(data: QueryDict, traps: Traps) -> QueryDict:
    """Return what was sent with the mend that was pressed, ``field:place``, in its field.

    Where there is no such trap any more, it is returned as it was sent.
    """
    name, _, place = data.get("_mend", "").partition(":")
    for trap in traps.get(name, ()):
        if trap.mend and str(trap.place) == place:
            changed = data.copy()
            changed[name] = trap.mend
            return changed
    return data
