"""What reviewers do with issues and justifications by HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import transaction
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.describing import taken
from accounts.api.given import KEY, checked
from accounts.api.once import once
from accounts.seers import seers
from audits.answering import approve, refuse
from audits.api.issues import IssueDetailSerializer, IssueViewSet, JustificationViewSet
from audits.api.issues import JustificationDetailSerializer as Told
from audits.assigning import assign
from audits.models import Issue
from audits.reviewing import withdraw_whole


class AssignSerializer(serializers.Serializer[Any]):
    """Whose an issue is."""

    assignee = serializers.IntegerField(
        allow_null=True, help_text="The key of a person; null: nobody.", **KEY
    )


class IssuesViewSet(IssueViewSet):
    """Issues, worst first."""

    demands: ClassVar[Mapping[str, str]] = {"partial_update": "audits.review_issue"}

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        return data["assignee"]

    @taken(request=AssignSerializer, responses=IssueDetailSerializer)
    @transaction.atomic
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Give it to somebody, or to nobody."""
        wanted = checked(AssignSerializer, request)["assignee"]
        rows = Issue.objects.filter(pk=self.get_object().pk)
        issue = rows.select_for_update(of=("self",)).get()
        self.unchanged(request)
        to = seers(rows).filter(pk=wanted).first()
        if wanted and to is None:  # Who may not see it is not told of: a name would be.
            raise ValidationError({"assignee": "Nobody of this key may see this issue."})
        assign([issue], to, request.user)
        return self.now()


class WithdrawSerializer(serializers.Serializer[Any]):
    because = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class AnswerSerializer(serializers.Serializer[Any]):
    """Yes or no to a justification that was asked for."""

    yes = serializers.BooleanField()
    words = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=10_000,
        help_text="What who asked reads; a no needs some.",
    )


class JustificationsViewSet(JustificationViewSet):
    """Why something is accepted as it is, by whom, and until when."""

    conditional = ("withdraw", "answer")
    demands: ClassVar[Mapping[str, str]] = {
        "withdraw": "audits.review_issue",
        "answer": "audits.approve_justification",
    }

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        return [data["state"], data["issues"]]

    @once()
    @taken(request=WithdrawSerializer, responses=Told)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_: Any) -> Response:
        """End it, or ask for it no more: what it covers is open again."""
        given = checked(WithdrawSerializer, request)
        withdraw_whole(self.unchanged(request), request.user, given["because"])
        return self.now()

    @once()
    @taken(request=AnswerSerializer, responses=Told)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, **_: Any) -> Response:
        """Say yes or no to one that was asked for."""
        given = checked(AnswerSerializer, request)
        answer = approve if given["yes"] else refuse
        answer(self.unchanged(request), request.user, given["words"])
        return self.now()
