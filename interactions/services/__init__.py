"""Changes to interactions: watch, like, follow, comment.

All services take locks in one order, so that they cannot deadlock: the row of the
acting person, their `Engagement`, their interests, and last and for the shortest time
the `Video` whose counters change. `aggregates.rebuild` locks whole tables in the same
order.
"""

from interactions.services.commenting import (
    add_comment,
    delete_comment,
    remove_comments,
)
from interactions.services.engagement import engagement_score
from interactions.services.following import follow, unfollow
from interactions.services.interests import seed_interests
from interactions.services.leaving import forget_person
from interactions.services.liking import (
    inspire,
    like,
    not_interested,
    rate,
    undo_inspire,
    undo_not_interested,
    undo_rating,
    unlike,
)
from interactions.services.watching import (
    clear_history,
    record_watch,
    remove_from_history,
)

__all__ = [
    "add_comment",
    "clear_history",
    "delete_comment",
    "engagement_score",
    "follow",
    "forget_person",
    "inspire",
    "like",
    "not_interested",
    "rate",
    "record_watch",
    "remove_comments",
    "remove_from_history",
    "seed_interests",
    "undo_inspire",
    "undo_not_interested",
    "undo_rating",
    "unfollow",
    "unlike",
]
