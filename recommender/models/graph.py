"""Sync state of the Neo4j mirror."""

from __future__ import annotations

import uuid

from django.db import models


class GraphMirror(models.Model):
    """Sync state of the Neo4j mirror; there is one row.

    A mirror belongs to one `generation` of the outbox. Dropping changes that were not
    applied starts a new generation, which needs a rebuild.
    """

    generation = models.UUIDField(default=uuid.uuid4)
    watermark = models.BigIntegerField(
        default=0, help_text="Number of the last change that was applied."
    )
    applied_at = models.DateTimeField(
        null=True, help_text="When a change was last applied."
    )
    error = models.TextField(blank=True, help_text="The last error.")
    failed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    differences = models.PositiveIntegerField(
        default=0, help_text="Found and repaired by the last check."
    )

    class Meta:
        verbose_name_plural = "graph mirror"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="graph_mirror_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return f"Mirror of generation {self.generation}"

    @classmethod
    def load(cls) -> GraphMirror:
        return cls.objects.get_or_create(pk=1)[0]
