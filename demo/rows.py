"""The rows of the demo: people, videos, and what people did with them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from demo import texts
from demo.catalogue import (
    CATEGORIES,
    PARENT_OF,
    PlannedVideo,
    as_arrays,
    personas,
)
from demo.follows import follow_viewers
from demo.media.clips import HEIGHT, WIDTH
from demo.people import SOURCE, make_creators, make_personas, make_viewers
from demo.simulate import Behaviour, simulate
from interactions.models import Comment, Follow, Like, Watch
from interactions.services.aggregates import rebuild
from videos import search
from videos.installation import install_catalogue
from videos.models import (
    Category,
    ParentCategory,
    Video,
    thumbnail_path,
    video_file_path,
)

BATCH = 5000


@transaction.atomic
def store(
    planned: list[PlannedVideo], *, viewers: int, seed: int, password: str
) -> None:
    """Store all rows of a new demo; `viewers` is the size of the crowd.

    Videos are in the state PROCESSING: their clips are made later.
    """
    now = timezone.now()
    install_catalogue()
    creators = make_creators(now, seed)
    named = make_personas(now, seed, password)
    crowd = make_viewers(viewers, now, seed)
    videos = _store_videos(planned, creators, now, seed)
    behaviour = simulate(
        as_arrays(planned), viewers=viewers, personas=personas(planned), seed=seed
    )
    audience = [*crowd, *named]
    _store_interests(behaviour, crowd, named)
    _store_watches(behaviour, audience, videos, now)
    _store_follows(behaviour, audience, creators, now, seed)
    _store_comments(planned, videos, audience, behaviour, now, seed)
    rebuild()
    search.refresh()


def _store_videos(
    planned: list[PlannedVideo], creators: list[User], now: datetime, seed: int
) -> list[Video]:
    rows = []
    rng = np.random.default_rng(seed)
    for number, plan in enumerate(planned):
        creator = creators[plan.creator]
        video = Video(
            title=plan.text.title,
            description=f"{plan.text.sentence}\n\n{creator.bio}",
            creator=creator,
            duration=plan.clip.seconds,
            width=WIDTH,
            height=HEIGHT,
            state=Video.State.PROCESSING,
            is_premium=bool(rng.random() < 0.06),
            published_at=now - timedelta(days=plan.age),
            source=SOURCE,
            external_id=f"video-{number}",
            is_demo=True,
        )
        # The names of files that `publish` stores.
        video.video_file.name = video_file_path(video, "")
        video.thumbnail.name = thumbnail_path(video, "")
        rows.append(video)
    rows = Video.objects.bulk_create(rows)
    for video in rows:
        video.created_at = video.published_at or now
    Video.objects.bulk_update(rows, ["created_at"])
    categories = Category.objects.in_bulk(list(CATEGORIES), field_name="slug")
    Video.categories.through.objects.bulk_create(
        Video.categories.through(video=video, category=categories[plan.text.category])
        for video, plan in zip(rows, planned, strict=True)
    )
    Video.parent_categories.through.objects.bulk_create(
        Video.parent_categories.through(
            video=video,
            parentcategory_id=categories[plan.text.category].parent_category_id,
        )
        for video, plan in zip(rows, planned, strict=True)
    )
    return rows


def _store_interests(
    behaviour: Behaviour, crowd: list[User], named: list[User]
) -> None:
    """Store the interests: viewers chose the parents of their favourite categories."""
    parents = {parent.slug: parent.pk for parent in ParentCategory.objects.all()}
    chosen = User.parent_category_interests.through
    rows = []
    for number, person in enumerate(crowd):
        slugs = {PARENT_OF[CATEGORIES[c]] for c in behaviour.favourites[number, :3]}
        rows += [chosen(user=person, parentcategory_id=parents[s]) for s in slugs]
    for person, text in zip(named, texts.PERSONAS, strict=True):
        rows += [
            chosen(user=person, parentcategory_id=parents[slug])
            for slug in text.interests
        ]
    chosen.objects.bulk_create(rows, batch_size=BATCH)


def _store_watches(
    behaviour: Behaviour,
    audience: list[User],
    videos: list[Video],
    now: datetime,
) -> None:
    columns = zip(
        behaviour.watch_viewer.tolist(),
        behaviour.watch_video.tolist(),
        behaviour.watch_fraction.tolist(),
        behaviour.watch_age.tolist(),
        strict=True,
    )
    _copy(
        Watch(
            user=audience[viewer],
            video=videos[video],
            watch_time=fraction,
            watched_duration=fraction * videos[video].duration,
            timestamp=now - timedelta(days=age),
            created_at=now - timedelta(days=age),
            updated_at=now - timedelta(days=age),
        )
        for viewer, video, fraction, age in columns
    )
    likes = zip(
        behaviour.like_viewer.tolist(),
        behaviour.like_video.tolist(),
        behaviour.like_age.tolist(),
        strict=True,
    )
    _copy(
        Like(
            user=audience[viewer],
            video=videos[video],
            timestamp=now - timedelta(days=age),
            created_at=now - timedelta(days=age),
            updated_at=now - timedelta(days=age),
        )
        for viewer, video, age in likes
    )


def _store_follows(
    behaviour: Behaviour,
    audience: list[User],
    creators: list[User],
    now: datetime,
    seed: int,
) -> None:
    """Store the follows of creators and between viewers."""
    viewer_follows = follow_viewers(
        behaviour,
        sharing=np.array([person.share_likes for person in audience]),
        crowd=len(audience) - len(texts.PERSONAS),
        seed=seed,
    )
    columns = [
        *zip(
            behaviour.follow_viewer.tolist(),
            [creators[number] for number in behaviour.follow_creator.tolist()],
            behaviour.follow_age.tolist(),
            strict=True,
        ),
        *zip(
            viewer_follows.follower.tolist(),
            [audience[number] for number in viewer_follows.followee.tolist()],
            viewer_follows.age.tolist(),
            strict=True,
        ),
    ]
    _copy(
        Follow(
            follower=audience[viewer],
            followee=followee,
            created_at=now - timedelta(days=age),
            updated_at=now - timedelta(days=age),
        )
        for viewer, followee, age in columns
    )


def _copy(rows: Iterable[Watch | Like | Follow]) -> None:
    """Insert rows of one model with COPY, which is faster than INSERT.

    Their times are stored unchanged: `auto_now_add` would replace them.
    """
    rows = list(rows)
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    lines = []
    for row in rows:
        values = [getattr(row, field.attname) for field in fields]
        lines.append("\t".join(r"\N" if v is None else str(v) for v in values))
    columns = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {meta.db_table} ({columns}) FROM STDIN",
            io.StringIO("\n".join(lines)),
        )


def _store_comments(
    planned: list[PlannedVideo],
    videos: list[Video],
    audience: list[User],
    behaviour: Behaviour,
    now: datetime,
    seed: int,
) -> None:
    """Some people comment on a video that they liked; some creators answer."""
    rng = np.random.default_rng((seed, 2))
    used: set[tuple[int, str]] = set()
    comments, times = [], []
    for viewer, number, age in zip(
        behaviour.like_viewer.tolist(),
        behaviour.like_video.tolist(),
        behaviour.like_age.tolist(),
        strict=True,
    ):
        text = str(rng.choice(texts.COMMENTS[planned[number].text.theme]))
        if rng.random() < 0.12 and (number, text) not in used:
            used.add((number, text))
            comments.append(
                Comment(user=audience[viewer], video=videos[number], text=text)
            )
            times.append(now - timedelta(days=age))
    stored = Comment.objects.bulk_create(comments, batch_size=BATCH)
    answers = []
    for comment, at in zip(list(stored), list(times), strict=True):
        if rng.random() < 0.2:
            answers.append(
                Comment(
                    user_id=comment.video.creator_id,
                    video=comment.video,
                    parent=comment,
                    text=str(rng.choice(texts.REPLIES)),
                )
            )
            times.append(min(at + timedelta(hours=rng.uniform(1, 30)), now))
    stored += Comment.objects.bulk_create(answers, batch_size=BATCH)
    for comment, at in zip(stored, times, strict=True):
        comment.created_at = at
    Comment.objects.bulk_update(stored, ["created_at"], batch_size=1000)
