"""Public pictures."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

YEAR = 365 * 24 * 3600
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


@require_safe
def public_media(request: HttpRequest, path: str) -> FileResponse:
    """A profile picture or banner from the configured storage.

    The route matches only the random names that `accounts.models` makes. A name is
    never used again, so browsers may keep responses without limit. Shared caches ask
    before each use: they stop sending what was deleted.
    """
    try:
        file = default_storage.open(f"public/{path}")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type=TYPES[PurePosixPath(path).suffix])
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable, s-maxage=0"
    return response
