"""What waits for the mirror, dropped where nobody will ever apply it."""

from __future__ import annotations

import uuid

from interactions.models import GraphChange
from recommender.graph.mirror import driver
from recommender.models import GraphMirror

LIMIT = 5_000_000  # changes; more take longer than a rebuild


def prune() -> int:
    """Keep the outbox from growing for ever; how many changes were dropped.

    Without Neo4j nobody reads it; with one that stays away it ends at `LIMIT`. The
    mirror, if there is one somewhere, is then built anew.
    """
    waiting = GraphChange.objects.count()
    if waiting <= (LIMIT if driver.configured() else 0):
        return 0
    # The generation first: a relay that reads the rest meanwhile rebuilds all the same.
    mirror = GraphMirror.load()
    mirror.generation = uuid.uuid4()
    mirror.save(update_fields=["generation"])
    return delete()


def delete() -> int:
    """Drop all that waits, without reading it; how much it was."""
    changes = GraphChange.objects.all()
    return changes._raw_delete(changes.db)
