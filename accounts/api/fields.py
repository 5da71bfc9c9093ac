"""Rows with only the fields that are asked for: ``?fields=id,name``.

OpenAPI cannot say that a parameter takes away what an answer always has: among the parameters,
it would make every field optional in every generated client. So the description's first lines
tell of it, and so do ``docs/api.md`` and the API's page.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.seeing import visible

PARAMETER = "fields"


class Chosen:
    """Lets an address choose the fields of what is told, not of what is told within."""

    def get_fields(self: Any) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]
        request = self.context.get("request")
        many = isinstance(self.parent, serializers.ListSerializer)
        within = (self.parent.parent if many else self.parent) is not None
        if request is None or request.method != "GET" or within:
            return fields
        fields = {name: field for name, field in fields.items() if not field.write_only}
        asked = request.query_params.get(PARAMETER)
        if not asked:
            return fields
        names = asked.split(",")
        wrong = [name for name in names if name not in fields]
        if wrong:
            known = ", ".join(fields)
            raise ValidationError({PARAMETER: f"“{wrong[0][:40]}” is no field. Known: {known}."})
        return {name: field for name, field in fields.items() if name in names}


class SparseRow(Chosen, serializers.Serializer[Any]):
    """Tells what the address asks for, of what is no row of a table."""


class Sparse(Chosen, serializers.ModelSerializer[Any]):
    """Tells of a row what the address asks for; everything where it asks for nothing."""

    def build_relational_field(self, *args: Any) -> Any:
        """Let only rows in sight be named."""
        kind, options = super().build_relational_field(*args)
        request = self.context.get("request")
        if request is not None and "queryset" in options:
            options["queryset"] = visible(options["queryset"].all(), request.user)
        return kind, options
