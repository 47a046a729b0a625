"""Whatever changes a mirrored row, by whatever way, its key is in the outbox."""

from __future__ import annotations

import io
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions import services
from interactions.models import Engagement, GraphChange, Like, UserCategoryInterest
from interactions.services import aggregates
from interactions.tests.factories import watch
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_at_first(db):
    GraphChange.objects.all().delete()


def noted(*kinds: str) -> list[tuple[str, int | None, int | None]]:
    """What is in the outbox, of `kinds` if any are given; the outbox is emptied."""
    rows = GraphChange.objects.filter(kind__in=kinds) if kinds else GraphChange.objects
    found = sorted(rows.values_list("kind", "source", "target").distinct())
    GraphChange.objects.all().delete()
    return found


def test_every_mirrored_table_has_its_triggers():
    migration = import_module("interactions.migrations.0007_graph_outbox")
    expected = {
        (table, f"graph_{kind}_{operation}")
        for kind, (table, *_) in migration.KINDS.items()
        for operation in migration.OPERATIONS
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
        assert set(cursor.fetchall()) == expected


def test_people_videos_and_categories():
    jazz = make_category()
    assert noted() == [
        ("category", jazz.pk, 0),
        ("category_parent", jazz.pk, jazz.parent_category_id),
        ("parent", jazz.parent_category_id, 0),
    ]
    video = make_video(categories=[jazz])
    assert noted() == [
        ("in_category", video.pk, jazz.pk),
        ("in_parent", video.pk, jazz.parent_category_id),
        ("uploaded", video.creator_id, video.pk),
        ("user", video.creator_id, 0),
        ("video", video.pk, 0),
    ]


def test_what_people_do():
    jazz = make_category()
    video, user = make_video(categories=[jazz]), make_user()
    noted()
    watch(video, user=user)
    pair = (user.pk, video.pk)
    assert noted() == [("engagement", *pair), ("interest", user.pk, jazz.pk)]
    services.like(user=user, video=video)
    assert ("engagement", *pair) in noted()
    services.follow(follower=user, followee=video.creator)
    services.not_interested(user=user, video=video)
    user.parent_category_interests.add(jazz.parent_category)
    assert noted("chose", "follows", "not_interested") == [
        ("chose", user.pk, jazz.parent_category_id),
        ("follows", user.pk, video.creator_id),
        ("not_interested", *pair),
    ]


def test_an_update_of_what_is_not_mirrored_is_not_noted():
    video = make_video()
    noted()
    Video.objects.filter(pk=video.pk).update(views=3, likes=2, description="New")
    User.objects.filter(pk=video.creator_id).update(last_login=timezone.now(), bio="!")
    assert noted() == []
    Video.objects.filter(pk=video.pk).update(title="New")
    assert noted() == [("video", video.pk, 0)]


def test_a_changed_key_is_noted_as_it_was_and_as_it_is():
    video, other = make_video(), make_user()
    noted()
    Video.objects.filter(pk=video.pk).update(creator=other)
    assert noted() == sorted(
        ("uploaded", creator, video.pk) for creator in (video.creator_id, other.pk)
    )


def test_bulk_raw_and_copied_rows_are_noted_like_others():
    videos, user = [make_video() for _ in range(3)], make_user()
    noted()
    Like.objects.bulk_create(Like(user=user, video=v) for v in videos)
    aggregates.rebuild()
    keys = [("engagement", user.pk, v.pk) for v in videos]
    assert noted("engagement") == keys
    Engagement.objects.update(score=0.5)
    assert noted() == keys
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY interactions_notinterested (user_id, video_id, created_at,"
            " updated_at) FROM STDIN",
            io.StringIO(
                "".join(f"{user.pk}\t{v.pk}\t2026-01-01\t2026-01-01\n" for v in videos)
            ),
        )
    assert noted() == [("not_interested", user.pk, v.pk) for v in videos]


def test_deleting_somebody_notes_all_that_hung_on_them():
    jazz = make_category()
    video, user = make_video(categories=[jazz]), make_user()
    watch(video, user=user)
    services.follow(follower=user, followee=video.creator)
    noted()
    key = user.pk
    user.delete()
    assert noted() == [
        ("engagement", key, video.pk),
        ("follows", key, video.creator_id),
        ("interest", key, jazz.pk),
        ("user", key, 0),
    ]


def test_an_emptied_table_is_noted_as_a_whole():
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {UserCategoryInterest._meta.db_table}")
    assert noted() == [("interest", None, None)]


def test_what_was_rolled_back_is_not_noted():
    with transaction.atomic():
        make_user()
        transaction.set_rollback(True)
    assert noted() == []
