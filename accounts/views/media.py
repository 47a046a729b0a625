"""Pictures that anyone may see."""

from __future__ import annotations

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

YEAR = 365 * 24 * 3600
TYPES = {".jpg": "image/jpeg"}  # all that `clean_image` makes


@require_safe
def public_media(request: HttpRequest, path: str) -> FileResponse:
    """A profile picture or banner, from whichever storage is configured.

    Each upload has a new, random name, so an answer may be kept for ever.
    """
    extension = path[path.rfind(".") :]
    if extension not in TYPES or "\0" in path:
        raise Http404
    try:
        name = default_storage.generate_filename(f"public/{path}")
        file = default_storage.open(name)
    except (FileNotFoundError, SuspiciousFileOperation, IsADirectoryError) as error:
        raise Http404 from error
    response = FileResponse(file, content_type=TYPES[extension])
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
