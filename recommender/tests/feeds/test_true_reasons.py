"""Every reason is true of this person and this video, by what the database says.

For many kinds of people, each reason of each feed is looked up in `CLAIMS` and checked.
A sentence that is not in the table fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from accounts.services import set_interests, set_mood
from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Engagement, Like
from interactions.tests.factories import watch
from recommender import feed
from recommender.feeds.explain import explain
from recommender.graph.queries.interface import CROWD, FINISHED
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from recommender.tests.planted import plant
from recommender.tests.training.test_pipeline import QUICK
from videos.models import Category, ParentCategory, Video, VideoMood
from videos.moods import store
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()
MODELS = {"graphsage": QUICK, "co_watch": None, "": None}


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)


@pytest.fixture
def world(request, trained_runs):
    """With a model, or without; some videos are new, popular, trending or calm."""
    world = plant()
    if name := getattr(request, "param", "graphsage"):
        trained_runs.activate(name, MODELS[name])
    for kind, videos in enumerate(world.videos):
        seen = [video.pk for video in videos[:12]]
        Video.objects.filter(pk__in=seen).update(views=8, engagement=4.0)
        for fan in world.fans[kind][:CROWD]:
            for video in videos[:3]:
                watch(video, user=fan, fraction=0.95)
        make_video(
            creator=videos[0].creator,
            categories=[world.categories[kind]],
            title=f"New number {kind}",
        )
    store.store(
        origin="tags", strengths={v.pk: {"calm": 0.5} for v in world.videos[0][3:9]}
    )
    return world


def newcomer(world):
    return make_user()


def picked(world):
    user = make_user()
    set_interests(user=user, parent_categories=[parent_of(world, 0)])
    return user


def in_a_mood(world):
    user = picked(world)
    set_mood(user=user, mood="calm")
    return user


def watched_one(world):
    user = make_user()
    watch(world.videos[0][0], user=user, fraction=0.95)
    return user


def liked_one(world):
    user = make_user()
    interactions.like(user=user, video=world.videos[1][0])
    return user


def follows_one(world):
    user = make_user()
    interactions.follow(follower=user, followee=world.videos[0][0].creator)
    return user


def follows_those_who_share(world):
    user = make_user()
    friends = [make_user(share_likes=True) for _ in range(3)]
    for friend in friends:
        interactions.follow(follower=user, followee=friend)
        interactions.like(user=friend, video=world.videos[1][5])
    return user


def did_much(world):
    user = in_a_mood(world)
    for videos in world.videos:
        for n, video in enumerate(videos[:9]):
            watch(video, user=user, at=timezone.now() - timedelta(days=n))
        interactions.like(user=user, video=videos[2])
        interactions.like(user=user, video=videos[12])
        interactions.follow(follower=user, followee=videos[5].creator)
    return user


def saw_everything(world):
    user = make_user()
    Engagement.objects.bulk_create(
        Engagement(user=user, video=video, fraction=0.9, sessions=1, viewed=True)
        for video in Video.objects.all()
    )
    return user


def changed_their_mind(world):
    """All they did was undone; only a view too short to count is left."""
    user = did_much(world)
    set_interests(user=user, parent_categories=[])
    interactions.clear_history(user=user)
    for like in Like.objects.filter(user=user):
        interactions.unlike(user=user, video=like.video)
    for row in user.following.all():
        interactions.unfollow(follower=user, followee=row.followee)
    watch(world.videos[0][0], user=user, fraction=0.1)
    return user


def creator(world):
    return world.videos[0][1].creator


PEOPLE = (
    newcomer,
    picked,
    in_a_mood,
    watched_one,
    liked_one,
    follows_one,
    follows_those_who_share,
    did_much,
    saw_everything,
    changed_their_mind,
    creator,
)


def parent_of(world, kind):
    return world.categories[kind].parent_category


Check = Callable[..., bool]


def video_named(title):
    return Video.objects.get(title=title)


def saw(user, video):
    return Engagement.objects.filter(user=user, video=video, viewed=True).exists()


def about(video, name):
    return (
        video.categories.filter(name=name).exists()
        or video.parent_categories.filter(name=name).exists()
    )


def has_watched(user, item, *_):
    seen = Engagement.objects.filter(user=user, viewed=True)
    return seen.exclude(video=item.video).exists()


def because_watched(user, item, _, title):
    anchor = video_named(title)
    return anchor != item.video and saw(user, anchor)


def because_liked(user, item, _, title):
    anchor = video_named(title)
    return (
        anchor != item.video and Like.objects.filter(user=user, video=anchor).exists()
    )


def by_followed(user, item, _, name):
    creator = item.video.creator
    follows = user.following.filter(followee=creator).exists()
    return creator.display_name == name and follows


def new_by_followed(user, item, beside, name):
    return is_new(item.video) and by_followed(user, item, beside, name)


def is_new(video):
    return video.published_at > timezone.now() - timedelta(days=14)


def is_popular(video):
    return video.views > 0 or video.engagement > 0


def chose(user, name):
    return user.parent_category_interests.filter(name=name).exists()


def picked_parent(user, item, _, name):
    return about(item.video, name) and chose(user, name)


def watches_category(user, item, _, name):
    return about(item.video, name) and any(
        about(row.video, name)
        for row in Engagement.objects.filter(user=user, score__gt=0)
    )


def has_mood(user, item, _, label):
    return VideoMood.objects.filter(video=item.video, mood=label.lower()).exists()


def by_how_many(user, item, _, number):
    friends = User.objects.filter(followers__follower=user, share_likes=True)
    likes = Like.objects.filter(video=item.video, user__in=friends)
    return likes.count() == int(number)


def crowd_finished(user, item, beside, title=None):
    anchor = video_named(title) if title else beside
    finishers = Engagement.objects.filter(
        video=anchor, viewed=True, fraction__gte=FINISHED
    ).values("user")
    both = Engagement.objects.filter(video=item.video, viewed=True, user__in=finishers)
    finished = title is None or Engagement.objects.filter(
        user=user, video=anchor, fraction__gte=FINISHED
    )
    return anchor != item.video and bool(finished) and both.count() >= CROWD


def trends(user, item, *_):
    since = timezone.now() - timedelta(days=7)
    return Engagement.objects.filter(
        video=item.video, viewed=True, last_at__gt=since
    ).exists()


def follows_someone(user, *_):
    return user.following.exists()


def is_other(user, item, _, name):
    own = ParentCategory.objects.filter(interested_users=user) | (
        ParentCategory.objects.filter(
            categories__in=Category.objects.filter(interested__user=user)
        )
    )
    return about(item.video, name) and not (
        set(own) & set(item.video.parent_categories.all())
    )


CLAIMS: dict[str, Check] = {
    r"Because you watched “(.+)”": because_watched,
    r"Because you liked “(.+)”": because_liked,
    r"Watched by people who finished “(.+)”": crowd_finished,
    r"Watched by people who finished this video": crowd_finished,
    r"(\d+) people you follow liked it": by_how_many,
    r"Close to what you watch": has_watched,
    r"Close to what you like": lambda user, *_: user.likes.exists(),
    r"Based on the people you follow": follows_someone,
    r"Based on the subjects you picked": (
        lambda user, *_: user.parent_category_interests.exists()
    ),
    r"New from (.+), whom you follow": new_by_followed,
    r"(?:From|By) (.+), whom you follow": by_followed,
    r"Popular in (.+), which you picked": (
        lambda user, item, *rest: (
            is_popular(item.video) and picked_parent(user, item, *rest)
        )
    ),
    r"Popular in (.+), which you watch": (
        lambda user, item, *rest: (
            is_popular(item.video) and watches_category(user, item, *rest)
        )
    ),
    r"Popular in (.+): you picked (.+)": (
        lambda user, item, _, name, parent: (
            about(item.video, name)
            and about(item.video, parent)
            and chose(user, parent)
            and is_popular(item.video)
        )
    ),
    r"In (.+), which you picked": picked_parent,
    r"In (.+), which you watch": watches_category,
    r"(.+), because you picked (.+)": (
        lambda user, item, _, name, parent: (
            about(item.video, name) and picked_parent(user, item, _, parent)
        )
    ),
    r"Because you picked (.+)": picked_parent,
    r"(.+), as you asked": has_mood,
    r"Trending this week": trends,
    r"New in (.+)": lambda _, item, __, name: (
        is_new(item.video) and about(item.video, name)
    ),
    r"New here": lambda _, item, __: is_new(item.video),
    r"Popular in ([^,:]+)": lambda _, item, __, name: (
        is_popular(item.video) and about(item.video, name)
    ),
    r"Popular here": lambda _, item, __: is_popular(item.video),
    r"Also in (.+)": lambda _, item, beside, name: (
        about(item.video, name) and about(beside, name)
    ),
    r"More from (.+)": lambda _, item, beside, name: (
        item.video.creator == beside.creator and beside.creator.display_name == name
    ),
    r"Similar to this video": lambda _, item, beside: beside is not None,
    r"More in (.+)": lambda _, item, __, name: about(item.video, name),
    r"(.+): few people have seen it yet": lambda _, item, __, name: (
        is_new(item.video) and about(item.video, name)
    ),
    r"Something different: (.+)": is_other,
    r"A random pick": lambda _, item, __: item.source == "explore_uniform",
    r"Watch again: you have seen it already": lambda user, item, _: saw(
        user, item.video
    ),
    r"Your own video": lambda user, item, _: item.video.creator == user,
}


def check(user, item, beside=None):
    for pattern, claim in CLAIMS.items():
        if found := re.fullmatch(pattern, item.reason):
            context = (user, item.video, item.source, item.reason)
            assert claim(user, item, beside, *found.groups()), context
            return
    raise AssertionError(f"No check for the reason {item.reason!r}.")


def main_pages(user, world):
    beside = world.videos[0][0]
    yield feed.home(user, size=24), None
    yield feed.related(user, beside, size=24), beside
    yield feed.explore(user, size=24), None


def pages(user, world):
    """Pages of all feeds, each with the video beside them."""
    category, parent = world.categories[0], parent_of(world, 1)
    yield from main_pages(user, world)
    yield feed.home(user, category=category, size=12), None
    yield feed.home(user, category=parent, mood="calm", size=12), None
    yield feed.home(user, mood="calm", size=12), None
    for strategy in ("newest", "trending", *serving.model_names()):
        yield feed.home(user, strategy=strategy, size=12), None
    for strategy in ("trending", "newest", "for_you"):
        yield feed.explore(user, strategy=strategy, size=12), None
    yield feed.category(user, category, size=12), None
    yield feed.in_mood(user, "calm", size=12), None
    beside = world.videos[1][7]
    yield feed.related(user, beside, size=24), beside
    if user.is_authenticated:
        yield feed.following(user, size=12), None
        yield feed.following(user, strategy="for_you", size=12), None


def check_all(page, beside, user):
    for item in page.items:
        check(user, item, beside)
    return len(page.items)


@pytest.mark.slow
@pytest.mark.parametrize("world", MODELS, indirect=True)
def test_every_reason_is_true_of_people_of_many_kinds(world):
    for who in PEOPLE:
        user = who(world)
        checked = sum(check_all(*page, user) for page in pages(user, world))
        assert checked > 100, who


@pytest.mark.parametrize("who", [newcomer, picked, in_a_mood, watched_one, creator])
def test_reasons_are_true_and_vary(world, who):
    user = who(world)
    for page, beside in main_pages(user, world):
        check_all(page, beside, user)
        counts = Counter(item.reason for item in page.items)
        assert max(counts.values()) <= len(page.items) / 2, counts
        assert len(counts) >= 4, counts


def test_reasons_for_visitors_do_not_speak_of_them(world):
    for page, beside in main_pages(ANYONE, world):
        check_all(page, beside, ANYONE)
        assert not any("you " in item.reason for item in page.items)


def test_a_page_that_was_planned_before_says_nothing_that_was_undone(world):
    user = did_much(world)
    first = feed.home(user, size=6)
    set_interests(user=user, parent_categories=[])
    interactions.clear_history(user=user)
    for row in user.following.all():
        interactions.unfollow(follower=user, followee=row.followee)
    for like in Like.objects.filter(user=user):
        interactions.unlike(user=user, video=like.video)
    rest = feed.home(user, cursor=first.next_cursor, size=20)
    assert not rest.restarted
    assert rest.items
    for item in rest.items:
        check(user, item)


def test_a_watched_video_is_not_its_own_reason(world):
    user = watched_one(world)
    seen = world.videos[0][0]
    explanation = explain(Viewer(user), seen)
    assert seen.title not in explanation.reason
    assert all(ground.name != seen.title for ground in explanation.grounds)
