"""Sign-up, log-in, log-out and sessions in the API."""

from __future__ import annotations

from allauth.headless.account import views as account
from allauth.headless.mfa import views as mfa
from allauth.headless.usersessions import views as usersessions
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts import services
from accounts.api.headless import Answer, Headless, Refused
from accounts.api.serializers import (
    CodeSerializer,
    LoginSerializer,
    PasswordSerializer,
    SessionSerializer,
    SignupSerializer,
    TokenSerializer,
)
from accounts.authentication import SessionToken
from accounts.models import User
from accounts.requests import member
from rest.requests import validated_body

signup = Headless(account.SignupView)
login = Headless(account.LoginView)
session = Headless(account.SessionView)
reauthenticate = Headless(account.ReauthenticateView)
authenticate = Headless(mfa.AuthenticateView)
sessions = Headless(usersessions.SessionsView)


class EntranceView(APIView):
    """A view for people who are not logged in; allauth checks a token, if any."""

    authentication_classes = []
    permission_classes = [AllowAny]


class MemberView(APIView):
    """A view for people with a token; browser sessions use the pages instead."""

    authentication_classes = [SessionToken]
    permission_classes = [IsAuthenticated]


def with_token(answer: Answer, code: int = status.HTTP_200_OK) -> Response:
    user = User.objects.get(pk=answer.data["user"]["id"])
    data = TokenSerializer({"token": answer.token, "user": user}).data
    return Response(data, status=code)


class SignupView(EntranceView):
    """Create an account, with interests and a mood, and log in."""

    problems = {"POST": {403, 409}}

    @extend_schema(request=SignupSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        values = validated_body(request, SignupSerializer)
        interests, mood = values.pop("interests"), values.pop("mood", "")
        refusal = None
        try:
            with transaction.atomic():
                try:
                    answer = signup(request, values)
                except APIException as error:  # the rate limit must count it
                    refusal = error
                else:
                    user = User.objects.get(pk=answer.data["user"]["id"])
                    services.set_interests(user=user, parent_categories=interests)
                    if mood:
                        services.set_mood(user=user, mood=mood)
        except IntegrityError:
            raise Refused(409, "This username or e-mail was just taken.") from None
        if refusal is not None:
            raise refusal
        return with_token(answer, status.HTTP_201_CREATED)


class LoginView(EntranceView):
    """Log in with username or e-mail address, and password.

    With a second factor, the response is a 401 with the `flow` `mfa_authenticate` and a
    `token` to send with the code to `auth/login/code/`.
    """

    problems = {"POST": {401, 409}}

    @extend_schema(request=LoginSerializer, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        sent = validated_body(request, LoginSerializer)
        name, password = sent["login"], sent["password"]
        method = "email" if "@" in name else "username"
        return with_token(login(request, {method: name, "password": password}))


class LoginCodeView(EntranceView):
    """The second factor: a code of the authenticator app, or a recovery code."""

    @extend_schema(
        request=CodeSerializer,
        responses=TokenSerializer,
        auth=[{"sessionToken": []}],  # type: ignore[list-item]
    )
    def post(self, request: Request) -> Response:
        return with_token(
            authenticate(request, validated_body(request, CodeSerializer))
        )


class SessionView(MemberView):
    """The session of the token."""

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request) -> Response:
        return with_token(session(request))

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Log out: the token becomes invalid."""
        session(request, accept=(200, 401))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReauthenticationView(MemberView):
    """Send the password again: sensitive operations need it after five minutes."""

    @extend_schema(request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        reauthenticate(request, validated_body(request, PasswordSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionViewSet(MemberView, ViewSet):
    """The sessions in which the user is logged in."""

    lookup_field = "session_id"
    lookup_value_converter = "int"

    @extend_schema(responses=SessionSerializer(many=True))
    def list(self, request: Request) -> Response:
        return Response(SessionSerializer(sessions(request).data, many=True).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, session_id: int) -> Response:
        """End a session of the user."""
        own = UserSession.objects.filter(user=member(request), pk=session_id)
        if not own.exists():
            raise NotFound
        sessions(request, {"sessions": [session_id]}, accept=(200, 401))
        return Response(status=status.HTTP_204_NO_CONTENT)
