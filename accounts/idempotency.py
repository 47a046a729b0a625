"""A creation that is sent twice happens once.

Clients of the API send `Idempotency-Key`. The key and the response are stored in the
transaction of the creation. Of two equal requests at the same moment, the second waits
for the first and gets its response. A failed request stores no key.

Forms have the tag `{% form_key %}`, and their views ask `is_first`.
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
from django.http import HttpRequest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import IdempotencyKey
from accounts.requests import MemberRequest, member

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 200  # characters
FORM_KEY = "form_key"  # the field of a form
MAX_FORM_KEY_LENGTH = 100  # a hash is stored with it
LIFETIME = timedelta(days=1)
PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
    OpenApiParameter.HEADER,
    description="Made by the client, one for each thing to create: a repeated request "
    "gets the same response and creates nothing.",
)

Handler = Callable[..., Response]


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This key was used with another request: use a new one for each."


def idempotent(handler: Handler) -> Handler:
    """Decorate the method of a view that creates something for the signed-in user."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable():
            raise ParseError(
                f"{HEADER} has 1 to {MAX_KEY_LENGTH} characters, such as a UUID."
            )
        with transaction.atomic():
            fingerprint = _fingerprint(request, request.data)
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

    once.schema_parameters = [PARAMETER]  # type: ignore[attr-defined]  # rest.schema
    once.schema_problems = {400, 422}  # type: ignore[attr-defined]
    return once


def is_first(request: MemberRequest) -> bool:
    """Whether the form is sent for the first time with this key and these values.

    Call it in the transaction that creates something. Someone who goes back to a form
    and sends other values means something new. A form without a key is always first.
    """
    key = request.POST.get(FORM_KEY, "")
    if not 1 <= len(key) <= MAX_FORM_KEY_LENGTH or not key.isprintable():
        return True
    sent = MultiValueDict({**request.POST, **request.FILES})  # type: ignore[dict-item]
    sent.pop("csrfmiddlewaretoken", None)  # a log-in in another tab changes it
    fingerprint = _fingerprint(request, sent)
    return IdempotencyKey.objects.get_or_create(
        user=request.user,
        key=f"{key} {fingerprint}",
        defaults={"fingerprint": fingerprint},
    )[1]


def delete_expired_keys() -> int:
    """Delete keys older than `LIFETIME`; return how many."""
    expired = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - LIFETIME)
    return expired.delete()[0]


def _replayed(record: IdempotencyKey, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise KeyReused
    headers = {"Idempotency-Replayed": "true"}
    if record.location:
        headers["Location"] = record.location
    return Response(record.body, status=record.status, headers=headers)


def _fingerprint(request: Request | HttpRequest, data: Any) -> str:
    """SHA-256 of method, path and `data`, with the content of files."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
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
