"""JSON as it is stored: canonical text, written and read by orjson."""

from typing import Any

import orjson
from django.db import models
from django.db.models.fields.json import KeyTransform
from psycopg.types.json import Jsonb


def canonical_bytes(value: Any) -> bytes:
    """Serialise ``value`` with sorted keys: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _text(value: Any) -> str:
    return canonical_bytes(value).decode()


class CanonicalJSONField(models.JSONField):
    """A JSONField that is several times faster; keys are text and numbers are of 64 bits."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, (dict, list)):
            if connection.vendor == "postgresql":
                return Jsonb(value, dumps=_text)
            return _text(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None or isinstance(expression, KeyTransform):
            return super().from_db_value(value, expression, connection)
        return orjson.loads(value)
