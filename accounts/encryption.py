"""Encryption of secrets that the platform must read again.

Fernet of the `cryptography` package (AES-128 in CBC mode with an HMAC-SHA256), with a
key that HKDF derives from `SECRET_KEY`. Keys in `SECRET_KEY_FALLBACKS` still decrypt.
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
    """No key of this installation decrypts the text."""


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text that `encrypt` got. Raises `Unreadable`."""
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
