"""What a signature has to cover, and what each lack of it is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from recommender.tests.compat.personalize.aws import TOP_PICKS, answer

pytestmark = pytest.mark.django_db
URL = "http://testserver/personalize/recommendations"
BODY = f'{{"campaignArn": "{TOP_PICKS}", "userId": "ann"}}'.encode()


def sign(caller, *, secret=None, service="personalize", headers=(), url=URL):
    client, own = caller
    request = AWSRequest("POST", url, dict(headers), BODY)
    credentials = Credentials(client.client_id, secret or own)
    SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
    return request


def send(request):
    response = answer(request.prepare())
    return response.status_code, response.headers.get("x-amzn-ErrorType", "")


def test_what_botocore_signs_is_answered_and_noted(caller):
    assert send(sign(caller)) == (200, "")
    assert send(sign(caller, url=f"{URL}?b=2&a=1")) == (200, "")
    assert send(sign(caller, headers={"User-Agent": "x", "X-Other": " a  b "})) == (
        200,
        "",
    )
    digest = {"X-Amz-Content-SHA256": sha256(BODY).hexdigest()}
    assert send(sign(caller, headers=digest)) == (200, "")
    client, _ = caller
    client.refresh_from_db()
    assert client.last_used_at


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "guessed"}, "InvalidSignatureException"),
        ({"service": "s3"}, "InvalidSignatureException"),
        (
            {"headers": {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}},
            "InvalidSignatureException",
        ),
    ],
)
def test_signed_otherwise(caller, change, code):
    assert send(sign(caller, **change)) == (403, code)


def authorization(old, new):
    def change(request):
        value = request.headers["Authorization"]
        assert old in value
        request.headers.replace_header("Authorization", value.replace(old, new))

    return change


def without(name):
    def change(request):
        del request.headers[name]

    return change


def body(request):
    request.data = BODY.replace(b"ann", b"bob")


def header_added(request):
    request.headers["X-Amz-Target"] = "other"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without("Authorization"), "MissingAuthenticationTokenException"),
        (without("X-Amz-Date"), "IncompleteSignatureException"),
        (authorization("AWS4-HMAC-SHA256", "AWS3"), "IncompleteSignatureException"),
        (authorization("Signature=", "Signature=0"), "IncompleteSignatureException"),
        (authorization("host;", ""), "InvalidSignatureException"),
        (authorization("host;", "host;x-absent;"), "InvalidSignatureException"),
        (authorization("eu-west-1", "eu-west-2"), "InvalidSignatureException"),
        (authorization("/20", "/19"), "InvalidSignatureException"),
        (authorization("Credential=", "Credential=A"), "UnrecognizedClientException"),
        (header_added, "InvalidSignatureException"),
        (body, "InvalidSignatureException"),
    ],
)
def test_changed_on_the_way(caller, change, code):
    request = sign(caller)
    change(request)
    assert send(request) == (403, code)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_the_time_must_be_near(caller, monkeypatch, minutes):
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then)
    assert send(sign(caller)) == (403, "InvalidSignatureException")


def test_a_client_that_was_shut_out_or_cannot_be_read(caller, settings):
    client, _ = caller
    settings.SECRET_KEY = "another" * 8
    assert send(sign(caller)) == (403, "UnrecognizedClientException")
    client.active = False
    client.save()
    assert send(sign(caller)) == (403, "UnrecognizedClientException")


def test_errors_have_awss_form(caller):
    unsigned = AWSRequest("POST", URL, {}, BODY)
    response = answer(unsigned.prepare())
    assert b'"__type": "MissingAuthenticationTokenException"' in response.content
    assert response.headers["x-amzn-RequestId"]
    assert send(sign(caller, url=URL.replace("recommendations", "actions"))) == (
        404,
        "UnknownOperationException",
    )
