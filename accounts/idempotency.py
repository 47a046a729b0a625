"""`Idempotency-Key`: a creation that is sent twice happens once.

The key and the answer are stored with what was created, in one transaction: of two
equal requests at the same moment the second waits for the first, and is then answered
as the first was. A request that failed leaves no key behind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import IdempotencyKey
from rest.requests import member

HEADER = "Idempotency-Key"
LONGEST = 200  # characters
KEPT = timedelta(days=1)

Handler = Callable[..., Response]


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This key came with another request: use a new one for each."


def idempotent(handler: Handler) -> Handler:
    """For the method of a view that creates something for whoever is signed in."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not 1 <= len(key) <= LONGEST or not key.isprintable():
            raise ParseError(f"{HEADER} has 1 to {LONGEST} characters, such as a UUID.")
        with transaction.atomic():
            fingerprint = _fingerprint(request)
            record, new = IdempotencyKey.objects.get_or_create(
                user=member(request), key=key, defaults={"fingerprint": fingerprint}
            )
            if not new:
                return _replayed(record, fingerprint)
            response = handler(view, request, *args, **kwargs)
            record.status = response.status_code
            record.body = json.loads(JSONRenderer().render(response.data))
            record.location = response.get("Location", "")
            record.save()
            return response

    once.idempotent = True  # type: ignore[attr-defined]  # the schema tells of it
    return once


def forget_old_keys() -> int:
    """Keys answer for a day; returns how many went."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def _replayed(record: IdempotencyKey, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise KeyReused
    headers = {"Idempotency-Replayed": "true"}
    if record.location:
        headers["Location"] = record.location
    return Response(record.body, status=record.status, headers=headers)


def _fingerprint(request: Request) -> str:
    """SHA-256 of method, address and body; of files their content."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    data = request.data
    if not hasattr(data, "lists"):
        digest.update(json.dumps(data, sort_keys=True).encode())
        return digest.hexdigest()
    for name, values in sorted(data.lists()):
        for value in values:
            digest.update(f"{name}\n".encode())
            if isinstance(value, UploadedFile):
                for chunk in value.chunks():
                    digest.update(chunk)
                value.seek(0)
            else:
                digest.update(f"{value}\n".encode())
    return digest.hexdigest()
