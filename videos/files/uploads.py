"""Rejecting uploads that are too large before they reach the disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

FORM_BYTES = 1024 * 1024  # for the other fields of a form


class SizeLimit(FileUploadHandler):
    """Drops the files of a request that exceeds `UPLOAD_MAX_BYTES`.

    It sets `request.upload_too_large`, from which the form makes its error.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *rest: Any, **more: Any
    ) -> None:
        limit = settings.UPLOAD_MAX_BYTES + FORM_BYTES
        self.too_large = content_length > limit
        if self.request is not None:
            self.request.upload_too_large = self.too_large  # type: ignore[attr-defined]

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.too_large:
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def is_too_large(request: HttpRequest) -> bool:
    return getattr(request, "upload_too_large", False)
