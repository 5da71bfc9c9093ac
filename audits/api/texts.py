"""The text of a rule as a program sends it: whole, or the parts that shall differ."""

from typing import Any

from rest_framework import serializers

from audits.loading import EMPTY
from audits.models import Rule, RuleExample, RuleVersion
from audits.versions import text_of


class SentExampleSerializer(serializers.ModelSerializer[RuleExample]):
    """A configuration with the verdict that the text must give."""

    config = serializers.JSONField()
    context: Any = serializers.DictField(required=False)
    identities: Any = serializers.ListField(
        child=serializers.JSONField(), required=False, allow_null=True
    )

    class Meta:
        model = RuleExample
        fields = ("name", "fires", "config", "context", "identities")


class TextSerializer(serializers.ModelSerializer[RuleVersion]):
    """What a rule says; what is left out stays as it is, or is empty."""

    technologies = serializers.ListField(child=serializers.CharField(), required=False)
    parameters: Any = serializers.DictField(child=serializers.DictField(), required=False)
    references = serializers.ListField(child=serializers.CharField(), required=False)
    controls = serializers.ListField(child=serializers.CharField(), required=False)
    examples = SentExampleSerializer(many=True, required=False)

    class Meta:
        model = RuleVersion
        fields: tuple[str, ...] = (*RuleVersion.FIELDS, "examples")
        extra_kwargs = {name: {"required": False} for name in RuleVersion.FIELDS}


def merged(rule: Rule | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return a whole text: the parts that were sent, over the newest version of the rule."""
    newest = rule.newest if rule else None
    before = text_of(newest) if newest else {"title": "", "expression": "", **EMPTY}
    names = (*RuleVersion.FIELDS, "examples")
    return {name: given.get(name, before[name]) for name in names}
