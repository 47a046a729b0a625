"""What happens when people watch, like, follow and comment.

All locks are taken in one order, so that no two of these services can deadlock: the row
of the person who acts, their `Engagement`, their interests, and last and for the
shortest time the one `Video` whose counters change. `aggregates.rebuild` shuts the
others out by locking whole tables, in the same order.
"""

from interactions.services.commenting import add_comment, delete_comment
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
    "remove_from_history",
    "seed_interests",
    "undo_inspire",
    "undo_not_interested",
    "undo_rating",
    "unfollow",
    "unlike",
]
