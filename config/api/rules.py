"""Rules written by HTTP: their text, each edit a version, and from one place to the next."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.describing import taken
from accounts.api.given import KEY, checked
from accounts.api.once import once
from accounts.api.writing import TO
from audits.api.rules import RuleViewSet
from audits.api.texts import TextSerializer, merged
from audits.editing import Then, save_version
from audits.models import Rule, RuleVersion
from audits.moving import Moved, into_shadow, out_of_shadow, put_into_force, retire

WHY = "Why; needed where a rule in force changes."


class ChangedTextSerializer(TextSerializer):
    """The parts of a rule's text that shall differ, and where the new version goes."""

    then = serializers.ChoiceField(choices=[str(one) for one in Then], default=str(Then.DRAFT))
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=500, help_text=WHY
    )

    class Meta(TextSerializer.Meta):
        fields = (*TextSerializer.Meta.fields, "then", "reason")


class NewRuleSerializer(ChangedTextSerializer):
    """A new rule: its key and its text."""

    key = serializers.CharField(max_length=100, help_text="acme.server.my-rule")

    class Meta(ChangedTextSerializer.Meta):
        fields = ("key", *ChangedTextSerializer.Meta.fields)


class MoveSerializer(serializers.Serializer[Any]):
    """Where a version shall go."""

    to = serializers.ChoiceField(choices=["shadow", "out of shadow", "force", "retired"])
    version = serializers.IntegerField(
        required=False, help_text="The number of the version; none: the newest.", **KEY
    )
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=500, help_text=WHY
    )


class WrittenSerializer(serializers.Serializer[Any]):
    """Where a rule stands after it was written."""

    rule = serializers.IntegerField()
    version = serializers.IntegerField(help_text="The number of the version that was meant.")
    new = serializers.BooleanField(help_text="Whether a version was written.")
    state = serializers.ChoiceField(choices=Rule.State.choices)
    active = serializers.IntegerField(allow_null=True, help_text="The key of what decides.")
    shadow = serializers.IntegerField(allow_null=True, help_text="The key of what is on trial.")
    problems: Any = serializers.ListField(
        child=serializers.CharField(), help_text="Why it does not go where it should."
    )
    waits = serializers.BooleanField(help_text="Whether a second person must say yes first.")


def _out(version: RuleVersion, by: Any, reason: str) -> Moved:
    out_of_shadow(version.rule, by, reason)
    return Moved(True)


def _retire(version: RuleVersion, by: Any, reason: str) -> Moved:
    return retire(version.rule, by, reason)


MOVES: Mapping[str, Callable[[RuleVersion, Any, str], Moved]] = {
    "shadow": into_shadow,
    "out of shadow": _out,
    "force": put_into_force,
    "retired": _retire,
}


class RulesViewSet(RuleViewSet):
    """Rules: of each which version is in force, and what it finds."""

    takes: ClassVar[Mapping[str, str]] = {**TO, "move": "change"}
    conditional = (*RuleViewSet.conditional, "move")

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        newest = row.newest
        return [newest.pk if newest else None, row.state, row.active_id, row.shadow_id]

    @once()
    @taken(
        request=NewRuleSerializer,
        responses={201: WrittenSerializer},
        examples=[
            OpenApiExample(
                "A draft",
                {
                    "key": "acme.bucket.no-policy",
                    "title": "No policy",
                    "technologies": ["aws.s3.bucket"],
                    "expression": "!Policy",
                    "score": 4,
                },
                request_only=True,
            )
        ],
    )
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Write a new rule."""
        given = checked(NewRuleSerializer, request)
        if not self.console.has_add_permission(request):
            raise PermissionDenied("You may not write rules.")
        return self._saved(request, None, given, 201)

    @taken(request=ChangedTextSerializer, responses=WrittenSerializer)
    @transaction.atomic
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Write the next version: the newest with what is sent. Nothing, where nothing differs."""
        rule = self.present(request, "change")
        return self._saved(request, rule, checked(ChangedTextSerializer, request), 200)

    @once()
    @taken(request=MoveSerializer, responses=WrittenSerializer)
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def move(self, request: Request, **_: Any) -> Response:
        """Try a version in shadow, put it into force, or retire the rule."""
        given = checked(MoveSerializer, request)
        rule = self.present(request, "change")
        number = given.get("version")
        version = rule.versions.filter(number=number).first() if number else rule.newest
        if version is None:
            raise ValidationError({"version": "There is no such version."})
        moved = MOVES[given["to"]](version, request.user, given["reason"])
        return self._told(version, moved, False, 200)

    def _saved(
        self, request: Request, rule: Rule | None, given: dict[str, Any], status: int
    ) -> Response:
        then, reason = Then(given.pop("then")), given.pop("reason")
        seen = rule.newest if rule else None
        saved = save_version(
            rule or given.pop("key"),
            merged(rule, given),
            request.user,
            reason,
            then,
            seen.number if seen else 0,
        )
        return self._told(saved.version, saved.moved, saved.new, status)

    def _told(self, version: RuleVersion, moved: Moved, new: bool, status: int) -> Response:
        rule = Rule.objects.get(pk=version.rule_id)
        said = {
            "rule": rule.pk,
            "version": version.number,
            "new": new,
            "state": rule.state,
            "active": rule.active_id,
            "shadow": rule.shadow_id,
            "problems": moved.problems,
            "waits": moved.proposal is not None,
        }
        self.kwargs = {self.lookup_field: str(rule.pk)}
        headers = {"ETag": self.telling(self.get_object())[1]}
        if status == 201:
            headers["Location"] = reverse("rules-detail", args=[rule.pk])
        return Response(WrittenSerializer(said).data, status, headers=headers)
