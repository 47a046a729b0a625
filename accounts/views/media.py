"""Public pictures."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from accounts import small_pictures

YEAR = 365 * 24 * 3600
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


@require_safe
def public_media(request: HttpRequest, path: str) -> FileResponse:
    """A profile picture or banner from the configured storage.

    The route matches only the random names that `accounts.models` makes.
    """
    try:
        return _forever(default_storage.open(f"public/{path}"), path)
    except FileNotFoundError as error:
        raise Http404 from error


@require_safe
def small_picture(request: HttpRequest, path: str) -> FileResponse:
    """A profile picture in the size of cards; `path` is that of the picture."""
    try:
        return _forever(small_pictures.open_or_make(f"public/{path}"), "small.webp")
    except FileNotFoundError as error:
        raise Http404 from error


def _forever(file: File[bytes], name: str) -> FileResponse:
    """A name is never used again, so browsers may keep the response without limit.

    Shared caches ask before each use: they stop sending what was deleted.
    """
    response = FileResponse(file, content_type=TYPES[PurePosixPath(name).suffix])
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable, s-maxage=0"
    return response
