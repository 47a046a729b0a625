"""The user's own account in the API: profile, interests, export, deletion."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.api.headless import WAIT
from accounts.api.serializers import (
    InterestsSerializer,
    MeSerializer,
    MoodSerializer,
    PasswordSerializer,
    PictureSerializer,
)
from accounts.forms import DeleteAccountForm, ProfileForm
from accounts.models import User
from accounts.requests import member
from rest.etags import check_unchanged, etag_response
from rest.representing import represent
from rest.requests import validated_body


def _me_response(request: Request, user: User) -> Response:
    data = represent(MeSerializer, user, {"request": request})
    return etag_response(request, user, data)


def _locked_user(request: Request) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=member(request).pk)


class MeView(APIView):
    """The user's own account."""

    permission_classes = [IsAuthenticated]
    versioned = True

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return _me_response(request, member(request))

    @extend_schema(request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Change the fields that the body names."""
        with transaction.atomic():
            user = _locked_user(request)
            check_unchanged(request, user)
            sent = MeSerializer(user, data=request.data, partial=True)
            sent.is_valid(raise_exception=True)
            values: dict[str, Any] = dict(sent.validated_data)
            name = values.pop("get_full_name", None)
            services.edit_account(user=user, name=name, **values)
        return _me_response(request, user)


class PictureView(APIView):
    """The profile picture or the banner, cropped and without metadata."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]
    field = "profile_picture"

    @extend_schema(request=PictureSerializer, responses=MeSerializer)
    def put(self, request: Request) -> Response:
        sent = validated_body(request, PictureSerializer)
        clean = ProfileForm.base_fields[self.field].clean
        return self._set(request, clean(sent["image"]))

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        self._set(request, "")
        return Response(status=status.HTTP_204_NO_CONTENT)

    @transaction.atomic
    def _set(self, request: Request, picture: Any) -> Response:
        user = _locked_user(request)
        setattr(user, self.field, picture)
        services.save_profile(user=user)
        return _me_response(request, user)


class InterestsView(APIView):
    """The parent categories that the user is interested in; feeds use them at once."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=InterestsSerializer)
    def get(self, request: Request) -> Response:
        chosen = member(request).parent_category_interests.all()
        return Response(InterestsSerializer({"interests": chosen}).data)

    @extend_schema(request=InterestsSerializer, responses=InterestsSerializer)
    def put(self, request: Request) -> Response:
        sent = validated_body(request, InterestsSerializer)
        services.set_interests(
            user=member(request), parent_categories=sent["interests"]
        )
        return self.get(request)


class MoodView(APIView):
    """The user's mood: Home starts with videos of it."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MoodSerializer)
    def get(self, request: Request) -> Response:
        return Response({"mood": member(request).mood})

    @extend_schema(request=MoodSerializer, responses=MoodSerializer)
    def put(self, request: Request) -> Response:
        sent = validated_body(request, MoodSerializer)
        services.set_mood(user=member(request), mood=sent["mood"])
        return self.get(request)


class ExportView(APIView):
    """All stored data of the user, by table."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response(services.export_account(user=member(request)))


class DeletionView(APIView):
    """Delete the account and all its data. This cannot be undone."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        user = member(request)
        if not ratelimit.consume(request._request, action="reauthenticate", user=user):
            raise Throttled(wait=WAIT)
        sent = validated_body(request, PasswordSerializer)
        form = DeleteAccountForm(sent, user=user)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(e) for e in form.errors[name]] for name in form.errors}
            )
        services.delete_account(user=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
