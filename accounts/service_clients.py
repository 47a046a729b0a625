"""Creation and authentication of service clients."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import encryption
from accounts.models import ServiceClient

SECRET_BYTES = 30  # 40 characters, the length of an AWS secret access key
RECORD_EVERY = timedelta(minutes=1)


class NameTaken(Exception):
    """A service client with this name exists."""


def create(*, name: str, source: str) -> tuple[ServiceClient, str]:
    """A new client and its secret, which cannot be shown again.

    Raises `NameTaken`.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    client = ServiceClient(
        name=name,
        source=source,
        encrypted_secret=encryption.encrypt(secret),
        secret_hash=_hash(secret),
    )
    try:
        with transaction.atomic():
            client.save(force_insert=True)
    except IntegrityError:
        raise NameTaken from None
    return client, secret


def authenticate(secret: str) -> ServiceClient | None:
    """The active client with this secret.

    The lookup is by SHA-256, so that its timing reveals nothing about the secret.
    """
    client = ServiceClient.objects.active().filter(secret_hash=_hash(secret)).first()
    return client and record_use(client=client)


def record_use(*, client: ServiceClient) -> ServiceClient:
    """Set `last_used_at`, at most once a minute."""
    now = timezone.now()
    ServiceClient.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - RECORD_EVERY), pk=client.pk
    ).update(last_used_at=now)
    return client


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
