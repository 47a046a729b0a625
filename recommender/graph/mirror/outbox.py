"""The outbox of the mirror: deletion of changes that will not be applied."""

from __future__ import annotations

import uuid

from interactions.models import GraphChange
from recommender.graph.mirror import driver
from recommender.models import GraphMirror

LIMIT = 5_000_000  # changes; applying more takes longer than a rebuild


def prune() -> int:
    """Delete all changes if Neo4j is not configured or more than `LIMIT` wait.

    The mirror, if there is one, is then rebuilt. Returns how many were deleted.
    """
    waiting = GraphChange.objects.count()
    if waiting <= (LIMIT if driver.configured() else 0):
        return 0
    # The generation first, so that a relay that is reading now rebuilds as well.
    mirror = GraphMirror.load()
    mirror.generation = uuid.uuid4()
    mirror.save(update_fields=["generation"])
    return delete()


def delete() -> int:
    """Delete all waiting changes; returns how many."""
    changes = GraphChange.objects.all()
    return changes._raw_delete(changes.db)
