"""Other people."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from accounts.profiles import figures, followed
from rest.etags import etag_response


def person_named(username: str) -> User:
    """Who anyone may open the profile of; 404 for others."""
    return get_object_or_404(User.objects.with_profile(), username__iexact=username)


class ProfileView(APIView):
    """A person's profile, open to everyone."""

    permission_classes = [AllowAny]
    versioned = True

    @extend_schema(responses=ProfileSerializer)
    def get(self, request: Request, username: str) -> Response:
        person = person_named(username)
        context = {
            "request": request,
            "figures": figures(person),
            "followed": followed(request.user, [person]),
        }
        shown = ProfileSerializer(person, context=context)
        return etag_response(request, person, shown.data)
