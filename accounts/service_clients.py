"""Programs that call for many people: made here, and recognised by their secret."""

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
NOTED_EVERY = timedelta(minutes=1)


class NameTaken(Exception):
    """There is a service client of this name already."""


def create(*, name: str, source: str) -> tuple[ServiceClient, str]:
    """A new client and its secret, which is shown to nobody again.

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


def by_secret(secret: str) -> ServiceClient | None:
    """The active client whose secret this is.

    Looked up by its SHA-256: whatever time that takes tells of the hash of a guess, and
    nothing of a secret with 240 random bits.
    """
    client = ServiceClient.objects.active().filter(secret_hash=_hash(secret)).first()
    return client and note_use(client=client)


def note_use(*, client: ServiceClient) -> ServiceClient:
    """Write down that it called, at most once a minute."""
    now = timezone.now()
    ServiceClient.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY), pk=client.pk
    ).update(last_used_at=now)
    return client


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
