"""The `Engagement` of a person with a video, and the aggregates that use it."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Greatest

from accounts.models import User
from interactions.models import Engagement, Like, Watch
from interactions.services.interests import add_engagement
from interactions.services.locking import lock_person
from videos.models import Video

WATCH_WEIGHT = 0.6
LIKE_WEIGHT = 0.4

# The same in SQL, with `fraction` and `liked` as columns.
ENGAGEMENT_SCORE_SQL = (
    "CASE WHEN fraction >= %(view_threshold)s"
    f" THEN {WATCH_WEIGHT} * fraction + {LIKE_WEIGHT} * liked::int ELSE 0 END"
)
UNTIMED_SCORE_SQL = f"least(%(untimed_weight)s + {LIKE_WEIGHT} * liked::int, 1)"


def engagement_score(*, fraction: float | None, liked: bool) -> float:
    """A person's engagement with a video, 0 to 1.

    `fraction` is the best fraction watched in one session, None if no view has a watch
    time. Below `VIEW_THRESHOLD` the score is 0 even if liked: a like counts once the
    video counts as viewed.
    """
    if fraction is None:
        return min(settings.UNTIMED_VIEW_WEIGHT + LIKE_WEIGHT * liked, 1.0)
    if fraction < settings.VIEW_THRESHOLD:
        return 0.0
    return WATCH_WEIGHT * fraction + LIKE_WEIGHT * liked


def lock_engagement(*, user: User, video: Video) -> Engagement:
    """The engagement of `user` with `video`, or an unsaved one.

    Locks the row and the person until the transaction ends.
    """
    lock_person(user)
    row = Engagement.objects.select_for_update().filter(user=user, video=video).first()
    return row or Engagement(user=user, video=video)


def update_engagement(
    engagement: Engagement, *, counted: int = 0, views: int = 0, likes: int = 0
) -> None:
    """Recompute a locked engagement, and update interests and video counters.

    `counted` is the change in the number of counted sessions; `views` and `likes` are
    added to the counters of the video.
    """
    user, video = engagement.user, engagement.video
    old_score, old_time = engagement.score, engagement.last_at
    sessions = Watch.objects.filter(user=user, video=video).aggregate(
        number=Count("pk"),
        views=Count("pk", filter=Q(counted=True)),
        seconds=Sum("watched_duration", default=0.0),
        fraction=Max("watch_time", default=0.0),
        counted_fraction=Max("watch_time", filter=Q(counted=True)),
        last_at=Max("timestamp"),
    )
    like = Like.objects.filter(user=user, video=video).first()
    times = [sessions["last_at"], like and like.timestamp]

    engagement.fraction = sessions["fraction"]
    engagement.seconds = sessions["seconds"]
    engagement.sessions = sessions["number"]
    engagement.viewed = sessions["views"] > 0
    engagement.liked = like is not None
    engagement.score = engagement_score(
        fraction=sessions["counted_fraction"] if engagement.viewed else 0.0,
        liked=engagement.liked,
    )
    engagement.last_at = max((t for t in times if t), default=old_time)
    if any(times):
        engagement.save()
    elif engagement.pk:
        engagement.delete()

    add_engagement(
        user=user,
        video=video,
        amounts=[(-old_score, old_time), (engagement.score, engagement.last_at)],
        interactions=counted + likes,
    )
    gain = engagement.score - old_score
    if gain or views or likes:
        Video.objects.filter(pk=video.pk).update(
            views=F("views") + views,
            likes=F("likes") + likes,
            engagement=Greatest(F("engagement") + gain, 0.0),
        )
