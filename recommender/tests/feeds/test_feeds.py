"""Eligible videos, order and notices of each feed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from videos.models import Video
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()


def videos(page):
    return [item.video for item in page.items]


def every_feed(user, beside, parent):
    feeds = {
        "home": feed.home(user),
        "category": feed.category(user, parent),
        "newest in category": feed.category(user, parent, strategy="newest"),
        "trending": feed.explore(user),
        "new": feed.explore(user, strategy="newest"),
        "related": feed.related(user, beside),
    }
    if user.is_authenticated:
        feeds["following"] = feed.following(user)
        feeds["ranked following"] = feed.following(user, strategy="for_you")
    return {name: set(videos(page)) for name, page in feeds.items()}


@pytest.fixture
def world():
    """A creator's videos in every visibility and state, and one for Related."""
    jazz = make_category()
    creator = make_user()
    made = {
        "public": {},
        "unlisted": {"visibility": "unlisted"},
        "private": {"visibility": "private"},
        "processing": {"state": "processing"},
        "failed": {"state": "failed"},
    }
    return {
        "creator": creator,
        "parent": jazz.parent_category,
        "beside": make_video(categories=[jazz]),
        **{
            name: make_video(creator=creator, categories=[jazz], **overrides)
            for name, overrides in made.items()
        },
    }


@pytest.mark.parametrize("who", ["anonymous", "stranger", "owner", "admin"])
def test_feeds_have_only_public_ready_videos(world, who):
    user = {
        "anonymous": ANYONE,
        "stranger": make_user(),
        "owner": world["creator"],
        "admin": make_user(is_superuser=True),
    }[who]
    if who in ("stranger", "admin"):
        interactions.follow(follower=user, followee=world["creator"])
    hidden = {world[name] for name in ("unlisted", "private", "processing", "failed")}
    for name, shown in every_feed(user, world["beside"], world["parent"]).items():
        assert not shown & hidden, name
        if who != "owner":
            assert world["public"] in shown, name


def test_what_was_seen_leaves_home_and_related_and_carries_progress_elsewhere(world):
    user = make_user()
    interactions.follow(follower=user, followee=world["creator"])
    make_video()
    watch(world["public"], user=user, fraction=0.8)
    feeds = every_feed(user, world["beside"], world["parent"])
    for name, shown in feeds.items():
        assert (world["public"] in shown) is (name not in ("home", "related")), name
    for page in (feed.following(user), feed.category(user, world["parent"])):
        progress = {item.video: item.progress for item in page.items}
        assert progress[world["public"]] == pytest.approx(0.8)


def test_a_glance_is_not_seen(world):
    user = make_user()
    watch(world["public"], user=user, fraction=0.1)
    progress = {item.video: item.progress for item in feed.home(user).items}
    assert progress[world["public"]] == pytest.approx(0.1)


def test_own_videos_are_not_on_home_and_related(world):
    make_video()
    feeds = every_feed(world["creator"], world["beside"], world["parent"])
    for name in ("home", "related"):
        assert world["public"] not in feeds[name]
    for name in ("category", "trending", "new"):
        assert world["public"] in feeds[name]


def test_dismissed_videos_are_in_no_feed(world):
    user = make_user()
    interactions.follow(follower=user, followee=world["creator"])
    interactions.not_interested(user=user, video=world["public"])
    for name, shown in every_feed(user, world["beside"], world["parent"]).items():
        assert world["public"] not in shown, name


def test_related_never_holds_the_video_itself(world):
    for user in (ANYONE, make_user()):
        assert world["beside"] not in videos(feed.related(user, world["beside"]))


def test_home_offers_to_watch_again_rather_than_be_empty():
    user = make_user()
    seen = make_video()
    watch(seen, user=user)
    page = feed.home(user)
    assert videos(page) == [seen]
    assert page.items[0].source == "watch_again"
    assert "watching again" in page.notice
    new = make_video()
    assert videos(feed.home(user)) == [new]


def test_home_of_the_only_creator_shows_their_own_and_says_so():
    video = make_video()
    page = feed.home(video.creator)
    assert [(i.video, i.source) for i in page.items] == [(video, "own")]
    assert page.items[0].reason == "Your own video"
    assert page.notice == "There is nothing here but your own videos."


def test_related_offers_to_watch_again_rather_than_be_empty():
    user = make_user()
    seen, beside = make_video(), make_video()
    watch(seen, user=user)
    watch(beside, user=user)
    page = feed.related(user, beside)
    assert [(i.video, i.source) for i in page.items] == [(seen, "watch_again")]


def test_watching_again_still_respects_visibility_and_dismissal():
    user = make_user()
    private, dismissed = make_video(), make_video()
    for video in (private, dismissed):
        watch(video, user=user)
    Video.objects.filter(pk=private.pk).update(visibility="private")
    interactions.not_interested(user=user, video=dismissed)
    assert feed.home(user).items == []


class TestInterests:
    @pytest.fixture
    def music(self):
        return make_parent_category(name="Music")

    @pytest.fixture
    def user(self, music):
        user = make_user()
        user.parent_category_interests.add(music)
        interactions.seed_interests(user=user)
        return user

    def test_home_keeps_to_them_while_they_hold_unseen_videos(
        self, user, music, settings
    ):
        settings.EXPLORE_UNIFORM = 0  # such a slot may go to what is chosen, too
        jazz = make_category(parent_category=music)
        chosen = {make_video(categories=[jazz]) for _ in range(30)}
        for _ in range(30):
            make_video(categories=[make_category()])
        page = feed.home(user)
        outside = [i for i in page.items if i.video not in chosen]
        assert {item.source for item in outside} <= {"explore"}
        assert 1 <= len(outside) <= 2
        assert page.notice == ""

    def test_then_it_widens_and_says_so(self, user, music):
        jazz = make_category(parent_category=music)
        chosen = {make_video(categories=[jazz]) for _ in range(3)}
        others = {make_video(categories=[make_category()]) for _ in range(3)}
        page = feed.home(user)
        assert set(videos(page)[:3]) == chosen
        assert set(videos(page)[3:]) == others
        for item in page.items:
            assert bool(item.widened) is (item.video in others)
        assert page.notice == (
            "After the last new videos in Music, other subjects follow."
        )
        rest = feed.home(user, cursor=feed.home(user, size=3).next_cursor)
        assert rest.notice == "Nothing new is left in Music, so other subjects follow."

    def test_a_parent_category_alone_is_enough(self, user, music):
        make_video(categories=[make_category()])
        video = make_video()
        video.parent_categories.add(music)
        first = feed.home(user).items[0]
        assert first.video == video
        assert first.reason == "In Music, which you picked"

    def test_changed_interests_change_the_next_feed(self, user, music):
        sports = make_parent_category(name="Sports")
        old = make_video(categories=[make_category(parent_category=music)])
        new = make_video(categories=[make_category(parent_category=sports)])
        assert videos(feed.home(user)) == [old, new]
        user.parent_category_interests.set([sports])
        interactions.seed_interests(user=user)
        assert videos(feed.home(user)) == [new, old]

    def test_a_chip_takes_their_place(self, user, music):
        chess = make_category()
        make_video(categories=[make_category(parent_category=music)])
        video = make_video(categories=[chess])
        for chip in (chess, chess.parent_category):
            page = feed.home(user, category=chip)
            assert videos(page) == [video]
            assert page.notice == ""


class TestOrder:
    def test_following_is_newest_first(self):
        user, creator = make_user(), make_user()
        interactions.follow(follower=user, followee=creator)
        made = [make_video(creator=creator) for _ in range(4)]
        make_video()
        assert videos(feed.following(user)) == made[::-1]
        assert feed.following(user).items[0].reason == (
            f"New from {creator.display_name}, whom you follow"
        )

    def test_ranked_following_puts_the_engaging_first(self):
        user, creator = make_user(), make_user()
        interactions.follow(follower=user, followee=creator)
        best, *others = [make_video(creator=creator) for _ in range(5)]
        for _ in range(3):
            watch(best)
        page = feed.following(user, strategy="for_you")
        assert set(videos(page)) == {best, *others}
        assert page.items[0].video == best

    def test_trending_goes_by_the_last_days_and_the_rest_follows(self):
        quiet, old_hit, hit = make_video(), make_video(engagement=500), make_video()
        for _ in range(2):
            watch(hit)
        page = feed.explore(ANYONE)
        assert videos(page) == [hit, old_hit, quiet]
        assert page.items[0].reason == "Trending this week"
        assert page.items[1].reason != "Trending this week"

    def test_popularity_fades_with_age(self):
        from datetime import timedelta

        from django.utils import timezone

        ago = timezone.now() - timedelta(days=365)
        make_video(engagement=20, published_at=ago)
        make_video(engagement=5)
        assert [v.engagement for v in videos(feed.explore(ANYONE))] == [5, 20]

    def test_related_prefers_the_same_category(self):
        jazz = make_category()
        beside = make_video(categories=[jazz])
        for _ in range(3):
            make_video(categories=[make_category()])
        near = make_video(categories=[jazz])
        item = feed.related(ANYONE, beside).items[0]
        assert (item.video, item.reason) == (near, f"Also in {jazz.name}")


def test_one_creator_does_not_fill_the_page(settings):
    settings.EXPLORE_UNIFORM = 0  # such a slot may go to anybody
    prolific = make_user()
    for _ in range(20):
        make_video(creator=prolific, engagement=50)
    others = {make_video(engagement=1) for _ in range(10)}
    first = videos(feed.home(ANYONE))[:12]
    assert sum(video.creator == prolific for video in first) == 2
    assert len(others & set(first)) == 10


def test_reasons_never_name_what_another_person_watched():
    secret = make_video(title="A secret pleasure")
    shown = make_video()
    other, user = make_user(), make_user()
    for video in (secret, shown):
        watch(video, user=other)
    for page in (feed.home(user), feed.related(user, shown), feed.explore(user)):
        for item in page.items:
            assert "secret" not in item.reason
            assert other.username not in item.reason
