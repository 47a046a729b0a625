"""Parse cells of text. Each function raises `ValueError` with a readable reason."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

MAX_ID = 256  # what the models hold, and what Personalize allows
MAX_TITLE = 150
MAX_DESCRIPTION = 5000
MAX_CATEGORY = 60
MAX_URL = 500
MAX_SECONDS = 7 * 86400.0
MILLISECONDS_FROM = 1e11  # as seconds that would be the year 5138


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def identifier(text: str, name: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError(f"{name} is empty")
    if len(text) > MAX_ID:
        raise ValueError(f"{name} is longer than {MAX_ID} characters")
    return text


def number(text: str, name: str, *, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {_quoted(text)} is not a number") from None
    if not low <= value <= high:  # NaN fails it too
        raise ValueError(f"{name} {_quoted(text)} is not within {low:g} to {high:g}")
    return value


def flag(text: str, name: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{name} {_quoted(text)} is neither 0 nor 1")
    return text == "1"


def moment(text: str, name: str) -> datetime:
    """Parse Unix time in seconds, or in milliseconds if it is too large for seconds."""
    value = number(text, name, low=-math.inf, high=math.inf)
    if abs(value) >= MILLISECONDS_FROM:
        value /= 1000
    if not 0 < value <= (datetime.now(UTC) + timedelta(days=1)).timestamp():
        raise ValueError(f"{name} {_quoted(text)} is not a Unix time of the past")
    return datetime.fromtimestamp(value, UTC)


def web_address(text: str, name: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{name} {_quoted(text)} is not a web address")
    if len(text) > MAX_URL:
        raise ValueError(f"{name} is longer than {MAX_URL} characters")
    return text


def category(text: str, name: str) -> str:
    text = text.strip()
    if len(text) > MAX_CATEGORY:
        raise ValueError(f"{name} {_quoted(text)} is over {MAX_CATEGORY} characters")
    return text


def shorten(text: str, length: int) -> str:
    """Cut `text` to `length` characters, the last an ellipsis if it was longer."""
    text = text.strip()
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
