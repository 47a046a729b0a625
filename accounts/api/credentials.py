"""Credentials in the API: password, e-mail address, second factor."""

from __future__ import annotations

from allauth.headless.account import views as account
from allauth.headless.mfa import views as mfa
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.api.headless import Answer, Headless
from accounts.api.serializers import (
    AuthenticatorSerializer,
    CodeSerializer,
    EmailAddressSerializer,
    EmailSerializer,
    KeySerializer,
    NewPasswordSerializer,
    RecoveryCodesSerializer,
    ResetSerializer,
    TokenSerializer,
    TotpSerializer,
)
from accounts.api.session import EntranceView, MemberView, with_token
from rest.requests import validated_body

change_password = Headless(account.ChangePasswordView)
request_reset = Headless(account.RequestPasswordResetView)
reset_password = Headless(account.ResetPasswordView)
manage_email = Headless(account.ManageEmailView)
verify_email = Headless(account.VerifyEmailView)
list_authenticators = Headless(mfa.AuthenticatorsView)
manage_totp = Headless(mfa.ManageTOTPView)
manage_codes = Headless(mfa.ManageRecoveryCodesView)


class PasswordView(MemberView):
    """Change the password. All other sessions end; this one gets a new token."""

    @extend_schema(request=NewPasswordSerializer, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        return with_token(
            change_password(request, validated_body(request, NewPasswordSerializer))
        )


class PasswordResetView(EntranceView):
    """Send a link to set a new password, if the address has an account."""

    @extend_schema(request=EmailSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        request_reset(request, validated_body(request, EmailSerializer))
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmationView(EntranceView):
    """Set a new password with the key of that link. Does not log in."""

    @extend_schema(request=ResetSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        sent = validated_body(request, ResetSerializer)
        reset_password(request, sent, accept=(200, 401))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailView(MemberView):
    """The e-mail address, and a new one until it is confirmed."""

    problems = {"POST": {403}}

    @extend_schema(responses=EmailAddressSerializer(many=True))
    def get(self, request: Request) -> Response:
        answer = manage_email(request)
        return Response(EmailAddressSerializer(answer.data, many=True).data)

    @extend_schema(
        request=EmailSerializer, responses={200: EmailAddressSerializer(many=True)}
    )
    def post(self, request: Request) -> Response:
        """Change the address. It is used once the link sent to it was followed."""
        answer = manage_email(request, validated_body(request, EmailSerializer))
        return Response(EmailAddressSerializer(answer.data, many=True).data)


class EmailVerificationView(EntranceView):
    """Confirm an address with the key of the link sent to it."""

    problems = {"POST": {409}}

    @extend_schema(request=KeySerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        sent = validated_body(request, KeySerializer)
        verify_email(request, sent, accept=(200, 401))
        return Response(status=status.HTTP_204_NO_CONTENT)


class AuthenticatorViewSet(MemberView, ViewSet):
    """The second factors in use."""

    @extend_schema(responses=AuthenticatorSerializer(many=True))
    def list(self, request: Request) -> Response:
        answer = list_authenticators(request)
        return Response(AuthenticatorSerializer(answer.data, many=True).data)


class TotpView(MemberView):
    """Time-based codes of an authenticator app (RFC 6238).

    Requires a confirmed e-mail address (else 409) and a recent log-in (else 401 with
    the `flow` `reauthenticate`).
    """

    problems = {"GET": {409}, "POST": {409}, "DELETE": {409}}

    @extend_schema(responses=TotpSerializer)
    def get(self, request: Request) -> Response:
        """Whether it is active; if not, a secret to set it up."""
        answer = manage_totp(request, accept=(200, 404))
        if answer.status == status.HTTP_200_OK:
            return Response({"active": True})
        secret, url = answer.meta["secret"], answer.meta["totp_url"]
        return Response({"active": False, "secret": secret, "url": url})

    @extend_schema(request=CodeSerializer, responses={201: RecoveryCodesSerializer})
    def post(self, request: Request) -> Response:
        """Activate it with a code from the app.

        The response holds recovery codes, to be stored elsewhere.
        """
        manage_totp(request, validated_body(request, CodeSerializer))
        codes = manage_codes(request, method="GET")
        return _codes(codes, status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Deactivate it: the password alone is enough again."""
        manage_totp(request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecoveryCodesView(MemberView):
    """Codes to use in place of a lost authenticator."""

    problems = {"GET": {404}, "POST": {400}}

    @extend_schema(responses=RecoveryCodesSerializer)
    def get(self, request: Request) -> Response:
        return _codes(manage_codes(request), status.HTTP_200_OK)

    @extend_schema(request=None, responses={201: RecoveryCodesSerializer})
    def post(self, request: Request) -> Response:
        """Make new codes; the old ones become invalid."""
        return _codes(manage_codes(request), status.HTTP_201_CREATED)


def _codes(answer: Answer, code: int) -> Response:
    return Response({"unused_codes": answer.data["unused_codes"]}, status=code)
