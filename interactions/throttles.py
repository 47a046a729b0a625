"""Rate limit of anonymous viewing sessions."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class AnonymousSessionThrottle(SimpleRateThrottle):
    """Limits new viewing sessions of anonymous visitors by address.

    Each may count as a view. Further reports of a known session are not limited.
    """

    scope = "anonymous_sessions"
    num_requests: int  # sessions, within `duration` in seconds
    duration: int
    seconds_left = 0.0

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if request.user and request.user.is_authenticated:
            return None
        return str(
            self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
        )

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        if key is None or not (sessions := _sessions(request.data)):
            return True
        now = self.timer()
        started: dict[str, float] = {
            session: time
            for session, time in self.cache.get(key, {}).items()
            if time > now - self.duration
        }
        new = sessions - started.keys()
        if new and len(started) + len(new) > self.num_requests:
            oldest = min(started.values(), default=now)
            self.seconds_left = oldest + self.duration - now
            return False
        if new:
            self.cache.set(key, started | dict.fromkeys(new, now), self.duration)
        return True

    def wait(self) -> float:
        """Seconds until the oldest session no longer counts."""
        return self.seconds_left


def _sessions(batch: Any) -> set[str]:
    events = batch.get("events") if isinstance(batch, dict) else None
    return {
        str(event["session_id"])
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict) and "session_id" in event
    }
