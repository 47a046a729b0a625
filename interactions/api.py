"""The API of what people do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from interactions.serializers import (
    SERIALIZERS,
    BatchResultSerializer,
    BatchSerializer,
    EventSerializer,
)
from interactions.services import events


class EventsView(APIView):
    """Take in a batch of up to 200 events.

    Each is judged alone: those that are not valid are reported by their place in
    `results` while the others are recorded. Sending a batch again changes nothing.
    Visitors may send events too: their views are counted.
    """

    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "events"

    @extend_schema(request=BatchSerializer, responses=BatchResultSerializer)
    def post(self, request: Request) -> Response:
        batch = BatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        raw = batch.validated_data["events"]
        return Response({"results": [self._take_in(request, event) for event in raw]})

    def _take_in(self, request: Request, raw: Mapping[str, Any]) -> dict[str, Any]:
        kind = raw.get("type")
        known = SERIALIZERS.get(kind) if isinstance(kind, str) else None
        serializer = (known or EventSerializer)(data=raw)
        if not serializer.is_valid():
            return _result(raw, "rejected", dict(serializer.errors))
        try:
            new = events.take_in(user=request.user, event=serializer.validated_data)
        except events.UnknownVideo:
            return _result(raw, "rejected", {"video_id": ["No such video."]})
        return _result(raw, "recorded" if new else "duplicate")


def _result(
    raw: Mapping[str, Any], status: str, errors: dict[str, Any] | None = None
) -> dict[str, Any]:
    identity = raw.get("id")
    result: dict[str, Any] = {
        "id": identity if isinstance(identity, str) else None,
        "status": status,
    }
    return result | ({"errors": errors} if errors else {})
