"""Issues, justifications and comments by HTTP, to be read."""

from typing import Any

import django_filters
from rest_framework import serializers

from accounts.api.base import GuardedViewSet, Id, When
from accounts.api.fields import Sparse
from audits.models import Comment, Issue, Justification, What


class IssueFilter(django_filters.FilterSet):
    item = Id()
    rule_key = django_filters.CharFilter(field_name="rule__key")
    score_min = django_filters.NumberFilter(field_name="score", lookup_expr="gte")
    score_max = django_filters.NumberFilter(field_name="score", lookup_expr="lte")
    opened_after = When(field_name="opened_at", lookup_expr="gte")

    class Meta:
        model = Issue
        fields = ("item", "unknown")


class IssueSerializer(Sparse):
    rule_key = serializers.CharField(source="rule.key")
    title = serializers.CharField(source="version.title")
    version = serializers.IntegerField(source="version.number")
    severity = serializers.CharField()
    state = serializers.CharField()
    account_name = serializers.CharField(source="account.name")
    item_name = serializers.CharField(source="item.name")
    region = serializers.CharField(source="item.region")

    class Meta:
        model = Issue
        fields: tuple[str, ...] = (
            *("id", "rule", "rule_key", "title", "version", "score", "severity", "state"),
            *("unknown", "notes", "account", "account_name", "item", "item_name", "technology"),
            *("region", "assignee", "opened_at", "fixed_at"),
        )


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened to an issue."""

    at = serializers.DateTimeField()
    what = serializers.ChoiceField(choices=What.choices)
    cause = serializers.CharField()
    person = serializers.IntegerField(source="person_id", allow_null=True)
    score = serializers.IntegerField()
    text = serializers.CharField()


class IssueDetailSerializer(IssueSerializer):
    """An issue with what was found and what happened, which lists leave out."""

    evidence = serializers.JSONField()
    extent: Any = serializers.ListField(child=serializers.JSONField())
    events = EventSerializer(many=True)

    class Meta(IssueSerializer.Meta):
        fields = (*IssueSerializer.Meta.fields, "evidence", "extent", "events")


class IssueViewSet(GuardedViewSet):
    """Issues, worst first."""

    queryset = Issue.objects.all()
    serializer_class = IssueSerializer
    detail_serializer_class = IssueDetailSerializer
    filterset_class = IssueFilter
    order = ("-score", "id")
    deferred = ("evidence", "extent")
    unread = ("item__config", "item__unread")


class JustificationSerializer(Sparse):
    covers = serializers.IntegerField(source="covering", help_text="How many issues, now.")

    class Meta:
        model = Justification
        fields: tuple[str, ...] = (
            *("id", "state", "scope", "rule", "account", "item", "name_pattern", "tag", "bound"),
            *("category", "reason", "ticket", "until", "by", "at", "asked_of", "answered_by"),
            *("answered_at", "answer", "covers"),
        )


class JustificationDetailSerializer(JustificationSerializer):
    """A justification with the issues that it covers."""

    issues: Any = serializers.ListField(child=serializers.IntegerField(), source="covered")

    class Meta(JustificationSerializer.Meta):
        fields = (*JustificationSerializer.Meta.fields, "issues")


class JustificationViewSet(GuardedViewSet):
    """Why something is accepted as it is, by whom, and until when."""

    queryset = Justification.objects.all()
    serializer_class = JustificationSerializer
    detail_serializer_class = JustificationDetailSerializer
    unread = ("item__config", "extent")

    def get_object(self) -> Any:
        found = super().get_object()
        standing = found.coverages.filter(until=None).order_by("issue_id")
        found.covered = list(standing.values_list("issue_id", flat=True))
        return found


class CommentFilter(django_filters.FilterSet):
    item = Id()
    issue = Id()
    account = Id(field_name="item__account_id")

    class Meta:
        model = Comment
        fields = ("item", "issue", "account")


class CommentSerializer(Sparse):
    class Meta:
        model = Comment
        fields = ("id", "item", "issue", "revision", "by", "at", "text")


class CommentViewSet(GuardedViewSet):
    """What people say about items, their changes and issues."""

    queryset = Comment.objects.all()
    serializer_class = CommentSerializer
    filterset_class = CommentFilter
