"""Who asks: a token in the place of a login."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiToken
from accounts.narrowing import narrow

# When a token was last used is known to the minute: a write with each request would be dear.
NOTED = timedelta(minutes=1)
REFUSED = "This token is not known, has ended or was revoked. Make one on the page API tokens."


class TokenAuthentication(KnoxAuthentication):
    """Takes ``Authorization: Bearer TOKEN``; the person is then no more than the token."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, ApiToken]:
        now = timezone.now()
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError as error:
            raise AuthenticationFailed(REFUSED) from error
        found = ApiToken.objects.select_related("user").filter(digest=digest).first()
        if found is None or found.ended or not found.user.is_active:
            raise AuthenticationFailed(REFUSED)
        late = Q(used_at=None) | Q(used_at__lt=now - NOTED)
        if found.used_at is None or found.used_at < now - NOTED:
            ApiToken.objects.filter(late, pk=found.pk).update(used_at=now)
        narrow(found.user, found)
        return found.user, found
