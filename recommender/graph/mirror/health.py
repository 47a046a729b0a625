"""How far the mirror is behind, read from PostgreSQL without a query to Neo4j."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from interactions.models import GraphChange
from recommender.graph.mirror import driver
from recommender.models import GraphMirror


@dataclass(frozen=True)
class Health:
    """`queue` counts waiting changes, `lag` is the age of the oldest one. `error` is
    the last error of the relay since its last success, or ""."""

    configured: bool
    queue: int
    lag: timedelta
    applied_at: datetime | None
    error: str
    failed_at: datetime | None
    verified_at: datetime | None
    differences: int

    def __str__(self) -> str:
        if not self.configured:
            return "none: Neo4j is not configured"
        behind = "up to date"
        if self.queue:
            age = self.lag.total_seconds()
            behind = f"{self.queue:,} changes wait, the oldest for {age:.0f} s"
        checked = "never verified"
        if self.verified_at is not None:
            checked = (
                f"verified {self.verified_at:%Y-%m-%d %H:%M},"
                f" {self.differences:,} differences then"
            )
        return f"{behind}; {checked}"

    @property
    def fault(self) -> str:
        """What is broken, in a sentence; "" if nothing is."""
        if self.configured and self.error:
            return f"Neo4j: {self.error}"
        return ""


def health() -> Health:
    waiting = GraphChange.objects.aggregate(queue=Count("pk"), oldest=Min("created_at"))
    oldest = waiting["oldest"]
    mirror = GraphMirror.load()
    failed, applied = mirror.failed_at, mirror.applied_at
    failing = failed is not None and (applied is None or applied < failed)
    return Health(
        configured=driver.configured(),
        queue=waiting["queue"],
        lag=timezone.now() - oldest if oldest else timedelta(),
        applied_at=applied,
        error=mirror.error if failing else "",
        failed_at=failed,
        verified_at=mirror.verified_at,
        differences=mirror.differences,
    )
