"""What every store answers, asked of each over the same small world."""

from __future__ import annotations

import pytest

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender.graph.queries import Acquaintance, CoWatch, Paths, neo4j, postgres
from recommender.graph.queries.interface import CROWD, SAMPLE
from recommender.graph.queries.neo4j import Neo4jGraph
from recommender.graph.queries.postgres import PostgresGraph
from recommender.tests.graph.mirror.world import needs_neo4j, relay_all, start_afresh
from videos.tests.factories import make_video


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.django_db),
        pytest.param("neo4j", marks=needs_neo4j),
    ]
)
def store(request):
    """A function: the store, holding what was done until it is called."""
    if request.param == "postgres":
        return PostgresGraph
    request.getfixturevalue("neo4j")
    start_afresh()

    def mirrored():
        relay_all()
        return Neo4jGraph()

    return mirrored


def people(count):
    return [make_user() for _ in range(count)]


def finish(video, crowd):
    for person in crowd:
        watch(video, user=person, fraction=0.95)


def view(video, crowd):
    for person in crowd:
        watch(video, user=person, fraction=0.5)


def test_co_watched_counts_the_people_who_watched_both(store):
    anchor, near, far = make_video(), make_video(), make_video()
    crowd = people(CROWD + 2)
    finish(anchor, crowd)
    view(near, crowd)
    view(far, crowd[:CROWD])
    found = store().co_watched([anchor.pk], viewer=None, limit=10)
    assert found == {
        anchor.pk: [CoWatch(near.pk, CROWD + 2), CoWatch(far.pk, CROWD)],
    }


def test_co_watched_starts_from_those_who_finished_and_asks_what_they_watched(store):
    anchor, other = make_video(), make_video()
    crowd = people(CROWD)
    finish(anchor, crowd)
    view(other, crowd)
    found = store().co_watched([anchor.pk, other.pk], viewer=None, limit=10)
    assert found == {anchor.pk: [CoWatch(other.pk, CROWD)], other.pk: []}


def test_a_glance_is_no_watching(store):
    anchor, other = make_video(), make_video()
    crowd = people(CROWD)
    finish(anchor, crowd)
    for person in crowd:
        watch(other, user=person, fraction=0.29)
    assert not store().co_watched([anchor.pk], viewer=None, limit=10)[anchor.pk]


def test_fewer_than_a_crowd_tell_nothing(store):
    anchor, other = make_video(), make_video()
    crowd = people(CROWD - 1)
    finish(anchor, crowd)
    finish(other, crowd)
    ask = store()
    assert ask.co_watched([anchor.pk], viewer=None, limit=10) == {anchor.pk: []}
    assert not ask.paths(viewer=None, anchors=[anchor.pk], videos=[other.pk])


def test_the_viewer_is_none_of_the_crowd(store):
    anchor, other = make_video(), make_video()
    crowd = people(CROWD)
    finish(anchor, crowd)
    finish(other, crowd)
    viewer, ask = crowd[0].pk, store()
    assert not ask.co_watched([anchor.pk], viewer=viewer, limit=10)[anchor.pk]
    assert not ask.paths(viewer=viewer, anchors=[anchor.pk], videos=[other.pk])
    assert ask.co_watched([anchor.pk], viewer=make_user().pk, limit=10)[anchor.pk]


def test_creators_watching_their_own_do_not_count(store):
    crowd = people(CROWD)
    anchor, own = make_video(), make_video(creator=crowd[0])
    finish(anchor, crowd)
    finish(own, crowd)
    ask = store()
    assert not ask.co_watched([anchor.pk], viewer=None, limit=10)[anchor.pk]
    assert not ask.co_watched([own.pk], viewer=None, limit=10)[own.pk]


def test_the_limit_keeps_those_most_watched(store):
    anchor = make_video()
    crowd = people(CROWD + 2)
    finish(anchor, crowd)
    others = [make_video() for _ in range(3)]
    for number, video in enumerate(others):
        view(video, crowd[: CROWD + number])
    found = store().co_watched([anchor.pk], viewer=None, limit=2)
    assert [near.video_id for near in found[anchor.pk]] == [others[2].pk, others[1].pk]


def test_the_newest_finishers_speak_for_them_all(store, monkeypatch):
    for module in ("postgres", "neo4j"):
        monkeypatch.setattr(f"recommender.graph.queries.{module}.SAMPLE", CROWD)
    assert SAMPLE > CROWD
    anchor, old, new = make_video(), make_video(), make_video()
    before, after = people(CROWD), people(CROWD)
    view(old, before)
    view(new, after)
    finish(anchor, before)
    finish(anchor, after)
    found = store().co_watched([anchor.pk], viewer=None, limit=10)
    assert found[anchor.pk] == [CoWatch(new.pk, CROWD)]


def test_paths_by_people_followed(store):
    viewer, video, other = make_user(), make_video(), make_video()
    followed, stranger = people(3), make_user()
    for person in followed:
        interactions.follow(follower=viewer, followee=person)
    for person in [*followed, stranger, viewer]:
        interactions.like(user=person, video=video)
    interactions.like(user=stranger, video=other)
    found = store().paths(viewer=viewer.pk, anchors=[], videos=[video.pk, other.pk])
    assert found == {video.pk: Paths(likers=tuple(p.pk for p in followed))}


def test_paths_by_those_followed_last(store, monkeypatch):
    for module in (postgres, neo4j):
        monkeypatch.setattr(module, "FOLLOWED", 2)
    viewer, video = make_user(), make_video()
    followed = people(3)
    for person in followed:
        interactions.follow(follower=viewer, followee=person)
        interactions.like(user=person, video=video)
    found = store().paths(viewer=viewer.pk, anchors=[], videos=[video.pk])
    assert found == {video.pk: Paths(likers=(followed[1].pk, followed[2].pk))}


def test_paths_by_what_finishers_watched_start_with_the_largest_crowd(store):
    small, large, video, other = (make_video() for _ in range(4))
    crowd = people(CROWD + 1)
    finish(small, crowd[:CROWD])
    finish(large, crowd)
    view(video, crowd)
    view(other, crowd)
    found = store().paths(
        viewer=None, anchors=[small.pk, large.pk], videos=[video.pk, small.pk]
    )
    assert found == {
        video.pk: Paths(
            finished=(CoWatch(large.pk, CROWD + 1), CoWatch(small.pk, CROWD))
        ),
        small.pk: Paths(finished=(CoWatch(large.pk, CROWD),)),
    }


def test_people_to_follow_by_those_followed_and_by_what_was_watched(store):
    viewer, friend, other_friend, both, one, creator = people(6)
    for person in (friend, other_friend):
        interactions.follow(follower=viewer, followee=person)
        interactions.follow(follower=person, followee=both)
    interactions.follow(follower=friend, followee=other_friend)
    interactions.follow(follower=friend, followee=viewer)
    interactions.follow(follower=friend, followee=one)
    for _ in range(3):
        view(make_video(creator=creator), [viewer])
    view(make_video(creator=both), [viewer])
    watch(make_video(creator=make_user()), user=viewer, fraction=0.1)
    view(make_video(creator=viewer), [viewer])
    view(make_video(creator=friend), [viewer])
    found = store().people_to_follow(viewer.pk, limit=10)
    assert found == [
        Acquaintance(both.pk, followed_by=2, watched=1),
        Acquaintance(creator.pk, followed_by=0, watched=3),
        Acquaintance(one.pk, followed_by=1, watched=0),
    ]
    assert store().people_to_follow(viewer.pk, limit=1) == found[:1]


def test_what_nobody_did_anything_with_has_no_neighbours(store):
    video, user = make_video(), make_user()
    ask = store()
    assert ask.co_watched([], viewer=user.pk, limit=5) == {}
    assert ask.co_watched([video.pk], viewer=user.pk, limit=5) == {video.pk: []}
    assert ask.paths(viewer=user.pk, anchors=[video.pk], videos=[]) == {}
    assert ask.people_to_follow(user.pk, limit=5) == []
