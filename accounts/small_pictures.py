"""Profile pictures in the size in which cards show them, made when first asked for."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image

SIZE = 96  # pixels: twice the largest avatar of a card
QUALITY = 80


def small_name(name: str) -> str:
    """The stored name of the small version of the picture `name`."""
    return f"{name.rpartition('.')[0]}-small.webp"


def open_or_make(name: str) -> File[bytes]:
    """The small version of the stored picture. Raises `FileNotFoundError`."""
    small = small_name(name)
    try:
        return default_storage.open(small)
    except FileNotFoundError:
        content = _encode(name)
    if default_storage.exists(name):  # it may have been deleted meanwhile
        default_storage.save(small, ContentFile(content))
    return ContentFile(content)


def _encode(name: str) -> bytes:
    with default_storage.open(name) as stored:
        picture = Image.open(stored)
        picture.draft("RGB", (SIZE, SIZE))
        picture.thumbnail((SIZE, SIZE), Image.Resampling.LANCZOS)
        output = io.BytesIO()
        picture.convert("RGB").save(output, "WEBP", quality=QUALITY)
    return output.getvalue()
