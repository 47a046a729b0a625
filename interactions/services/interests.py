"""People's interests in categories, which decay in time.

A score is a sum of amounts, each with a half-life of `INTEREST_HALF_LIFE` since its own
time. It is stored for `scored_at`, which is not before the newest of these times. With
this "forward decay" (Cormode et al., ICDE 2009), amounts may be added and subtracted in
any order without reading the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from interactions.models import UserCategoryInterest
from interactions.querysets import MAX_HALF_LIVES
from interactions.services.locking import lock_person
from interactions.services.upserts import upsert
from videos.models import Category

SEED_SCORE = 0.5  # for a chosen parent category; about one video that was watched
ROUNDING = 1e-9  # smaller scores are rounding errors

CATEGORIES = """
SELECT video_id, category_id FROM videos_video_categories
WHERE video_id = ANY(%s)
"""


def decayed(score: float, *, since: datetime, until: datetime) -> float:
    """A score at `since`, decayed to `until`, which is not earlier."""
    half_lives = (until - since) / settings.INTEREST_HALF_LIFE
    return float(score * 2.0 ** -min(half_lives, MAX_HALF_LIVES))


class Interest(msgspec.Struct):
    """A row of `UserCategoryInterest`."""

    category_id: int
    scored_at: datetime
    score: float = 0.0
    interaction_count: int = 0
    seeded_at: datetime | None = None


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
    categories = _categories([addition.video for addition in additions])
    known = _interests(user, set().union(*categories.values()))
    changed = {}
    for addition in additions:
        newest = max(time for _, time in addition.amounts)
        for key in categories[addition.video]:
            row = known.setdefault(key, Interest(key, newest))
            _add(row, addition, newest)
            changed[key] = row
    _store(user, changed.values())


def _categories(videos: list[int]) -> dict[int, list[int]]:
    """The keys of the categories of each video."""
    categories: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CATEGORIES, [videos])
        for video, category in cursor.fetchall():
            categories[video].append(category)
    return categories


def _interests(user: User, categories: Collection[int]) -> dict[int, Interest]:
    rows = user.category_interests.filter(category__in=categories).order_by()
    values = rows.values_list(*Interest.__struct_fields__)
    return {row[0]: Interest(*row) for row in values}


def _add(row: Interest, addition: Addition, newest: datetime) -> None:
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
    chosen = set(
        Category.objects.filter(parent_category__interested_users=user).values_list(
            "pk", flat=True
        )
    )
    seeded = user.category_interests.exclude(seeded_at=None)
    known = _interests(user, chosen.union(seeded.values_list("category_id", flat=True)))
    for key in chosen:
        row = known.setdefault(key, Interest(key, now))
        if row.seeded_at is None:
            _decay(row, until=now)
            row.score += decayed(SEED_SCORE, since=now, until=row.scored_at)
            row.seeded_at = now
    for key in known.keys() - chosen:
        row = known[key]
        assert row.seeded_at is not None
        row.score -= decayed(SEED_SCORE, since=row.seeded_at, until=row.scored_at)
        row.seeded_at = None
    _store(user, known.values())


def _decay(row: Interest, *, until: datetime) -> None:
    if until > row.scored_at:
        row.score = decayed(row.score, since=row.scored_at, until=until)
        row.scored_at = until


def _store(user: User, rows: Iterable[Interest]) -> None:
    """Write the rows; delete those without interactions and seed."""
    current, obsolete = [], []
    for row in rows:
        row.score = row.score if row.score > ROUNDING else 0.0
        if row.interaction_count or row.seeded_at:
            current.append(row)
        else:
            obsolete.append(row.category_id)
    upsert(UserCategoryInterest, user_id=user.pk, rows=current, key=("category_id",))
    if obsolete:
        user.category_interests.filter(category__in=obsolete).delete()
