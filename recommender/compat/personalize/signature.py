"""AWS Signature Version 4, checked with the secret of a service client.

botocore's own signer, given what the client says that it signed, computes what the
signature has to be; no part of the algorithm is written here. What is left to check is
that the client signed enough: the host, all `x-amz-` headers, the body that came, and a
time that is near.
"""

from __future__ import annotations

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from django.http import HttpRequest

from accounts import encryption, service_clients
from accounts.models import ServiceClient
from recommender.compat.personalize.errors import (
    IncompleteSignature,
    InvalidSignature,
    MissingAuthenticationToken,
    UnrecognizedClient,
)

logger = logging.getLogger(__name__)

SERVICE = "personalize"
SKEW = timedelta(minutes=5)
TIME = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)"
    r"/(?P<service>[^/,\s]+)/aws4_request, *"
    r"SignedHeaders=(?P<headers>[a-z0-9;_.-]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """The parts of an `Authorization` header."""

    key: str
    day: str
    region: str
    service: str
    headers: frozenset[str]
    signature: str


class _Signer(SigV4Auth):  # type: ignore[misc]
    """botocore's signer, for the headers that another client chose to sign."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name] = value
        return headers


def verify(request: HttpRequest, body: bytes) -> ServiceClient:
    """The service client that signed `request`; its use is recorded.

    Raises the errors that AWS answers with 403.
    """
    signed = _parse(request.headers.get("Authorization", ""))
    time = request.headers.get("X-Amz-Date", "")
    _check_time(time, signed)
    _check_coverage(request, body, signed)
    client = ServiceClient.objects.active().filter(client_id=signed.key).first()
    if client is None:
        raise UnrecognizedClient(
            "The security token included in the request is invalid: there is no "
            "active service client with this id."
        )
    expected = _signature(request, body, time, signed, _secret(client))
    if not hmac.compare_digest(expected, signed.signature):
        raise InvalidSignature(
            "The request signature we calculated does not match the signature you "
            "provided. Check your AWS Secret Access Key and signing method."
        )
    return service_clients.record_use(client=client)


def _parse(header: str) -> Signed:
    if not header:
        raise MissingAuthenticationToken("Missing Authentication Token")
    match = AUTHORIZATION.fullmatch(header)
    if match is None:
        raise IncompleteSignature(
            "Authorization must have the form of Signature Version 4: "
            "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..."
        )
    parts = match.groupdict()
    headers = frozenset(parts.pop("headers").split(";"))
    return Signed(headers=headers, **parts)


def _check_time(time: str, signed: Signed) -> None:
    try:
        at = datetime.strptime(time, TIME).replace(tzinfo=UTC)
    except ValueError:
        raise IncompleteSignature(
            "X-Amz-Date must be a time like 20260131T235900Z."
        ) from None
    if signed.day != time[:8]:
        raise InvalidSignature(
            "Date in Credential scope does not match that of X-Amz-Date: "
            f"{signed.day} is not {time[:8]}."
        )
    now = datetime.now(UTC)
    if abs(now - at) > SKEW:
        expired = "expired" if at < now else "not yet current"
        raise InvalidSignature(
            f"Signature {expired}: {time} is more than {SKEW.seconds // 60} minutes "
            f"from {now:{TIME}}, the time here."
        )


def _check_coverage(request: HttpRequest, body: bytes, signed: Signed) -> None:
    if signed.service != SERVICE:
        raise InvalidSignature(
            f"Credential should be scoped to correct service: '{SERVICE}'."
        )
    present = {name.lower() for name in request.headers}
    needed = {"host"} | {name for name in present if name.startswith("x-amz-")}
    if missing := needed - signed.headers:
        raise InvalidSignature(
            f"Not signed, though it must be: {', '.join(sorted(missing))}."
        )
    if absent := signed.headers - present:
        raise InvalidSignature(
            f"Signed, but not in the request: {', '.join(sorted(absent))}."
        )
    declared = request.headers.get("X-Amz-Content-SHA256")
    if declared is not None and declared != sha256(body).hexdigest():
        raise InvalidSignature("X-Amz-Content-SHA256 is not the hash of this body.")


def _secret(client: ServiceClient) -> str:
    try:
        return client.secret
    except encryption.Unreadable:
        logger.error(
            "The secret of service client %s cannot be read: SECRET_KEY was replaced. "
            "Name the old one in SECRET_KEY_FALLBACKS, or make the client anew.",
            client.client_id,
        )
        raise UnrecognizedClient(
            "The security token included in the request is invalid."
        ) from None


def _signature(
    request: HttpRequest, body: bytes, time: str, signed: Signed, secret: str
) -> str:
    """What the signer makes of the same request with the same headers."""
    again = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['Host']}{request.get_full_path()}",
        headers={name: request.headers[name] for name in signed.headers},
        data=body,
    )
    again.context["timestamp"] = time
    signer = _Signer(Credentials(signed.key, secret), signed.service, signed.region)
    canonical = signer.canonical_request(again)
    return str(signer.signature(signer.string_to_sign(again, canonical), again))
