"""The time zones that a person may choose."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


@cache
def names() -> tuple[str, ...]:
    """The names to choose from: continents with cities, and UTC."""
    return ("UTC", *sorted(n for n in available_timezones() if is_place(n)))


def is_place(name: str) -> bool:
    return "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))


def validate(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"There is no time zone “{name}”.")
