"""URL path converters."""

from __future__ import annotations


class UsernameConverter:
    """Usernames, imported ones included."""

    regex = r"[\w.@+-]{1,150}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
