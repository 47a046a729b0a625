"""Parse cells of text. Each function raises `ValueError` with a readable reason."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from rest.texts import line, prose

MAX_ID = 256  # what the models hold, and what Personalize allows
MAX_TITLE = 150
MAX_DESCRIPTION = 5000
MAX_CATEGORY = 60
MAX_URL = 500
MAX_SECONDS = 7 * 86400.0
MILLISECONDS_FROM = 1e11  # as seconds that would be the year 5138
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1800, 2199  # of anything that has a date
SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,](\d+))?[eE]\+?(\d{1,3})")
WHOLE_FLOAT = re.compile(r"(\d+)\.0+")
ROUNDED = (
    "was rounded by a spreadsheet: show the column as numbers without decimals and "
    "export it again"
)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def identifier(text: str, name: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError(f"{name} is empty")
    if len(text) > MAX_ID:
        raise ValueError(f"{name} is longer than {MAX_ID} characters")
    return text


def id_of_file(text: str, name: str) -> tuple[str, bool]:
    """An id as a file has it, and whether it was a whole number with decimals.

    pandas writes 12.0 for 12 if other rows have no value. Spreadsheets write
    1.23457E+15, in which several ids become one: that is refused.
    """
    text = identifier(text, name)
    if "E+" in text and SCIENTIFIC.fullmatch(text):
        raise ValueError(f"{name} {_quoted(text)} {ROUNDED}")
    whole = WHOLE_FLOAT.fullmatch(text) if "." in text else None
    return (whole[1], True) if whole else (text, False)


def number(text: str, name: str, *, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        hint = ": decimals need a point, not a comma" if "," in text else ""
        raise ValueError(f"{name} {_quoted(text)} is not a number{hint}") from None
    if not low <= value <= high:  # NaN fails it too
        raise ValueError(f"{name} {_quoted(text)} is not within {low:g} to {high:g}")
    return value


def flag(text: str, name: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{name} {_quoted(text)} is neither 0 nor 1")
    return text == "1"


def moment(text: str, name: str) -> datetime:
    """Parse Unix time in seconds, or in milliseconds if it is too large for seconds."""
    at = _unix_time(text, name)
    if not EPOCH < at <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError(f"{name} {_quoted(text)} is not a Unix time of the past")
    return at


def publication(text: str, name: str) -> datetime:
    """As `moment`, also before 1970, which has negative numbers."""
    at = _unix_time(text, name)
    if _is_calendar(text):
        raise ValueError(f"{name} {_quoted(text)} is a date: write it as a Unix time")
    if not at.year >= FIRST_YEAR or at > datetime.now(UTC) + timedelta(days=1):
        raise ValueError(f"{name} {_quoted(text)} is not a Unix time of the past")
    return at


def _unix_time(text: str, name: str) -> datetime:
    written = SCIENTIFIC.fullmatch(text.strip()) if "e" in text.lower() else None
    plain = text.replace(",", ".") if written else text
    value = number(plain, name, low=-math.inf, high=math.inf)
    scale = 1000 if abs(value) >= MILLISECONDS_FROM else 1
    if written:
        decimals, exponent = len(written[1] or ""), int(written[2])
        if exponent - decimals > math.log10(scale):  # the last digit is over a second
            raise ValueError(f"{name} {_quoted(text)} {ROUNDED}")
    try:
        return EPOCH + timedelta(seconds=value / scale)
    except (OverflowError, ValueError):
        raise ValueError(
            f"{name} {_quoted(text)} is not a Unix time of the past"
        ) from None


def _is_calendar(text: str) -> bool:
    """Whether digits are a year or YYYYMMDD, which as Unix times are of early 1970."""
    digits = text.strip().removesuffix(".0")
    if len(digits) == 4 and digits.isdecimal():
        return FIRST_YEAR <= int(digits) <= LAST_YEAR
    try:
        return len(digits) == 8 and date.fromisoformat(digits).year <= LAST_YEAR
    except ValueError:
        return False


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
    text = line(text)
    if len(text) > MAX_CATEGORY:
        raise ValueError(f"{name} {_quoted(text)} is over {MAX_CATEGORY} characters")
    return text


def shorten(text: str, length: int) -> str:
    """Cut `text` to `length` characters, the last an ellipsis if it was longer."""
    text = prose(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
