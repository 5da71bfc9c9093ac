"""Accounts, their groups, known networks and the ledger by HTTP."""

from typing import Any

import django_filters
from rest_framework import serializers

from accounts.api.base import GuardedViewSet
from accounts.api.fields import Sparse
from accounts.api.writing import Added, Deleted, Edited
from accounts.models import Account, AccountGroup, KnownNetwork, LedgerEntry


class AccountSerializer(Sparse):
    read_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was last read."
    )
    open_gaps = serializers.IntegerField(source="gap_count", read_only=True, allow_null=True)
    open_issues = serializers.IntegerField(source="issue_count", read_only=True, allow_null=True)
    parameters: Any = serializers.DictField(
        required=False,
        write_only=True,
        help_text="What its type wants to know; secrets as references. What is left out stays.",
    )

    class Meta:
        model = Account
        fields = (
            *("id", "name", "type", "identifier", "active", "third_party", "watches_found"),
            *("groups", "owner_mail", "calls_per_second", "notes", "parameters", "archived_at"),
            *("created_at", "read_at", "open_gaps", "open_issues"),
        )
        read_only_fields = ("archived_at",)


class AccountFilter(django_filters.FilterSet):
    class Meta:
        model = Account
        fields = ("identifier", "name", "active", "third_party")


class AccountViewSet(Added, Edited):
    """Accounts that are watched, or only known."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    gathered = ("groups",)
    follows = "type"
    untold = ("parameters",)


class GroupSerializer(Sparse):
    accounts = serializers.IntegerField(
        source="seen", read_only=True, help_text="How many of them you may see."
    )

    class Meta:
        model = AccountGroup
        fields = ("id", "name", "notes", "changes_reviewed", "review_days", "accounts")


class GroupViewSet(Added, Edited, Deleted):
    """Groups of accounts: teams, environments, scopes such as PCI."""

    queryset = AccountGroup.objects.all()
    serializer_class = GroupSerializer


class NetworkSerializer(Sparse):
    class Meta:
        model = KnownNetwork
        fields = ("id", "cidr", "whose", "note")


class NetworkViewSet(Added, Edited, Deleted):
    """Addresses that somebody vouched for."""

    queryset = KnownNetwork.objects.all()
    serializer_class = NetworkSerializer


class EntrySerializer(Sparse):
    before: Any = serializers.JSONField()
    after: Any = serializers.JSONField()

    class Meta:
        model = LedgerEntry
        fields = (
            *("id", "number", "at", "person", "who", "action", "thing", "key", "name", "account"),
            *("before", "after", "previous", "hash"),
        )


class EntryViewSet(GuardedViewSet):
    """The audit log: everything that a person did, newest first, chained by hashes."""

    queryset = LedgerEntry.objects.all()
    serializer_class = EntrySerializer
    order = ("-number",)
