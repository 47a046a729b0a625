"""The order in which the services lock: see the package's docstring."""

from __future__ import annotations

from django.db import connection

from accounts.models import User


def lock_person(user: User) -> None:
    """Let what one person does happen one thing after the other.

    Held until the transaction ends. Rows that refer to the person may still be inserted
    meanwhile, so nobody else waits.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def lock_sums() -> None:
    """Wait until no watch or like is being recorded, and keep others from starting.

    Readers go on. To be called before anything else here touched these tables in the
    transaction: a lock that is raised later can deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE interactions_engagement, interactions_usercategoryinterest,"
            " interactions_anonymousview IN EXCLUSIVE MODE"
        )
