"""A second person's answer to a change of what decides, by HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import GuardedViewSet, Id
from accounts.api.describing import taken
from accounts.api.fields import Sparse
from accounts.api.given import checked
from accounts.api.once import once
from audits.approving import PERMISSION, approve, refuse, withdraw
from audits.models import Proposal


class ProposalFilter(django_filters.FilterSet):
    rule = Id()

    class Meta:
        model = Proposal
        fields = ("rule",)


class ProposalSerializer(Sparse):
    class Meta:
        model = Proposal
        fields = (
            *("id", "rule", "version", "by", "reason", "at"),
            *("answer", "answered_by", "answered_at", "because"),
        )


class EndSerializer(serializers.Serializer[Any]):
    """Why it is asked for no more."""

    because = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=Proposal._meta.get_field("because").max_length,
        help_text="Who asked reads it.",
    )


class SecondSerializer(EndSerializer):
    """Yes or no to a change of what decides; a no says why."""

    yes = serializers.BooleanField()


class ProposalsViewSet(GuardedViewSet):
    """Changes of what decides that wait for a second person, or had an answer."""

    queryset = Proposal.objects.all()
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter
    conditional = ("answer", "withdraw")
    demands: ClassVar[Mapping[str, str]] = {"answer": PERMISSION, "withdraw": "audits.change_rule"}

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        return data["answer"]

    @once()
    @taken(request=SecondSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, **_: Any) -> Response:
        """Let it in, or say why not. What would not hold its examples goes on waiting."""
        given = checked(SecondSerializer, request)
        found = self.unchanged(request)
        if not given["yes"]:
            refuse(found, request.user, given["because"])
        else:
            moved = approve(found, request.user)
            if not moved.done:
                raise ValidationError({"yes": list(moved.problems)})
        return self.now()

    @once()
    @taken(request=EndSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_: Any) -> Response:
        """Ask no more."""
        given = checked(EndSerializer, request)
        withdraw(self.unchanged(request), request.user, given["because"])
        return self.now()
