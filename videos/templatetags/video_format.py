"""Filters that format numbers, and name pictures and colours."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zlib import crc32

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

from rest import texts
from videos.models import Video

# Where an address ends or begins in Chinese or Japanese, which write no spaces.
BESIDE_LINKS = re.compile(
    "([\u2014\u2018-\u201d\u2026\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
    "|(?<=[^\\x00-\\x7f])(?=https?://))"
)

CATEGORY_ICONS = {
    "🎵": "music",
    "🎮": "gaming",
    "🏅": "sports",
    "🎓": "education",
    "😂": "comedy",
    "🔬": "science",
    "🚀": "space",
    "💻": "technology",
    "🍳": "food",
    "🌿": "nature",
    "✈": "travel",
    "🎨": "art",
    "🧘": "wellness",
    "🛠": "crafts",
}

register = template.Library()

AGES = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as `m:ss` or `h:mm:ss`: 61.7 is "1:01"; "" for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def compact(number: int | None) -> str:
    """A count in at most three digits, rounded down: 999, 1.2K, 12K, 3.4M, 2B."""
    value = int(number or 0)
    for unit, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if value >= size:
            whole, tenths = divmod(value * 10 // size, 10)
            return (
                f"{whole}.{tenths}{unit}" if whole < 10 and tenths else f"{whole}{unit}"
            )
    return str(value)


@register.filter
def age(moment: datetime | None) -> str:
    """How long ago: "just now", "5 minutes ago", "3 days ago"; "" for None."""
    if moment is None:
        return ""
    elapsed = timezone.now() - moment
    for name, length in AGES:
        count = elapsed // length
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@register.filter
def isolated(text: str) -> str:
    """A name or title for an attribute or `<title>`, where `<bdi>` is not possible."""
    return texts.isolated(str(text))


@register.filter
def linked(text: str) -> SafeString:
    """Escaped text, its addresses as links that open without trust in them."""
    parts = BESIDE_LINKS.split(str(text))
    return mark_safe("".join(urlize(p, nofollow=True, autoescape=True) for p in parts))


@register.filter
def percent(fraction: float | None) -> int:
    """A fraction in whole per cent, limited to 0 to 100; 0 for None."""
    return round(min(max(fraction or 0.0, 0.0), 1.0) * 100)


@register.filter
def category_icon(emoji: str) -> str:
    """The symbol of the sprite for the emoji of a category; empty if there is none."""
    name = CATEGORY_ICONS.get(emoji.removesuffix("\N{VARIATION SELECTOR-16}"))
    return f"category-{name}" if name else ""


@register.filter
def srcset(video: Video) -> str:
    """The addresses of the thumbnail in each of its widths."""
    address = reverse("video_thumbnail", args=[video.video_id])
    widths = video.thumbnail_widths or []
    return ", ".join(f"{address}{width}/ {width}w" for width in widths)


@register.filter
def poster(video: Video) -> str:
    """The address of the thumbnail in its largest width."""
    address = reverse("video_thumbnail", args=[video.video_id])
    return (
        f"{address}{max(video.thumbnail_widths)}/"
        if video.thumbnail_widths
        else address
    )


@register.filter
def hue(text: str) -> int:
    """One of the 24 hues of `tokens.css` (`data-hue`), derived from the text."""
    return crc32(str(text).encode()) % 24
