"""What a program sent: whole, known and right, or refused with what is wrong."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.seeing import visible

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}
"""What a key is at least and at most: what no database could hold is refused."""


def checked(
    serializer: type[serializers.BaseSerializer[Any]],
    request: Request,
    row: Any = None,
    **more: Any,
) -> dict[str, Any]:
    """Return what was sent; refuse, naming it, what is not known or not right.

    ``row`` is what it shall change; ``more`` goes to the serializer.
    """
    if not isinstance(request.data, dict):
        raise ValidationError("Send an object.")
    made: Any = serializer(row, data=request.data, **more)
    writable = {name for name, field in made.fields.items() if not field.read_only}
    unknown = set(request.data) - writable
    if unknown:
        raise ValidationError({sorted(unknown)[0][:100]: "This is not known here."})
    made.is_valid(raise_exception=True)
    return dict(made.validated_data)


def seen_row(rows: Any, request: Request, pk: int, name: str) -> Any:
    """Return the row that is named in what was sent; refuse one that is not granted."""
    found = visible(rows, request.user).filter(pk=pk).first()
    if found is None:
        raise ValidationError({name: "There is none, or it is not granted to you."})
    return found
