"""Accounts, their groups, known networks and the ledger by HTTP, to be read."""

from typing import Any

import django_filters
from rest_framework import serializers

from accounts.api.base import GuardedViewSet
from accounts.api.fields import Sparse
from accounts.models import Account, AccountGroup, KnownNetwork, LedgerEntry


class AccountSerializer(Sparse):
    read_at = serializers.DateTimeField(allow_null=True, help_text="When it was last read.")
    open_gaps = serializers.IntegerField(source="gap_count", allow_null=True)
    open_issues = serializers.IntegerField(source="issue_count", allow_null=True)

    class Meta:
        model = Account
        fields = (
            *("id", "name", "type", "identifier", "active", "third_party", "groups"),
            *("owner_mail", "archived_at", "created_at", "read_at", "open_gaps", "open_issues"),
        )


class AccountFilter(django_filters.FilterSet):
    class Meta:
        model = Account
        fields = ("identifier", "name", "active", "third_party")


class AccountViewSet(GuardedViewSet):
    """Accounts that are watched, or only known."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    gathered = ("groups",)


class GroupSerializer(Sparse):
    accounts = serializers.IntegerField(source="seen", help_text="How many of them you may see.")

    class Meta:
        model = AccountGroup
        fields = ("id", "name", "notes", "changes_reviewed", "review_days", "accounts")


class GroupViewSet(GuardedViewSet):
    """Groups of accounts: teams, environments, scopes such as PCI."""

    queryset = AccountGroup.objects.all()
    serializer_class = GroupSerializer


class NetworkSerializer(Sparse):
    class Meta:
        model = KnownNetwork
        fields = ("id", "cidr", "whose", "note")


class NetworkViewSet(GuardedViewSet):
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
