"""How much one address may have counted."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class AnonymousSessionThrottle(SimpleRateThrottle):
    """Limits the viewing sessions of visitors who are not signed in.

    Each may count as a view, so they are limited by address; reports of a session that
    is known are not, however many.
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
        sessions = _sessions(request.data)
        if key is None or not sessions:
            return True
        now = self.timer()
        begun: dict[str, float] = {
            session: time
            for session, time in self.cache.get(key, {}).items()
            if time > now - self.duration
        }
        new = sessions - begun.keys()
        if new and len(begun) + len(new) > self.num_requests:
            oldest = min(begun.values(), default=now)
            self.seconds_left = oldest + self.duration - now
            return False
        if new:
            self.cache.set(key, begun | dict.fromkeys(new, now), self.duration)
        return True

    def wait(self) -> float:
        """Until the oldest session is no longer held against the address."""
        return self.seconds_left


def _sessions(batch: Any) -> set[str]:
    events = batch.get("events") if isinstance(batch, dict) else None
    return {
        str(event["session_id"])
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict) and "session_id" in event
    }
