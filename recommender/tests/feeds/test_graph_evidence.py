"""Reasons from other people's actions: true, bounded in queries, and private."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from recommender.feeds import graph_evidence
from recommender.graph.queries.interface import CROWD
from recommender.retrieval.viewer import Viewer
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
LIKED = "3 people you follow liked it"


@pytest.fixture
def viewer():
    return make_user()


@pytest.fixture
def friends(viewer):
    people = [make_user(share_likes=True) for _ in range(3)]
    for person in people:
        interactions.follow(follower=viewer, followee=person)
    return people


def reasons(page):
    return {item.video.title: item.reason for item in page.items}


def crowd_finished(*videos, size=CROWD):
    for person in [make_user() for _ in range(size)]:
        for video in videos:
            watch(video, user=person, fraction=0.95)


def like_it(video, people):
    for person in people:
        interactions.like(user=person, video=video)


def test_people_followed_who_share_their_likes(viewer, friends):
    like_it(make_video(title="Liked"), friends)
    make_video(title="Not")
    found = reasons(feed.home(viewer))
    assert found["Liked"] == LIKED
    assert "liked" not in found["Not"]
    assert "liked" not in reasons(feed.home(AnonymousUser()))["Liked"]
    assert "liked" not in reasons(feed.home(make_user()))["Liked"]


@pytest.mark.parametrize(
    "change", [{"share_likes": False}, {"is_active": False}, None], ids=str
)
def test_people_who_do_not_share_likes_are_not_counted(viewer, friends, change):
    like_it(make_video(title="Liked"), friends)
    if change is None:
        interactions.unfollow(follower=viewer, followee=friends[0])
    else:
        type(viewer).objects.filter(pk=friends[0].pk).update(**change)
    assert "liked" not in reasons(feed.home(viewer))["Liked"]


def test_a_store_that_lags_behind_tells_nothing_of_people_no_longer_followed(
    viewer, friends, monkeypatch
):
    video = make_video()
    like_it(video, friends)
    old = graph_evidence.queries.graph().paths(
        viewer=viewer.pk, anchors=[], videos=[video.pk]
    )
    interactions.unfollow(follower=viewer, followee=friends[0])
    monkeypatch.setattr(
        type(graph_evidence.queries.graph()), "paths", lambda self, **question: old
    )
    assert len(old[video.pk].likers) == 3
    assert graph_evidence.for_videos(Viewer(viewer), [video.pk]).likers == {}


def test_watched_by_people_who_finished_what_the_viewer_finished(viewer):
    subject = [make_category()]
    anchor = make_video(title="Anchor", categories=subject)
    crowd_finished(anchor, make_video(title="Next", categories=subject))
    crowd_finished(anchor, make_video(title="Elsewhere", categories=[make_category()]))
    watch(anchor, user=viewer, fraction=0.95)
    found = reasons(feed.home(viewer, category=subject[0]))
    assert found["Next"] == "Watched by people who finished “Anchor”"
    # True as well, but nobody would see what one has to do with the other.
    assert "Anchor" not in reasons(feed.home(viewer))["Elsewhere"]


def test_fewer_than_a_crowd_are_no_reason(viewer):
    subject = [make_category()]
    anchor = make_video(title="Anchor", categories=subject)
    next_one = make_video(title="Next", categories=subject)
    crowd_finished(anchor, next_one, size=CROWD - 1)
    watch(anchor, user=viewer, fraction=0.95)
    for page in (feed.home(viewer), feed.related(viewer, anchor)):
        assert all("finished" not in reason for reason in reasons(page).values())


def test_what_the_viewer_only_began_is_no_reason(viewer):
    subject = [make_category()]
    anchor = make_video(categories=subject)
    crowd_finished(anchor, make_video(title="Next", categories=subject))
    watch(anchor, user=viewer, fraction=0.5)
    assert "finished" not in reasons(feed.home(viewer))["Next"]


def test_the_title_of_a_video_made_private_is_not_named(viewer):
    subject = [make_category()]
    anchor = make_video(title="Anchor", categories=subject)
    crowd_finished(anchor, make_video(title="Next", categories=subject))
    watch(anchor, user=viewer, fraction=0.95)
    anchor.visibility = "private"
    anchor.save()
    found = reasons(feed.home(viewer))
    assert "Anchor" not in found["Next"]
    assert "finished" not in found["Next"]


def test_the_rail_speaks_of_the_video_beside():
    subject = [make_category()]
    anchor, other = (make_video(categories=subject) for _ in range(2))
    near = make_video(title="Near", categories=subject)
    crowd_finished(anchor, near)
    for user in (AnonymousUser(), make_user()):
        found = reasons(feed.related(user, anchor))
        assert found["Near"] == "Watched by people who finished this video"
        assert "finished" not in reasons(feed.related(user, other))["Near"]


def test_one_question_however_many_videos(viewer, friends):
    videos = [make_video() for _ in range(30)]
    crowd_finished(*videos[:20])
    for video in videos:
        like_it(video, friends)
    watch(videos[0], user=viewer, fraction=0.95)
    asked = Viewer(viewer)
    assert asked.newest
    assert asked.followed
    with CaptureQueriesContext(connection) as queries:
        ways = graph_evidence.for_videos(asked, [video.pk for video in videos])
    assert len(ways.likers) == 30
    assert len(ways.finished) == 19
    assert len(queries) == 2  # the graph's, and who shares
