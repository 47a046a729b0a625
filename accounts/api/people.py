"""Profiles of people."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from accounts.profiles import figures, followed
from rest.etags import etag_response


def person_named(username: str) -> User:
    """The active person with this username, whatever its case. Raises `Http404`."""
    return get_object_or_404(User.objects.with_profile(), username__iexact=username)


class ProfileViewSet(GenericViewSet[User]):
    """A person's public profile."""

    serializer_class = ProfileSerializer
    permission_classes = [AllowAny]
    lookup_field = "username"
    lookup_value_converter = "username"
    versioned = True

    @extend_schema(responses=ProfileSerializer)
    def retrieve(self, request: Request, username: str) -> Response:
        person = person_named(username)
        context = {
            "request": request,
            "figures": figures(person),
            "followed": followed(request.user, [person]),
        }
        profile = ProfileSerializer(person, context=context)
        return etag_response(request, person, profile.data)
