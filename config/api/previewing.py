"""What a text of a rule would change, or would have found, before it counts: asked, then read."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import GuardedViewSet
from accounts.api.describing import taken
from accounts.api.fields import Sparse
from accounts.api.given import KEY, checked, seen_row
from accounts.api.once import once
from audits.api.texts import TextSerializer, merged
from audits.models import Preview, Rule, RuleVersion
from audits.previewing import Seen, cancel, may_ask
from config.previews import ask, view, why_it_waits

RESULT = {
    "type": ["object", "null"],
    "description": "Null until it is done. Every count is exact; lists hold the worst few. What "
    "you may not see is counted, never named.",
    "properties": {
        "items": {"type": "integer", "description": "Items that were looked at."},
        "total": {"type": "integer", "description": "Items that there are."},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "lists": {"type": "object", "additionalProperties": {"type": "array"}},
        "accounts": {"type": "array", "items": {"type": "object"}},
        "mails": {"type": "array", "items": {"type": "object"}, "description": "Who would hear."},
    },
}


class PreviewSerializer(Sparse):
    """A question about a text, and how far it is."""

    since = serializers.CharField(
        source="options.since", default="", help_text="From which day on it looks back."
    )
    percent = serializers.SerializerMethodField(help_text="How far it is.")

    class Meta:
        model = Preview
        fields: tuple[str, ...] = (
            *("id", "kind", "rule", "since", "asked_at", "state", "percent", "reason"),
        )

    def get_percent(self, preview: Preview) -> int:
        return Seen(preview, None).percent


class AnsweredSerializer(PreviewSerializer):
    """A question with its answer, once there is one."""

    waits_for = serializers.SerializerMethodField(help_text="Why it does not begin; empty: it did.")
    result: Any = serializers.SerializerMethodField()

    class Meta(PreviewSerializer.Meta):
        fields = (*PreviewSerializer.Meta.fields, "waits_for", "result")

    def get_waits_for(self, preview: Preview) -> str:
        return why_it_waits(preview)

    @extend_schema_field(RESULT)
    def get_result(self, preview: Preview) -> Any:
        return view(preview, self.context["request"].user).result


class AskSerializer(TextSerializer):
    """A text, and what is asked of it."""

    kind = serializers.ChoiceField(choices=Preview.Kind.choices, default=Preview.Kind.IMPACT)
    since = serializers.DateField(required=False, help_text="Of a backtest; none: 90 days back.")
    version = serializers.IntegerField(
        required=False, help_text="The version of which it is asked, as it stands.", **KEY
    )
    rule = serializers.IntegerField(
        required=False, help_text="The rule whose newest text is asked about, changed so.", **KEY
    )

    class Meta(TextSerializer.Meta):
        fields = ("kind", "since", "version", "rule", *TextSerializer.Meta.fields)


class PreviewViewSet(GuardedViewSet):
    """What a text would change now (`impact`), or when it would have fired (`backtest`): yours."""

    queryset = Preview.objects.all()
    serializer_class = PreviewSerializer
    detail_serializer_class = AnsweredSerializer
    order = ("-id",)
    deferred = ("fields", "result")

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(by=self.request.user.pk)

    def needs(self) -> str:
        return "audits.view_rule"

    def lets_in(self, user: Any) -> bool:
        return super().lets_in(user) and (self.request.method == "GET" or may_ask(user))

    @once()
    @taken(
        request=AskSerializer,
        responses={202: AnsweredSerializer},
        examples=[
            OpenApiExample(
                "A higher score", {"kind": "impact", "rule": 1, "score": 9}, request_only=True
            ),
            OpenApiExample(
                "A new rule",
                {
                    "kind": "backtest",
                    "since": "2026-01-01",
                    "title": "Open to everybody",
                    "technologies": ["aws.ec2.security_group"],
                    "expression": "IpPermissions[?IpRanges[?CidrIp == '0.0.0.0/0']]",
                },
                request_only=True,
            ),
        ],
    )
    def create(self, request: Request) -> Response:
        """Ask what a text would do. It is answered at the address in `Location`, by a worker."""
        given = checked(AskSerializer, request)
        rule, text = _text(request, given)
        options = {"since": given["since"].isoformat()} if "since" in given else {}
        made = ask(text, rule, request.user, given["kind"], options)
        there = {"Location": reverse("previews-detail", args=[made.pk])}
        return Response(self.get_serializer(made).data, status=202, headers=there)

    @taken(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Ask no more. What is answered already stays for a week."""
        cancel(self.unchanged(request), request.user)
        return Response(status=204)


def _text(request: Request, given: dict[str, Any]) -> tuple[Rule | None, dict[str, Any]]:
    """Return which text is asked about, and of which rule; refuse what may not be written."""
    sent = TextSerializer.Meta.fields
    if "version" in given:
        if "rule" in given or any(name in given for name in sent):
            raise ValidationError({"version": "Name a version, or send a text; not both."})
        rows = RuleVersion.objects.select_related("rule")
        version = seen_row(rows, request, given["version"], "version")
        return version.rule, version.values()
    known = "rule" in given
    if not request.user.has_perm("audits.change_rule" if known else "audits.add_rule"):
        raise PermissionDenied("You may ask about versions that there are, not write a text.")
    rule = seen_row(Rule.objects.all(), request, given["rule"], "rule") if known else None
    return rule, merged(rule, given)
