"""Rows with only the fields that are asked for: ``?fields=id,name``."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.seeing import visible

PARAMETER = "fields"


class Sparse(serializers.ModelSerializer[Any]):
    """Tells of a row what the address asks for; everything where it asks for nothing."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is None or request.method != "GET":
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

    def build_relational_field(self, *args: Any) -> Any:
        """Let only rows in sight be named."""
        kind, options = super().build_relational_field(*args)
        request = self.context.get("request")
        if request is not None and "queryset" in options:
            options["queryset"] = visible(options["queryset"].all(), request.user)
        return kind, options
