"""Who asks: a token in the place of a login, counted by itself."""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

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


class PerToken(SimpleRateThrottle):
    """Counts the requests of each token, or of each person without one, a minute."""

    scope = "token"

    def get_rate(self) -> str | None:
        return f"{settings.API_PER_MINUTE}/min" if settings.API_PER_MINUTE else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if isinstance(request.auth, ApiToken):
            return f"api-token-{request.auth.pk}"
        who = f"{request.user.pk or self.get_ident(request)}"
        return f"api-user-{hashlib.sha256(who.encode()).hexdigest()}"
