"""Typed access to environment variables; an empty value counts as unset."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name}={value!r}: use 1 or 0.")


def integer(name: str, default: int, *, at_least: int = 0) -> int:
    value = text(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: use a whole number.") from None
    if number < at_least:
        raise ImproperlyConfigured(f"{name}={number}: must be at least {at_least}.")
    return number


def fraction(name: str, default: float) -> float:
    value = text(name)
    try:
        number = float(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: use a number.") from None
    if not 0 <= number <= 1:
        raise ImproperlyConfigured(f"{name}={number}: use a number from 0 to 1.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word for part in text(name, default).split(",") if (word := part.strip())]


def all_or_none(*names: str) -> bool:
    """Whether a group of variables is set; a half-set group is an error."""
    missing = [name for name in names if not text(name)]
    if missing and len(missing) < len(names):
        present = ", ".join(name for name in names if text(name))
        raise ImproperlyConfigured(
            f"{present} set, but not {', '.join(missing)}: set all of them or none."
        )
    return not missing
