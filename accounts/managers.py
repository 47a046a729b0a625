"""Managers of people and service clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db.models import Manager, QuerySet

if TYPE_CHECKING:
    from accounts.models import ServiceClient, User


class UserManager(DjangoUserManager["User"]):
    """Usernames and e-mails are case-insensitive."""

    use_in_migrations = False

    def with_profile(self) -> QuerySet[User]:
        """People with a public profile."""
        return self.filter(is_active=True)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class ServiceClientManager(Manager["ServiceClient"]):
    def active(self) -> QuerySet[ServiceClient]:
        """Service clients that may call."""
        return self.filter(active=True)
