"""Plain factories: every call makes a valid, distinct row."""

from __future__ import annotations

from itertools import count
from typing import Any

from accounts.models import User

_numbers = count(1)


def make_user(**overrides: Any) -> User:
    number = next(_numbers)
    values: dict[str, Any] = {
        "username": f"user{number}",
        "email": f"user{number}@example.com",
        "password": "correct horse",
    } | overrides
    return User.objects.create_user(**values)
