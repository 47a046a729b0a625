"""Secrets that must be read again, encrypted at rest.

Fernet of the `cryptography` package (AES-128 in CBC mode with an HMAC-SHA256), under a
key that HKDF derives from `SECRET_KEY`. What was written under a key that has since
moved to `SECRET_KEY_FALLBACKS` can still be read.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

PURPOSE = b"accounts.encryption"


class Unreadable(Exception):
    """It was encrypted under a key that this installation no longer has."""


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """What `encrypt` was given. Raises `Unreadable`."""
    try:
        return _fernet().decrypt(token).decode()
    except InvalidToken:
        raise Unreadable from None


def _fernet() -> MultiFernet:
    return MultiFernet(
        Fernet(_derived(key))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _derived(key: str | bytes) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(hkdf.derive(force_bytes(key)))
