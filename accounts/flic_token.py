"""Authentication of service clients by their secret in the `Flic-Token` header."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import service_clients
from accounts.models import ServiceClient

HEADER = "Flic-Token"


class FlicToken(BaseAuthentication):
    """Sets `request.auth` to the service client; `request.user` is anonymous."""

    def authenticate(
        self, request: Request
    ) -> tuple[AnonymousUser, ServiceClient] | None:
        secret = request.headers.get(HEADER)
        if secret is None:
            return None
        client = service_clients.authenticate(secret)
        if client is None:
            raise AuthenticationFailed(f"No service client has this {HEADER}.")
        return AnonymousUser(), client

    def authenticate_header(self, request: Request) -> str:
        return HEADER


class IsServiceClient(BasePermission):
    """A service client, or everyone with `FEED_API_OPEN`."""

    message = f"Send the secret of a service client in {HEADER}."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return settings.FEED_API_OPEN or isinstance(request.auth, ServiceClient)
