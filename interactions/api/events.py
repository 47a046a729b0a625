"""Batches of events from players and feeds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from interactions.api.serializers import (
    MAX_EVENTS,
    SERIALIZERS,
    BatchResultSerializer,
    BatchSerializer,
    EventSerializer,
)
from interactions.services import events
from interactions.throttles import AnonymousSessionThrottle

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
    throttle_classes = [ScopedRateThrottle, AnonymousSessionThrottle]
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
        results = [
            {"index": index} | self._record(request, raw)
            for index, raw in enumerate(batch.validated_data["events"])
        ]
        return Response({"results": results})

    def _record(self, request: Request, raw: Any) -> dict[str, Any]:
        sent = raw if isinstance(raw, dict) else {}
        kind, identity = sent.get("type"), sent.get("id")
        result = {"id": identity if isinstance(identity, str) else None}
        known = SERIALIZERS.get(kind) if isinstance(kind, str) else None
        serializer = (known or EventSerializer)(data=raw)
        if not serializer.is_valid():
            return result | {"status": "rejected", "errors": serializer.errors}
        try:
            new = events.record_event(
                user=request.user, event=serializer.validated_data
            )
        except events.UnknownVideo:
            errors = {"video_id": ["There is no such video."]}
            return result | {"status": "rejected", "errors": errors}
        return result | {"status": "recorded" if new else "duplicate"}
