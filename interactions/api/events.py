"""Batches of events, as players and feeds send them."""

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
    MOST_EVENTS,
    SERIALIZERS,
    BatchResultSerializer,
    BatchSerializer,
    EventSerializer,
)
from interactions.services import events
from interactions.throttles import AnonymousSessionThrottle

MOST_BYTES = 256 * 1024


class TooLarge(APIException):
    status_code = 413
    default_detail = (
        f"Send at most {MOST_EVENTS} events and {MOST_BYTES // 1024} KiB at once."
    )


class EventsView(APIView):
    """Take in a batch of up to 200 events.

    Each is judged alone: those that are not valid are reported with their `index` while
    the others are recorded; sending them again would not help. Sending a batch again
    changes nothing. Visitors may send events too: their views are counted.
    """

    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle, AnonymousSessionThrottle]
    throttle_scope = "events"
    problems = {"POST": {413}}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before anything is read: a body that is too large stays unread."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    @extend_schema(request=BatchSerializer, responses=BatchResultSerializer)
    def post(self, request: Request) -> Response:
        data = request.data
        events_sent = data.get("events") if isinstance(data, dict) else None
        if isinstance(events_sent, list) and len(events_sent) > MOST_EVENTS:
            raise TooLarge
        batch = BatchSerializer(data=data)
        batch.is_valid(raise_exception=True)
        results = [
            {"index": index} | self._take_in(request, raw)
            for index, raw in enumerate(batch.validated_data["events"])
        ]
        return Response({"results": results})

    def _take_in(self, request: Request, raw: Any) -> dict[str, Any]:
        sent = raw if isinstance(raw, dict) else {}
        kind, identity = sent.get("type"), sent.get("id")
        result = {"id": identity if isinstance(identity, str) else None}
        known = SERIALIZERS.get(kind) if isinstance(kind, str) else None
        serializer = (known or EventSerializer)(data=raw)
        if not serializer.is_valid():
            return result | {"status": "rejected", "errors": serializer.errors}
        try:
            new = events.take_in(user=request.user, event=serializer.validated_data)
        except events.UnknownVideo:
            errors = {"video_id": ["No such video."]}
            return result | {"status": "rejected", "errors": errors}
        return result | {"status": "recorded" if new else "duplicate"}
