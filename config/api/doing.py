"""What can be done by HTTP: each calls the verb that the console calls."""

import hashlib
import json
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.base import ApiView
from accounts.api.describing import taken
from accounts.api.given import KEY, checked, seen_row
from accounts.api.once import once
from accounts.api.problems import Changed
from accounts.models import Account
from accounts.seeing import visible
from audits import reviewing
from audits.api.issues import CommentSerializer, CommentViewSet
from audits.commenting import comment
from audits.models import Issue, Justification
from audits.policies import terms_of
from config.evaluating import evaluate_config
from config.scheduling import read_now, scan_now
from items.models import Item
from items.watchers import watchers


class CommentOnSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(required=False, **KEY)
    issue = serializers.IntegerField(required=False, **KEY)
    revision = serializers.IntegerField(required=False, **KEY)
    text = serializers.CharField(max_length=10_000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("item") and not attrs.get("issue"):
            raise ValidationError({"item": "Say which item, or which issue."})
        return attrs


class CommentsViewSet(CommentViewSet):
    """What people say about items, their changes and issues."""

    @once()
    @taken(request=CommentOnSerializer, responses={201: CommentSerializer})
    def create(self, request: Request) -> Response:
        """Say something about an item, one of its revisions or an issue."""
        given = checked(CommentOnSerializer, request)
        item: Any = None
        issue = None
        if given.get("issue"):
            issue = seen_row(Issue.objects.select_related("item"), request, given["issue"], "issue")
            item = issue.item
        if given.get("item"):
            item = seen_row(Item.objects.defer("config"), request, given["item"], "item")
        said = {"revision": given.get("revision"), "issue": issue}
        made = comment(item, given["text"], request.user, **said)
        return Response(CommentSerializer(made).data, status=201)

    def needs(self) -> str:
        return "items.review_item" if self.request.method == "POST" else super().needs()


class DecisionSerializer(serializers.Serializer[Any]):
    """Why issues are acceptable; without ``confirm`` only what that would cover is told."""

    issues: Any = serializers.ListField(
        child=serializers.IntegerField(**KEY),
        min_length=1,
        max_length=reviewing.MOST,
    )
    because = serializers.CharField(max_length=10_000)
    category = serializers.ChoiceField(
        choices=Justification.Category.choices, default=Justification.Category.RISK
    )
    scope = serializers.ChoiceField(choices=["issue", "item"], default="issue")
    until = serializers.DateField(required=False, allow_null=True)
    ticket = serializers.CharField(required=False, max_length=300, allow_blank=True)
    confirm = serializers.CharField(required=False, help_text="The `digest` of what was told.")


class DecisionToldSerializer(serializers.Serializer[Any]):
    """What a decision covers, and once it is confirmed what it made."""

    count = serializers.IntegerField()
    issues: Any = serializers.ListField(child=serializers.DictField())
    longest = serializers.DateField(allow_null=True, help_text="The last day that is allowed.")
    approval = serializers.CharField(
        allow_blank=True, help_text="The severity for which an approver is asked; empty: nobody."
    )
    digest = serializers.CharField(help_text="Send it as `confirm` to decide just this.")
    justifications: Any = serializers.ListField(child=serializers.IntegerField())


class JustifyView(ApiView, APIView):
    """Justify issues, one or many: first told what that covers, then done with its digest."""

    permission = "audits.review_issue"
    serializer_class = DecisionToldSerializer
    refusals = (412,)

    def lets_in(self, user: Any) -> bool:
        # What it covers is told, and only who may read is told of issues.
        return super().lets_in(user) and bool(user.has_perm("audits.view_issue"))

    @once()
    @taken(
        request=DecisionSerializer,
        examples=[
            OpenApiExample("First", {"issues": [17, 18], "because": "A lab."}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Tell what a decision would cover; with `confirm`, decide."""
        given = checked(DecisionSerializer, request)
        confirm, wanted = given.pop("confirm", None), given.pop("issues")
        rows = visible(Issue.objects.open(), request.user, "review").filter(pk__in=wanted)
        if given["scope"] == "item":
            pairs = set(rows.values_list("item_id", "rule_id"))
            same = Issue.objects.open().filter(
                item__in={item for item, _ in pairs}, rule__in={rule for _, rule in pairs}
            )
            covered = [one for one in _told(same) if (one["item"], one["rule"]) in pairs]
        else:
            covered = _told(rows)
        missing = set(wanted) - set(rows.values_list("pk", flat=True))
        if missing:
            said = f"Not open, or not yours to review: {sorted(missing)[:20]}."
            raise PermissionDenied(said)
        terms = terms_of((one["score"] for one in covered), timezone.localdate())
        terms.until(given.get("until"))
        answer = {
            "count": len(covered),
            "issues": covered,
            "longest": terms.longest,
            "approval": terms.second,
            "digest": _digest([given, covered]),
            "justifications": [],
        }
        if confirm is None:
            return Response(DecisionToldSerializer(answer).data)
        if confirm != answer["digest"]:
            raise Changed("What this covers is not what was told: look at it again.")
        made = reviewing.justify(rows, request.user, **given)
        answer["justifications"] = [one.pk for one in made]
        return Response(DecisionToldSerializer(answer).data)


def _told(rows: QuerySet[Issue]) -> list[dict[str, Any]]:
    found = rows.select_related("version").order_by("pk")
    return [
        {
            "id": one.pk,
            "item": one.item_id,
            "rule": one.rule_id,
            "title": one.version.title,
            "score": one.score,
            "notes": one.notes,
        }
        for one in found.defer("evidence", "extent")
    ]


def _digest(value: Any) -> str:
    said = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:32]


class ScanSerializer(serializers.Serializer[Any]):
    account = serializers.IntegerField(**KEY)
    technology = serializers.CharField(required=False, help_text="Nothing: all of them.")


class ScanView(ApiView, APIView):
    """Have an account read as soon as a worker is free."""

    permission = "accounts.scan_account"
    serializer_class = ScanSerializer

    @once()
    @taken(request=ScanSerializer, responses={202: ScanSerializer})
    def post(self, request: Request) -> Response:
        """Scan now."""
        given = checked(ScanSerializer, request)
        rows = visible(Account.objects.watched(), request.user, "scan")
        account = rows.filter(pk=given["account"]).first()
        if account is None:
            raise PermissionDenied("It is not read at all, or not yours to scan.")
        if "technology" not in given:
            scan_now([account])
        elif given["technology"] in watchers:
            read_now(account, given["technology"])
        else:
            raise ValidationError({"technology": "Choose one of /api/technologies/."})
        return Response(given, status=202)


class EvaluateSerializer(serializers.Serializer[Any]):
    technology = serializers.CharField(max_length=100)
    account = serializers.IntegerField(**KEY)
    config: Any = serializers.DictField(help_text="As the cloud would describe it.")
    name = serializers.CharField(required=False, default="", max_length=500)


class FoundSerializer(serializers.Serializer[Any]):
    notes = serializers.CharField()
    evidence = serializers.JSONField()


class VerdictSerializer(serializers.Serializer[Any]):
    rule = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    score = serializers.IntegerField()
    severity = serializers.CharField()
    outcome = serializers.CharField(help_text="pass, fail, not applicable or unknown")
    reason = serializers.CharField(help_text="Why it is unknown.")
    findings = FoundSerializer(many=True)


class EvaluatedSerializer(serializers.Serializer[Any]):
    worst = serializers.IntegerField(help_text="The highest score of what fails; 0: nothing does.")
    verdicts = VerdictSerializer(many=True)


class EvaluateView(ApiView, APIView):
    """Hold a configuration against the rules of its technology; nothing of it is kept."""

    permission = "audits.view_rule"
    serializer_class = EvaluatedSerializer

    @taken(
        request=EvaluateSerializer,
        examples=[
            OpenApiExample(
                "A security group of a pull request",
                {
                    "technology": "aws.ec2.security_group",
                    "account": 1,
                    "config": {"GroupId": "sg-1", "IpPermissions": []},
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Evaluate a configuration."""
        given = checked(EvaluateSerializer, request)
        account = seen_row(Account.objects.all(), request, given["account"], "account")
        if given["technology"] not in watchers:
            raise ValidationError({"technology": "Choose one of /api/technologies/."})
        verdicts = evaluate_config(
            account, given["technology"], given["config"], given["name"], request.user
        )
        failing = [one["score"] for one in verdicts if one["outcome"] == "fail"]
        answer = {"worst": max(failing, default=0), "verdicts": verdicts}
        return Response(EvaluatedSerializer(answer).data)
