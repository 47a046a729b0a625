"""The sync state of the Neo4j mirror."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender.admin.confirm import ReadOnlyAdmin
from recommender.graph.mirror.health import health
from recommender.models import GraphMirror


@admin.register(GraphMirror)
class GraphMirrorAdmin(ReadOnlyAdmin):
    list_display = ("state", "queue", "lag", "last_error", "failed_at", "verified_at")
    fields = (
        "state", "queue", "lag", "applied_at", "watermark", "error", "failed_at",
        "verified_at", "differences", "generation",
    )  # fmt: skip
    readonly_fields = ("state", "queue", "lag")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GraphMirror]:
        GraphMirror.load()  # creates the row before the first sync
        return super().get_queryset(request)

    @admin.display(description="mirror in Neo4j")
    def state(self, mirror: GraphMirror) -> str:
        return health().fault or str(health())

    @admin.display(description="changes that wait")
    def queue(self, mirror: GraphMirror) -> int:
        return health().queue

    @admin.display(description="for how long")
    def lag(self, mirror: GraphMirror) -> str:
        return f"{health().lag.total_seconds():.0f} s"

    @admin.display(description="last error")
    def last_error(self, mirror: GraphMirror) -> str:
        return mirror.error[:100] or "-"
