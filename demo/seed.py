"""Fill an installation with demo content, or take it out again.

Everything made here carries `is_demo` and the source `demo`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone
from imageio_ffmpeg import get_ffmpeg_exe
from tqdm import tqdm

from accounts.models import User
from demo import texts
from demo.catalogue import (
    CATEGORIES,
    PARENT_OF,
    PlannedVideo,
    as_arrays,
    personas,
    plan_videos,
)
from demo.follows import make_friends
from demo.media.clips import HEIGHT, WIDTH
from demo.media.render import clip_paths, make_clips
from demo.people import SOURCE, make_creators, make_personas, make_viewers
from demo.simulate import Behaviour, simulate
from interactions.models import Comment, Follow, Like, Watch
from interactions.services.aggregates import rebuild
from videos import search
from videos.installation import install_catalogue
from videos.models import Category, ParentCategory, Video
from videos.services import remove_files

BATCH = 5000


@dataclass(frozen=True)
class Seeded:
    """What there is of demo content; `fresh` when this run made it."""

    fresh: bool
    creators: int
    videos: int
    viewers: int
    watches: int
    likes: int
    follows: int


def seed_demo(
    *, videos: int, viewers: int, seed: int, password: str, quiet: bool = False
) -> Seeded:
    """Make demo content, unless there is some already.

    Clips come first and are kept in `VAR_DIR/demo`; the rows follow in one transaction,
    so that an interrupted run leaves no half of them.
    """
    if Video.objects.filter(source=SOURCE).exists():
        return _count(fresh=False)
    planned = plan_videos(videos, seed)
    folder = Path(settings.VAR_DIR) / "demo"
    ffmpeg = settings.FFMPEG or get_ffmpeg_exe()
    make_clips([p.clip for p in planned], folder, ffmpeg=ffmpeg, quiet=quiet)
    with transaction.atomic():
        _store(planned, folder, viewers, seed, password, quiet)
    return _count(fresh=True)


@transaction.atomic
def remove_demo() -> int:
    """Delete all demo people and videos with what hangs on them; count the videos.

    Clips cached for the next time stay where they are.
    """
    videos = list(Video.objects.filter(is_demo=True))
    for video in videos:
        transaction.on_commit(partial(remove_files, video))
    touched = User.objects.filter(is_demo=False, watches__video__is_demo=True)
    people = list(touched.distinct())
    pictures = [
        (file.storage, str(file.name))
        for person in User.objects.filter(is_demo=True)
        for file in (person.profile_picture, person.banner_image)
        if file.name
    ]
    for storage, name in pictures:
        transaction.on_commit(partial(storage.delete, name))
    Video.objects.filter(is_demo=True).delete()
    User.objects.filter(is_demo=True).delete()
    rebuild(users=people)
    return len(videos)


def _store(
    planned: list[PlannedVideo],
    folder: Path,
    viewer_count: int,
    seed: int,
    password: str,
    quiet: bool,
) -> None:
    now = timezone.now()
    install_catalogue()
    creators = make_creators(now, seed)
    named = make_personas(now, seed, password)
    crowd = make_viewers(viewer_count, now, seed)
    videos = _store_videos(planned, creators, folder, now, seed, quiet)
    behaviour = simulate(
        as_arrays(planned),
        viewers=viewer_count,
        personas=personas(planned),
        seed=seed,
    )
    audience = [*crowd, *named]
    _store_interests(behaviour, crowd, named)
    _store_watches(behaviour, audience, videos, now)
    _store_follows(behaviour, audience, creators, now, seed)
    _store_comments(planned, videos, audience, creators, behaviour, now, seed)
    rebuild()
    search.refresh()


def _store_videos(
    planned: list[PlannedVideo],
    creators: list[User],
    folder: Path,
    now: datetime,
    seed: int,
    quiet: bool,
) -> list[Video]:
    rows = []
    luck = np.random.default_rng(seed)
    for number, plan in enumerate(tqdm(planned, "  videos", disable=quiet)):
        creator = creators[plan.creator]
        clip, still = clip_paths(plan.clip, folder)
        video = Video(
            title=plan.text.title,
            description=f"{plan.text.sentence}\n\n{creator.bio}",
            creator=creator,
            duration=plan.clip.seconds,
            width=WIDTH,
            height=HEIGHT,
            state=Video.State.READY,
            is_premium=bool(luck.random() < 0.06),
            published_at=now - timedelta(days=plan.age),
            source=SOURCE,
            external_id=f"video-{number}",
            is_demo=True,
        )
        with clip.open("rb") as handle:
            video.video_file.save("clip.mp4", File(handle), save=False)
        with still.open("rb") as handle:
            video.thumbnail.save("thumbnail.jpg", File(handle), save=False)
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
    """Viewers chose the parents of what they like best, personas what is theirs."""
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
    """Viewers follow creators, and each other."""
    friends = make_friends(
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
            friends.follower.tolist(),
            [audience[number] for number in friends.followee.tolist()],
            friends.age.tolist(),
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
    """Insert rows of one model with COPY, which takes a fraction of INSERT's time.

    Their times are stored as they are, which `auto_now_add` would not do.
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
    creators: list[User],
    behaviour: Behaviour,
    now: datetime,
    seed: int,
) -> None:
    """Some who liked a video say so, and some creators answer."""
    luck = np.random.default_rng((seed, 2))
    said: set[tuple[int, str]] = set()
    comments, times = [], []
    for viewer, number, age in zip(
        behaviour.like_viewer.tolist(),
        behaviour.like_video.tolist(),
        behaviour.like_age.tolist(),
        strict=True,
    ):
        text = str(luck.choice(texts.COMMENTS[planned[number].text.theme]))
        if luck.random() < 0.12 and (number, text) not in said:
            said.add((number, text))
            comments.append(
                Comment(user=audience[viewer], video=videos[number], text=text)
            )
            times.append(now - timedelta(days=age))
    stored = Comment.objects.bulk_create(comments, batch_size=BATCH)
    answers = []
    for comment, at in zip(list(stored), list(times), strict=True):
        if luck.random() < 0.2:
            answers.append(
                Comment(
                    user_id=comment.video.creator_id,
                    video=comment.video,
                    parent=comment,
                    text=str(luck.choice(texts.REPLIES)),
                )
            )
            times.append(min(at + timedelta(hours=luck.uniform(1, 30)), now))
    stored += Comment.objects.bulk_create(answers, batch_size=BATCH)
    for comment, at in zip(stored, times, strict=True):
        comment.created_at = at
    Comment.objects.bulk_update(stored, ["created_at"], batch_size=1000)


def _count(*, fresh: bool) -> Seeded:
    people = User.objects.filter(is_demo=True)
    return Seeded(
        fresh=fresh,
        creators=people.filter(external_id__startswith="creator-").count(),
        videos=Video.objects.filter(is_demo=True).count(),
        viewers=people.filter(external_id__startswith="viewer-").count(),
        watches=Watch.objects.filter(user__is_demo=True).count(),
        likes=Like.objects.filter(user__is_demo=True).count(),
        follows=Follow.objects.filter(follower__is_demo=True).count(),
    )
