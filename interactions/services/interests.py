"""People's interests in categories, which decay in time.

A score is a sum of amounts, each with a half-life of `INTEREST_HALF_LIFE` since its own
time. It is stored for `scored_at`, which is not before the newest of these times. With
this "forward decay" (Cormode et al., ICDE 2009), amounts may be added and subtracted in
any order without reading the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
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

SEED_SCORE = 0.5  # for a chosen parent category; about one video that was watched
ROUNDING = 1e-9  # smaller scores are rounding errors


def decayed(score: float, *, since: datetime, until: datetime) -> float:
    """A score at `since`, decayed to `until`, which is not earlier."""
    half_lives = (until - since) / settings.INTEREST_HALF_LIFE
    return float(score * 2.0 ** -min(half_lives, MAX_HALF_LIVES))


@dataclass(frozen=True)
class Addition:
    """Amounts, each with its time, for the interests in the categories of a video.

    Negative amounts subtract earlier ones. `interactions` is added to the number of
    counted watches and likes.
    """

    video: int  # its primary key
    amounts: Sequence[tuple[float, datetime]]
    interactions: int

    def __bool__(self) -> bool:
        return bool(self.interactions or any(amount for amount, _ in self.amounts))


def add_engagements(*, user: User, additions: Sequence[Addition]) -> None:
    """Add to the interests of `user`. The caller holds `lock_person`.

    If the categories of a video have changed, earlier amounts stay with the old ones
    until `aggregates.rebuild`.
    """
    additions = [addition for addition in additions if addition]
    if not additions:
        return
    categories: dict[int, list[int]] = defaultdict(list)
    pairs = Video.categories.through.objects.filter(
        video__in=[addition.video for addition in additions]
    )
    for video, category in pairs.values_list("video_id", "category_id"):
        categories[video].append(category)
    interests = user.category_interests.filter(
        category__in=set().union(*categories.values())
    )
    known = {row.category_id: row for row in interests}
    changed = {}
    for addition in additions:
        newest = max(time for _, time in addition.amounts)
        for key in categories[addition.video]:
            row = known.setdefault(
                key, UserCategoryInterest(user=user, category_id=key, scored_at=newest)
            )
            _add(row, addition, newest)
            changed[key] = row
    _store([changed[key] for key in sorted(changed)])


def _add(row: UserCategoryInterest, addition: Addition, newest: datetime) -> None:
    _decay(row, until=newest)
    row.score += sum(
        decayed(amount, since=time, until=row.scored_at)
        for amount, time in addition.amounts
    )
    row.interaction_count = max(row.interaction_count + addition.interactions, 0)


@transaction.atomic
def seed_interests(*, user: User) -> None:
    """Update the seeds to the parent categories that `user` has chosen.

    A new choice adds `SEED_SCORE` to each of its categories, a removed one subtracts
    its decayed seed, and one that stays is not changed.
    """
    lock_person(user)
    now = timezone.now()
    chosen = Category.objects.filter(parent_category__interested_users=user)
    removed = list(
        user.category_interests.exclude(seeded_at=None).exclude(category__in=chosen)
    )
    for row in removed:
        assert row.seeded_at is not None
        row.score -= decayed(SEED_SCORE, since=row.seeded_at, until=row.scored_at)
        row.seeded_at = None
    rows = _rows(user, chosen, scored_at=now)
    for row in rows:
        if row.seeded_at is None:
            _decay(row, until=now)
            row.score += decayed(SEED_SCORE, since=now, until=row.scored_at)
            row.seeded_at = now
    _store(removed + rows)


def _rows(
    user: User, categories: QuerySet[Category], *, scored_at: datetime
) -> list[UserCategoryInterest]:
    """The interest of `user` in each category, or an unsaved one."""
    known = {row.category_id: row for row in user.category_interests.all()}
    return [
        known.get(key)
        or UserCategoryInterest(user=user, category_id=key, scored_at=scored_at)
        for key in categories.order_by("pk").values_list("pk", flat=True)
    ]


def _decay(row: UserCategoryInterest, *, until: datetime) -> None:
    if until > row.scored_at:
        row.score = decayed(row.score, since=row.scored_at, until=until)
        row.scored_at = until


def _store(rows: list[UserCategoryInterest]) -> None:
    """Write the rows; delete those without interactions and seed."""
    for row in rows:
        row.score = row.score if row.score > ROUNDING else 0.0
    current = [row for row in rows if row.interaction_count or row.seeded_at]
    obsolete = [row.pk for row in rows if row.pk and row not in current]
    UserCategoryInterest.objects.bulk_create(
        current,
        update_conflicts=True,
        unique_fields=["user", "category"],
        update_fields=[
            *("score", "interaction_count", "scored_at", "seeded_at", "updated_at"),
        ],
    )
    if obsolete:
        UserCategoryInterest.objects.filter(pk__in=obsolete).delete()
