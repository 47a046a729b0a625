"""Interactions of a person whose account is deleted."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from interactions.models import Like
from interactions.services.locking import lock_person, lock_sums
from interactions.services.watching import clear_history


@transaction.atomic
def forget_person(*, user: User) -> None:
    """Remove `user` from the counters of videos, before their rows are deleted.

    Likes are subtracted; counted views become anonymous.
    """
    lock_person(user)
    lock_sums()
    Like.objects.filter(user=user).delete()
    clear_history(user=user)
