"""Who takes part in an experiment, and in which arm: by hash, so always the same."""

from __future__ import annotations

import hashlib
from uuid import UUID

from recommender.ml.experiments.interleaving import CONTROL, TREATMENT


def arm_of(user_id: int, *, salt: UUID, share: float) -> str | None:
    """The arm of a person, None for those who do not take part.

    ``share`` of all people do; half of them are in either arm. Another salt assigns
    them anew, independently.
    """
    digest = hashlib.sha256(f"{salt}:{user_id}".encode()).digest()
    if int.from_bytes(digest[:8]) >= share * 2**64:
        return None
    return TREATMENT if digest[8] % 2 else CONTROL
