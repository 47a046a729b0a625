"""Batches of events from players and feeds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from interactions.api.parsing import parse
from interactions.api.serializers import (
    MAX_EVENTS,
    BatchResultSerializer,
    BatchSerializer,
)
from interactions.services import events
from interactions.services.events import Outcome
from interactions.throttles import AnonymousSessionThrottle
from rest.throttles import ScopeThrottle

MAX_BYTES = 256 * 1024


class TooLarge(APIException):
    status_code = 413
    default_detail = (
        f"Send at most {MAX_EVENTS} events and {MAX_BYTES // 1024} KiB at once."
    )


class EventsView(APIView):
    """Record a batch of up to 200 events.

    Each event is validated separately: invalid events are reported with their `index`
    and need no retry, the others are recorded. Sending a batch again changes nothing.
    Anonymous visitors may send events too: their views are counted.
    """

    permission_classes = [AllowAny]
    throttle_classes = [ScopeThrottle, AnonymousSessionThrottle]
    throttle_scope = "events"
    problems = {"POST": {413}}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Reject a body that is too large before it is read."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    @extend_schema(request=BatchSerializer, responses=BatchResultSerializer)
    def post(self, request: Request) -> Response:
        data = request.data
        events_sent = data.get("events") if isinstance(data, dict) else None
        if isinstance(events_sent, list) and len(events_sent) > MAX_EVENTS:
            raise TooLarge
        batch = BatchSerializer(data=data)
        batch.is_valid(raise_exception=True)
        results = self._record(request, batch.validated_data["events"])
        return Response({"results": results})

    def _record(self, request: Request, sent: list[Any]) -> list[dict[str, Any]]:
        results, valid = [], []
        for index, raw in enumerate(sent):
            identity = raw.get("id") if isinstance(raw, dict) else None
            result: dict[str, Any] = {
                "index": index,
                "id": identity if isinstance(identity, str) else None,
            }
            results.append(result)
            try:
                event = parse(raw)
            except ValidationError as error:
                result |= {"status": "rejected", "errors": _by_field(error)}
            else:
                valid.append((result, event))
        outcomes = events.record_events(
            user=request.user, events=[event for _, event in valid]
        )
        for (result, _), outcome in zip(valid, outcomes, strict=True):
            if outcome is Outcome.UNKNOWN_VIDEO:
                errors = {"video_id": ["There is no such video."]}
                result |= {"status": "rejected", "errors": errors}
            else:
                result["status"] = outcome.value
        return results


def _by_field(error: ValidationError) -> Any:
    detail = error.detail
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}
