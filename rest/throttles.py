"""Rate limits of the API.

They are counted in the cache `throttles`: in Redis for all processes together, without
Redis in the memory of each web process, so that a request waits for no database.
"""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    UserRateThrottle,
)

throttle_cache: Any = ConnectionProxy(caches, "throttles")


class AnonymousThrottle(AnonRateThrottle):
    """Limits requests without a user, by address."""

    cache = throttle_cache


class PersonThrottle(UserRateThrottle):
    """Limits the requests of each user."""

    cache = throttle_cache


class ScopeThrottle(ScopedRateThrottle):
    """Limits the requests to the views of a `throttle_scope`."""

    cache = throttle_cache
