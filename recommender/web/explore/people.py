"""People to follow, each with a reason.

The reasons are follows of followed people (profiles show these), the viewer's own
watches and, where these are too few, the chosen interests.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from interactions.models import Follow
from recommender.graph.queries import Acquaintance, graph
from recommender.retrieval.viewer import Viewer
from videos.models import Video


@dataclass(frozen=True)
class Suggestion:
    """An item of a list of people: a person who is not followed yet, and why."""

    person: User
    reason: str
    is_following: bool = False


def to_follow(user: User | AnonymousUser, *, limit: int) -> list[Suggestion]:
    """Creators whom `user` does not follow yet, the likeliest first.

    Everybody has published something that anyone may watch.
    """
    viewer = Viewer(user)
    found: list[Suggestion] = []
    if viewer.pk is not None:
        # Some of them publish nothing, or have left: a few more are asked for.
        known = graph().people_to_follow(viewer.pk, limit=4 * limit)
        people = _creators(viewer).in_bulk([each.user_id for each in known])
        found = [
            Suggestion(people[each.user_id], _evidence(each))
            for each in known
            if each.user_id in people
        ][:limit]
    if len(found) < limit:
        taken = [suggestion.person.pk for suggestion in found]
        found += _popular(viewer, taken, limit - len(found))
    return found


def _creators(viewer: Viewer) -> QuerySet[User]:
    """Creators of listed videos whom the viewer does not follow yet."""
    listed = Video.objects.listed().values("creator")
    creators = User.objects.with_profile().filter(pk__in=listed)
    if viewer.pk is None:
        return creators
    followed = Follow.objects.filter(follower=viewer.pk).values("followee")
    return creators.exclude(pk=viewer.pk).exclude(pk__in=followed)


def _popular(viewer: Viewer, taken: Collection[int], count: int) -> list[Suggestion]:
    """The most followed of the subjects picked, or of all where none is."""
    creators = _creators(viewer).exclude(pk__in=taken)
    chosen = list(viewer.chosen)
    if chosen:
        published = Q(videos__visibility="public", videos__state="ready")
        creators = creators.filter(
            published, videos__parent_categories__in=chosen
        ).annotate(subject=Min("videos__parent_categories__name"))
    followers = (
        Follow.objects.filter(followee=OuterRef("pk"), follower__is_active=True)
        .order_by()
        .values("followee")
        .annotate(number=Count("pk"))
        .values("number")
    )
    ranked = creators.annotate(
        follower_count=Coalesce(Subquery(followers), 0)
    ).order_by("-follower_count", "pk")
    return [
        Suggestion(person, _subject(getattr(person, "subject", "")))
        for person in ranked[:count]
    ]


def _subject(name: str) -> str:
    return f"Makes videos in {name}, which you picked" if name else ""


def _evidence(known: Acquaintance) -> str:
    if known.followed_by == 1:
        return "Followed by someone you follow"
    if known.followed_by:
        return f"Followed by {known.followed_by} people you follow"
    if known.watched == 1:
        return "You watched a video of theirs"
    return f"You watched {known.watched} of their videos"
