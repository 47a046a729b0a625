"""AWS's own clients, against a server or, to be quick, against a test client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from django.http import HttpResponse
from django.test import Client

from accounts import service_clients
from accounts.models import ServiceClient

ARN = "arn:aws:personalize:eu-west-1:123456789012"
TOP_PICKS = f"{ARN}:campaign/top-picks"
SIMILAR = f"{ARN}:recommender/more-similar-items"
ITEMS = f"{ARN}:dataset/shop/ITEMS"
USERS = f"{ARN}:dataset/shop/USERS"


def make_caller() -> tuple[ServiceClient, str]:
    return service_clients.create(name="shop", source="shop")


def aws(service: str, key: str, secret: str, *, url: str = "") -> Any:
    """A client of the server at `url`; without, one whose requests are answered in this
    process, each signed as if it went over the network."""
    client = boto3.client(
        f"personalize-{service}",
        endpoint_url=f"{url or 'http://testserver'}/personalize",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="eu-west-1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    if not url:
        client.meta.events.register("before-send", answer)
    return client


def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    response = Client(enforce_csrf_checks=True).generic(
        request.method,
        request.url.removeprefix("http://testserver"),
        request.body or b"",
        content_type=headers.pop("Content-Type", "application/json"),
        headers={"Host": "testserver", **headers},
    )
    return AWSResponse(
        request.url, response.status_code, dict(response.items()), _Raw(response)
    )


class _Raw:
    """The body, as urllib3 would give it."""

    def __init__(self, response: HttpResponse) -> None:
        self.body = response.content

    def stream(self) -> Iterator[bytes]:
        yield self.body
