"""The taste map: the neighbourhood of a video or a person, as nodes and links.

Around a video: its creator, its categories, and co-watched videos. Around a person:
what their profile shows, and for themselves alone what they watched. The map shows no
number of people, and a co-watch link needs a crowd
(`recommender.graph.queries.interface`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404

from accounts.models import User
from interactions.models import Follow
from recommender.graph.queries import CoWatch, graph
from recommender.retrieval.viewer import Viewer
from recommender.web.explore.nodes import TasteMap
from videos.models import Category, ParentCategory, Video

NEIGHBOURS = 10  # of the video in the middle
SECOND_NEIGHBOURS = 2  # of each of those around it
CROSS_LINKS = 2  # of each video, to what is drawn already
ASKED = 40  # co-watched videos asked for: some may not be shown
VIDEOS = 8  # of a person
FOLLOWED = 6
SUBJECTS = 4

TOO_FEW = "Too few people have finished this video to show what else they watched."
NOTHING_YET = (
    "Nothing is known of your taste yet. Watch, like or follow, and your map grows."
)


def asked_for(
    user: User | AnonymousUser, *, video_id: str = "", username: str = ""
) -> TasteMap | None:
    """Around a video, a person, or by default the user; for guests around what most
    people are engaged with, and None where there is nothing at all.

    Raises `Http404` for what the user may not see.
    """
    viewer = Viewer(user)
    videos = Video.objects.select_related("creator")
    if video_id:
        seen = videos.visible_to(user)
        return of_video(viewer, get_object_or_404(seen, video_id=video_id))
    if username:
        people = User.objects.with_profile()
        return of_person(viewer, get_object_or_404(people, username__iexact=username))
    if user.is_authenticated:
        return of_person(viewer, user)
    favourite = videos.listed().order_by("-engagement", "-pk").first()
    return of_video(viewer, favourite) if favourite else None


def of_video(viewer: Viewer, video: Video) -> TasteMap:
    """The neighbourhood of a video that the viewer may open."""
    drawn = TasteMap(video.title)
    middle = drawn.video(video, note=f"By {video.creator.display_name}", ring=0)
    creator = drawn.person(video.creator, note="Made this video", ring=1)
    drawn.link(creator, middle, "made")
    for subject in _subjects(video):
        drawn.link(middle, drawn.category(subject, "Its subject", ring=1), "about")

    near = _add_co_watched(drawn, viewer, [video], NEIGHBOURS, ring=1)
    if near:
        _add_co_watched(drawn, viewer, near, SECOND_NEIGHBOURS, ring=2)
        return drawn
    drawn.notice = TOO_FEW
    others = viewer.listed_videos().filter(creator=video.creator).exclude(pk=video.pk)
    for other in others.select_related("creator")[:VIDEOS]:
        note = f"Also by {video.creator.display_name}"
        drawn.link(creator, drawn.video(other, note, ring=2), "made")
    return drawn


def of_person(viewer: Viewer, person: User) -> TasteMap:
    """What a person's profile shows and, if they are the viewer, what they watched."""
    own = viewer.pk == person.pk
    drawn = TasteMap("you" if own else person.display_name)
    middle = drawn.person(person, note="You" if own else "", ring=0)
    for subject in person.parent_category_interests.all()[:SUBJECTS]:
        note = "You picked it" if own else "Among their interests"
        drawn.link(middle, drawn.category(subject, note, ring=1), "picked")
    follows = Follow.objects.filter(follower=person, followee__is_active=True)
    for follow in follows.select_related("followee")[:FOLLOWED]:
        note = "You follow them" if own else f"{person.display_name} follows them"
        drawn.link(middle, drawn.person(follow.followee, note, ring=1), "follows")

    made = viewer.listed_videos().filter(creator=person).select_related("creator")
    videos = _watched_by(viewer) if own else list(made.order_by("-views")[:VIDEOS])
    liked = {row.video_id for row in viewer.newest if row.liked} if own else set()
    for video in videos:
        note = f"Made by {person.display_name}"
        if own:
            note = "You liked it" if video.pk in liked else "You watched it"
        kind = "watched" if own else "made"
        drawn.link(middle, drawn.video(video, note, ring=1), kind)
    _add_co_watched(drawn, viewer, videos, SECOND_NEIGHBOURS, ring=2)
    if own and not drawn.links:
        drawn.notice = NOTHING_YET
    return drawn


def _subjects(video: Video) -> Sequence[Category | ParentCategory]:
    categories = list(video.categories.all()[:SUBJECTS])
    return categories or list(video.parent_categories.all()[:SUBJECTS])


def _watched_by(viewer: Viewer) -> list[Video]:
    """The viewer's newest, those that anyone may find."""
    keys = [row.video_id for row in viewer.newest if row.score > 0 or row.liked]
    found = viewer.listed_videos().select_related("creator").in_bulk(keys)
    return [found[key] for key in keys if key in found][:VIDEOS]


def _add_co_watched(
    drawn: TasteMap, viewer: Viewer, anchors: Sequence[Video], count: int, ring: int
) -> list[Video]:
    """Add up to `count` neighbours of each anchor, and links to the nearest of what is
    drawn already; returns the videos added. Two queries."""
    near = graph().co_watched(
        [anchor.pk for anchor in anchors], viewer=viewer.pk, limit=ASKED
    )
    listed = viewer.listed_videos().select_related("creator")
    videos = listed.in_bulk(
        {each.video_id for every in near.values() for each in every}
    )
    added = []
    for anchor in anchors:
        ranked = _nearest(near[anchor.pk], videos)
        fresh = [video for video in ranked if not drawn.has(video)][:count]
        note = f"Watched by people who finished “{anchor.title}”"
        for video in fresh:
            drawn.video(video, note, ring)
        added += fresh
        shown = [video for video in ranked if drawn.has(video)]
        others = [video for video in shown if video not in fresh][:CROSS_LINKS]
        for video in [*fresh, *others]:
            strength = 3 - 3 * shown.index(video) // len(shown)
            drawn.link(drawn.key(anchor), drawn.key(video), "co_watched", strength)
    return added


def _nearest(near: Iterable[CoWatch], videos: Mapping[int, Video]) -> list[Video]:
    """Those of `near` that may be shown, the most particular first: what everybody
    watches is near to everything, so the crowd is set against the root of its views."""
    closeness = {
        each.video_id: each.people / (1 + videos[each.video_id].views) ** 0.5
        for each in near
        if each.video_id in videos
    }
    return [videos[key] for key in sorted(closeness, key=lambda k: (-closeness[k], k))]
