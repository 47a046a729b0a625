"""How much people care for categories, with decay in time.

A row's score is a sum of amounts, each halved every `INTEREST_HALF_LIFE` since its own
time, and stored as it stands at `scored_at`, not before the newest of these times. In
this form ("forward decay", Cormode et al., ICDE 2009) amounts may arrive in any order,
and be taken back, without the others being looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from interactions.models import UserCategoryInterest
from interactions.querysets import MAX_HALF_LIVES
from interactions.services.locking import lock_person
from videos.models import Category, Video

SEED_SCORE = 0.5  # of a chosen parent category: as much as most of one video watched
NOTHING = 1e-9  # what rounding leaves of amounts that were taken back


def decayed(score: float, *, since: datetime, until: datetime) -> float:
    """What a score of `since` is at `until`, which is not before it."""
    half_lives = (until - since) / settings.INTEREST_HALF_LIFE
    return float(score * 2.0 ** -min(half_lives, MAX_HALF_LIVES))


def credit(
    *,
    user: User,
    video: Video,
    amounts: Sequence[tuple[float, datetime]],
    interactions: int,
) -> None:
    """Add amounts (negative ones take back), each of its time, to the categories of
    `video`, and `interactions` to the number of counted watches and likes there.

    The caller holds `lock_person`. Should the video's categories have changed since an
    amount was added, it stays with the old ones until `aggregates.rebuild`.
    """
    if not interactions and not any(amount for amount, _ in amounts):
        return
    newest = max(time for _, time in amounts)
    rows = _rows(user, video.categories.all(), scored_at=newest)
    for row in rows:
        _move(row, until=newest)
        row.score += sum(
            decayed(amount, since=time, until=row.scored_at) for amount, time in amounts
        )
        row.interaction_count = max(row.interaction_count + interactions, 0)
    _store(rows)


@transaction.atomic
def seed_interests(*, user: User) -> None:
    """Make the seeds agree with the parent categories that `user` has chosen.

    A new choice adds `SEED_SCORE` as of now to each of its categories; one that was
    given up takes its own back; one that stays goes on decaying.
    """
    lock_person(user)
    now = timezone.now()
    chosen = Category.objects.filter(parent_category__interested_users=user)
    given_up = list(
        user.category_interests.exclude(seeded_at=None).exclude(category__in=chosen)
    )
    for row in given_up:
        assert row.seeded_at is not None
        row.score -= decayed(SEED_SCORE, since=row.seeded_at, until=row.scored_at)
        row.seeded_at = None
    rows = _rows(user, chosen, scored_at=now)
    for row in rows:
        if row.seeded_at is None:
            _move(row, until=now)
            row.score += decayed(SEED_SCORE, since=now, until=row.scored_at)
            row.seeded_at = now
    _store(given_up + rows)


def _rows(
    user: User, categories: QuerySet[Category], *, scored_at: datetime
) -> list[UserCategoryInterest]:
    """The row of `user` with each category; unsaved where there is none yet."""
    known = {row.category_id: row for row in user.category_interests.all()}
    return [
        known.get(key)
        or UserCategoryInterest(user=user, category_id=key, scored_at=scored_at)
        for key in categories.order_by("pk").values_list("pk", flat=True)
    ]


def _move(row: UserCategoryInterest, *, until: datetime) -> None:
    if until > row.scored_at:
        row.score = decayed(row.score, since=row.scored_at, until=until)
        row.scored_at = until


def _store(rows: list[UserCategoryInterest]) -> None:
    """Write the rows; those that nothing speaks for any more go."""
    for row in rows:
        row.score = row.score if row.score > NOTHING else 0.0
        row.updated_at = timezone.now()
    kept = [row for row in rows if row.interaction_count or row.seeded_at]
    gone = [row.pk for row in rows if row.pk and row not in kept]
    UserCategoryInterest.objects.bulk_create([row for row in kept if not row.pk])
    UserCategoryInterest.objects.bulk_update(
        [row for row in kept if row.pk],
        ["score", "interaction_count", "scored_at", "seeded_at", "updated_at"],
    )
    UserCategoryInterest.objects.filter(pk__in=gone).delete()
