"""Locks of the services; the package's docstring has their order."""

from __future__ import annotations

from django.db import connection

from accounts.models import User


def lock_person(user: User) -> None:
    """Serialize the interactions of one person until the transaction ends.

    Other people's rows that refer to the person can still be inserted.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def lock_sums() -> None:
    """Block the recording of watches and likes until the transaction ends.

    Readers are not blocked. Call it before the transaction touches these tables: a lock
    that is raised later can deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE interactions_engagement, interactions_usercategoryinterest,"
            " interactions_anonymousview IN EXCLUSIVE MODE"
        )
