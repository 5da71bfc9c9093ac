"""Rules, their versions, examples and tables, frameworks and saved queries by HTTP."""

from typing import Any

import django_filters
from rest_framework import serializers

from accounts.api.base import GuardedViewSet, Id
from accounts.api.fields import Sparse
from accounts.api.writing import Added, Deleted, Edited, Written
from audits.admin.views import in_reach
from audits.models import (
    Control,
    Framework,
    ReferenceTable,
    Rule,
    RuleExample,
    RuleVersion,
    SavedView,
    severity,
)


class VersionFilter(django_filters.FilterSet):
    rule = Id()

    class Meta:
        model = RuleVersion
        fields = ("rule",)


class VersionSerializer(Sparse):
    severity = serializers.SerializerMethodField()
    technologies = serializers.ListField(child=serializers.CharField())
    parameters: Any = serializers.DictField()
    references = serializers.ListField(child=serializers.CharField())
    controls = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = RuleVersion
        fields = (
            *("id", "rule", "number", "engine", "severity", *RuleVersion.FIELDS),
            *("author", "reason", "created_at", "approved_by"),
        )

    def get_severity(self, version: RuleVersion) -> str:
        return severity(version.score)


class VersionViewSet(GuardedViewSet):
    """Every text that a rule had."""

    queryset = RuleVersion.objects.all()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter


class RuleSerializer(Sparse):
    title = serializers.CharField(source="newest_title", allow_null=True)
    score = serializers.IntegerField(source="newest_score", allow_null=True)
    severity = serializers.SerializerMethodField()
    open_issues = serializers.IntegerField(source="open_count")

    class Meta:
        model = Rule
        fields: tuple[str, ...] = (
            *("id", "key", "pack", "state", "title", "score", "severity", "active", "shadow"),
            *("shadow_since", "open_issues"),
        )

    def get_severity(self, rule: Any) -> str | None:
        return None if rule.newest_score is None else severity(rule.newest_score)


class RuleDetailSerializer(RuleSerializer):
    """A rule with the text that is in force."""

    text = VersionSerializer(source="active", allow_null=True)

    class Meta(RuleSerializer.Meta):
        fields = (*RuleSerializer.Meta.fields, "text")


class RuleViewSet(Written):
    """Rules: of each which version is in force, and what it finds."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    detail_serializer_class = RuleDetailSerializer


class ExampleFilter(django_filters.FilterSet):
    version = Id()
    rule = Id(field_name="version__rule_id")

    class Meta:
        model = RuleExample
        fields = ("version", "rule")


class ExampleSerializer(Sparse):
    config = serializers.JSONField()
    context: Any = serializers.JSONField()
    identities: Any = serializers.JSONField()

    class Meta:
        model = RuleExample
        fields = ("id", "version", "name", "fires", "config", "context", "identities")


class ExampleViewSet(GuardedViewSet):
    """Configurations with the verdict that a version must give."""

    queryset = RuleExample.objects.all()
    serializer_class = ExampleSerializer
    filterset_class = ExampleFilter


class TableSerializer(Sparse):
    rows: Any = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text="Each a text, a number, or an object with a name.",
    )

    class Meta:
        model = ReferenceTable
        fields = ("id", "key", "title", "about", "rows", "pack")
        read_only_fields = ("pack",)


class TableViewSet(Added, Edited, Deleted):
    """Reference tables: what rules look up by its key."""

    queryset = ReferenceTable.objects.all()
    serializer_class = TableSerializer


class ControlSerializer(Sparse):
    class Meta:
        model = Control
        fields = ("id", "framework", "number", "title", "section", "order", "automated")


class ControlViewSet(GuardedViewSet):
    """Demands of frameworks, in our own words."""

    queryset = Control.objects.all()
    serializer_class = ControlSerializer


class FrameworkSerializer(Sparse):
    controls = serializers.IntegerField(source="n", help_text="How many it has.")

    class Meta:
        model = Framework
        fields = ("id", "key", "name", "edition", "title", "notes", "pack", "controls")


class FrameworkViewSet(GuardedViewSet):
    """Standards that rules are held to."""

    queryset = Framework.objects.all()
    serializer_class = FrameworkSerializer


class ColumnSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(required=False, max_length=60)
    path = serializers.CharField(max_length=4000)


class QuerySerializer(Sparse):
    columns = ColumnSerializer(many=True, required=False)

    class Meta:
        model = SavedView
        fields = (
            *("id", "name", "notes", "page", "address", "technology", "condition", "columns"),
            *("key", "shared", "by"),
        )
        read_only_fields = ("key", "by")


class QueryViewSet(Added, Edited, Deleted):
    """Saved views: lists, searches and queries worth asking again."""

    queryset = SavedView.objects.all()
    serializer_class = QuerySerializer

    def get_queryset(self) -> Any:
        return in_reach(super().get_queryset(), self.request.user)
