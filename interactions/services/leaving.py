"""Interactions of a person whose account is deleted."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from interactions.models import Comment, Like
from interactions.services.commenting import remove_comments
from interactions.services.locking import lock_person, lock_sums
from interactions.services.watching import clear_history


@transaction.atomic
def forget_person(*, user: User) -> None:
    """Remove `user` from what others see, before their rows are deleted.

    Likes are subtracted from the counters of videos; counted views become anonymous;
    replies of others to their comments stay.
    """
    lock_person(user)
    lock_sums()
    Like.objects.filter(user=user).delete()
    clear_history(user=user)
    remove_comments(Comment.objects.filter(user=user))
