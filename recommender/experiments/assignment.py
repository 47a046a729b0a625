"""Assignment of users to the arms of an experiment, by a hash of the user."""

from __future__ import annotations

import hashlib
from uuid import UUID

from recommender.ml.experiments.interleaving import CONTROL, TREATMENT


def arm_of(user_id: int, *, salt: UUID, share: float) -> str | None:
    """The arm of a user, None for users who do not take part.

    A ``share`` of all users take part, half of them in each arm. Another ``salt``
    gives an independent assignment.
    """
    digest = hashlib.sha256(f"{salt}:{user_id}".encode()).digest()
    if int.from_bytes(digest[:8]) >= share * 2**64:
        return None
    return TREATMENT if digest[8] % 2 else CONTROL
