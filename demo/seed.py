"""Fill an installation with demo content, or remove it.

Everything made here carries `is_demo` and the source `demo`. The rows come first, in
one transaction; then the clips, which take longest. A video is listed once its clip is
made. Both steps may be interrupted: the next run goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db import transaction

from accounts.models import User
from accounts.services import remove_picture
from demo import rows
from demo.catalogue import plan_videos
from demo.people import SOURCE
from interactions.models import Follow, Like, Watch
from interactions.services.aggregates import rebuild
from videos.models import Video
from videos.services import remove_files


@dataclass(frozen=True)
class DemoSize:
    """Counts of demo content."""

    creators: int
    videos: int
    viewers: int
    watches: int
    likes: int
    follows: int


def store_demo(*, videos: int, viewers: int, seed: int, password: str) -> bool:
    """Store people, videos and watches; return False where there is a demo already.

    The videos are not listed until `publish.publish_videos` has made their clips.
    Raises `ValueError` for a number of `videos` that there are no texts for.
    """
    if Video.objects.filter(source=SOURCE).exists():
        return False
    rows.store(plan_videos(videos, seed), viewers=viewers, seed=seed, password=password)
    return True


@transaction.atomic
def remove_demo() -> int:
    """Delete all demo people and videos with their rows; return the number of videos.

    The clips in `VAR_DIR/demo` stay, for the next time.
    """
    videos = list(Video.objects.filter(is_demo=True))
    for video in videos:
        transaction.on_commit(partial(remove_files, video))
    touched = User.objects.filter(is_demo=False, watches__video__is_demo=True)
    people = list(touched.distinct())
    for person in User.objects.filter(is_demo=True):
        remove_picture(person.profile_picture)
        remove_picture(person.banner_image)
    Video.objects.filter(is_demo=True).delete()
    User.objects.filter(is_demo=True).delete()
    rebuild(users=people)
    return len(videos)


def demo_size() -> DemoSize:
    people = User.objects.filter(is_demo=True)
    return DemoSize(
        creators=people.filter(external_id__startswith="creator-").count(),
        videos=Video.objects.filter(is_demo=True).count(),
        viewers=people.filter(external_id__startswith="viewer-").count(),
        watches=Watch.objects.filter(user__is_demo=True).count(),
        likes=Like.objects.filter(user__is_demo=True).count(),
        follows=Follow.objects.filter(follower__is_demo=True).count(),
    )
