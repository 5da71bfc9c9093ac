"""Who may log in."""

from typing import Any, ClassVar

from django.contrib.auth import models as auth
from django.contrib.auth.models import AbstractUser
from django.db import models


class UserManager(auth.UserManager["User"]):
    """Makes users who may log in, however they are made."""

    def create_user(self, username: str, *args: Any, **fields: Any) -> "User":
        return super().create_user(username, *args, **{"is_staff": True, **fields})


class User(AbstractUser):
    """Somebody who may log in. What that shows is up to grants."""

    is_staff = models.BooleanField("may log in to the console", default=True)

    looks_back = False
    """Whether the past is shown, where everybody may only look; set for one request."""

    narrowed = False
    """Whether this is what a token lets through, not the person; set for one request."""

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        pass

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.narrowed:
            raise TypeError("What a token lets through is not the person, and is never saved.")
        super().save(*args, **kwargs)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if self.looks_back and not perm.partition(".")[2].startswith("view_"):
            return False
        return super().has_perm(perm, obj)
