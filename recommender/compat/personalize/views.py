"""One view: every operation is a POST of JSON to an address of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import ServiceClient
from recommender.compat.personalize import (
    datasets,
    events,
    recommending,
    shapes,
    signature,
)
from recommender.compat.personalize.errors import (
    ServiceError,
    TooLarge,
    UnknownOperation,
)

RUNTIME, EVENTS = "personalize-runtime", "personalize-events"


@dataclass(frozen=True)
class Operation:
    """An operation of a service, both by botocore's names."""

    service: str
    name: str
    answer: Callable[[ServiceClient, dict[str, Any]], dict[str, Any]]


OPERATIONS = {
    "recommendations": Operation(
        RUNTIME, "GetRecommendations", recommending.get_recommendations
    ),
    "personalize-ranking": Operation(
        RUNTIME, "GetPersonalizedRanking", recommending.get_personalized_ranking
    ),
    "events": Operation(EVENTS, "PutEvents", events.put_events),
    "items": Operation(EVENTS, "PutItems", datasets.put_items),
    "users": Operation(EVENTS, "PutUsers", datasets.put_users),
}


@csrf_exempt  # the signature of the body authenticates the request
def answer(request: HttpRequest, path: str) -> JsonResponse:
    """Errors have AWS's form, and each response has an id."""
    try:
        response = JsonResponse(_answer(request, path))
    except ServiceError as error:
        response = error.response()
    response["x-amzn-RequestId"] = str(uuid.uuid4())
    return response


def _answer(request: HttpRequest, path: str) -> dict[str, Any]:
    operation = OPERATIONS.get(path)
    if operation is None or request.method != "POST":
        raise UnknownOperation(f"{request.method} {request.path} is no operation here.")
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise TooLarge("The body is too large.") from error
    client = signature.verify(request, body)
    return operation.answer(
        client, shapes.parse(operation.service, operation.name, body)
    )
