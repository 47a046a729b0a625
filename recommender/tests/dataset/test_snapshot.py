"""The snapshot says what the rows say, and nothing that is not public."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Engagement
from interactions.tests.factories import watch
from recommender.dataset import snapshot
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


def pairs(edges, sources, targets):
    return {
        (int(sources[s]), int(targets[t]))
        for s, t in zip(edges.source, edges.target, strict=True)
    }


def test_every_relation_is_read_as_it_stands():
    jazz = make_category()
    video, other = make_video(categories=[jazz]), make_video(title="T", description="D")
    user = make_user()
    user.parent_category_interests.add(jazz.parent_category)
    at = timezone.now()
    watch(video, user=user, fraction=0.5, at=at)
    interactions.like(user=user, video=video)
    interactions.not_interested(user=user, video=other)
    interactions.follow(follower=user, followee=video.creator)
    graph = snapshot.take()

    u, i = graph.user_ids, graph.item_ids
    assert list(i) == [video.pk, other.pk]
    assert set(u) == {user.pk, video.creator_id, other.creator_id}
    assert pairs(graph.watched, u, i) == {(user.pk, video.pk)}
    assert graph.watched.weight[0] == pytest.approx(0.6 * 0.5 + 0.4)
    last = Engagement.objects.get(user=user, video=video).last_at.timestamp()
    assert graph.watched.time[0] == pytest.approx(last, abs=1e-3)
    assert pairs(graph.liked, u, i) == {(user.pk, video.pk)}
    assert pairs(graph.not_interested, u, i) == {(user.pk, other.pk)}
    assert pairs(graph.follows, u, u) == {(user.pk, video.creator_id)}
    assert pairs(graph.uploaded, u, i) == {
        (video.creator_id, video.pk),
        (other.creator_id, other.pk),
    }
    assert pairs(graph.interested_in, u, graph.parent_ids) == {
        (user.pk, jazz.parent_category_id)
    }
    assert pairs(graph.in_category, i, graph.category_ids) == {(video.pk, jazz.pk)}
    assert pairs(graph.in_parent, i, graph.parent_ids) == {
        (video.pk, jazz.parent_category_id)
    }
    assert graph.texts[1] == "T\nD"
    assert graph.duration[0] == 60


@pytest.mark.parametrize(
    "hidden",
    [{"visibility": "private"}, {"visibility": "unlisted"}, {"state": "failed"}],
)
def test_what_is_not_public_is_in_no_relation(hidden):
    video = make_video(categories=[make_category()])
    user = make_user()
    watch(video, user=user)
    interactions.like(user=user, video=video)
    interactions.not_interested(user=user, video=video)
    Video.objects.filter(pk=video.pk).update(**hidden)
    graph = snapshot.take()
    assert graph.n_items == graph.n_users == 0


def test_unchanged_rows_give_an_unchanged_hash():
    video = make_video(categories=[make_category()])
    watch(video)
    first = snapshot.take().content_hash()
    assert snapshot.take().content_hash() == first
    watch(video)
    assert snapshot.take().content_hash() != first


def test_an_empty_platform_is_an_empty_snapshot():
    graph = snapshot.take()
    assert (graph.n_users, graph.n_items, len(graph.watched)) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_all_reads_see_one_moment(monkeypatch):
    """What another connection commits in between is not half in the snapshot."""
    video = make_video()
    user = make_user()
    read_relations = snapshot._relations

    def commit_elsewhere():
        watch(video, user=user)
        make_video()
        connection.close()

    def meanwhile(listed):
        other = threading.Thread(target=commit_elsewhere)
        other.start()
        other.join()
        return read_relations(listed)

    monkeypatch.setattr(snapshot, "_relations", meanwhile)
    graph = snapshot.take()
    assert graph.n_items == 1
    assert len(graph.watched) == 0
