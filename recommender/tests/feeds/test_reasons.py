"""Reasons are true: without the action that a reason names, the video scores lower.

For the feeds of many people, each action behind a reason is undone by its service, and
the source of the video is queried again.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Engagement, Follow, Watch
from interactions.services import record_watch
from recommender import feed
from recommender.ranking import exploration
from recommender.registry import activation, serving
from recommender.registry.activation import MODELS
from recommender.retrieval import queries, sources
from recommender.retrieval.types import Request
from recommender.retrieval.viewer import Viewer
from recommender.tests.planted import plant
from recommender.tests.training.test_pipeline import QUICK
from recommender.training import pipeline
from videos.models import Category, ParentCategory, Video

pytestmark = pytest.mark.django_db

CONFIGS = {
    "graphsage": QUICK,
    "blend": {
        "members": ("graphsage", "co_watch"),
        "settings": {"graphsage": QUICK},
        "weights": {"graphsage": 0.7, "co_watch": 0.3},
    },
}
LOOKED_AT = 12  # first videos of each feed


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)


def see(user, video, *, days=0.0):
    record_watch(
        user=user,
        video=video,
        session_id=uuid4(),
        fraction=0.9,
        seconds=54.0,
        at=timezone.now() - timedelta(days=days),
    )


def with_deeds(world):
    """Fans who also liked, followed and picked, which a model then learns from."""
    for kind, fans in enumerate(world.fans):
        category = world.categories[kind]
        for n, fan in enumerate(fans):
            seen = Engagement.objects.filter(user=fan).order_by("pk")[: 1 + n % 3]
            for row in seen:
                interactions.like(user=fan, video=row.video)
            creator = world.videos[kind][n % 10].creator
            interactions.follow(follower=fan, followee=creator)
            fan.parent_category_interests.add(category.parent_category)


def people(world, count):
    """Each watched, liked, followed or picked something of their kind: some all."""
    found = []
    for n in range(count):
        user, kind = make_user(), n % 2
        videos, picked = world.videos[kind], world.categories[kind].parent_category
        for step in range(1 + n % 3):
            see(user, videos[(n + 5 * step) % len(videos)], days=1 + step)
        if n % 3 == 0:
            video = videos[(n + 2) % len(videos)]
            interactions.like(user=user, video=video)
        if n % 4 < 2:
            followee = videos[(n + 3) % len(videos)].creator
            interactions.follow(follower=user, followee=followee)
        if n % 5 < 2:
            user.parent_category_interests.add(picked)
            interactions.seed_interests(user=user)
        found.append(user)
    return found


def score(user, item):
    """What the source of a feed's item makes of it at this moment; nothing: -inf.

    Of neighbours, what the watch that is named makes of it.
    """
    viewer = Viewer(user)
    model = serving.active_model()
    if item.source == model.name:
        return float(model.score_items(viewer.history, [item.video.pk])[0])
    request = Request(viewer, viewer.unseen(), model)
    source = "popular" if item.source == "catalogue" else item.source
    found = sources.SOURCES[source].fetch(request)
    own = found.keys == item.video.pk
    if title := re.search("“(.+)”", item.reason):
        own &= found.evidence == Video.objects.get(title=title[1]).pk
    return max(found.scores[own].tolist(), default=-math.inf)


@contextmanager
def without(user, item):
    """Undoes the action that the reason names; yields its kind or None."""
    with transaction.atomic():
        yield take_away(user, item)
        transaction.set_rollback(True)


def take_away(user, item):
    """Undo the action that the reason names; returns its kind, None without one."""
    reason = item.reason
    if reason == "Trending this week":
        for watch in Watch.objects.filter(video=item.video):
            interactions.remove_from_history(user=watch.user, video=item.video)
        return "trend"
    for pattern, undo in UNDO.items():
        found = re.search(pattern, reason)
        kind = undo(user, found[1]) if found else None
        if kind is not None:
            return kind
    return None


def unwatch(user, title):
    video = Video.objects.get(title=title)
    interactions.remove_from_history(user=user, video=video)
    return "watched"


def unlike(user, title):
    interactions.unlike(user=user, video=Video.objects.get(title=title))
    return "liked"


def unfollow(user, name):
    for follow in Follow.objects.filter(follower=user).select_related("followee"):
        if follow.followee.display_name == name:
            interactions.unfollow(follower=user, followee=follow.followee)
            return "followed"
    return None


def unpick(user, name):
    user.parent_category_interests.remove(ParentCategory.objects.get(name=name))
    interactions.seed_interests(user=user)
    return "picked"


def unwatch_category(user, name):
    category = Category.objects.get(name=name)
    for row in Engagement.objects.filter(user=user, video__categories=category):
        interactions.remove_from_history(user=user, video=row.video)
    return "category"


UNDO = {
    r"you watched “(.+)”": unwatch,
    r"you liked “(.+)”": unlike,
    r"[Ff]rom (.+), whom you follow": unfollow,
    r"you follow (.+)": unfollow,
    r"you picked (.+)$": unpick,
    r"in (.+), which you picked": unpick,
    r"in (.+), which you watch": unwatch_category,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_every_named_action_contributes_to_the_score(name):
    world = plant()
    with_deeds(world)
    run = pipeline.train(model=name, config=CONFIGS[name], activate=False)
    activation.activate(MODELS, run=run, reason="For its reasons", force=True)
    named = Counter()
    for user in people(world, 30):
        for item in feed.home(user).items[:LOOKED_AT]:
            if item.source in exploration.SOURCES:
                continue
            before = score(user, item)
            with without(user, item) as kind:
                if kind is None:
                    continue
                named[item.source == name, kind] += 1
                assert score(user, item) < before, (item.reason, item.source)
    deeds = Counter()
    for (_, kind), count in named.items():
        deeds[kind] += count
    assert named[True, "watched"] >= 20, named
    assert sum(deeds.values()) >= 100, named
    assert {"watched", "followed"} <= set(deeds), named


def test_what_trends_does_so_by_the_week_that_it_names():
    world = plant()
    hit = world.videos[0][0]
    for fan in world.fans[1][:5]:
        see(fan, hit)
    visitor = make_user()
    item = next(i for i in feed.explore(visitor).items if i.video == hit)
    assert item.reason == "Trending this week"
    before = trends(visitor)
    assert take_away(visitor, item) == "trend"
    assert trends(visitor).get(hit.pk, 0) < before[hit.pk]


def trends(user):
    viewer = Viewer(user)
    found = queries.trending(Request(viewer, viewer.unseen()))
    return dict(zip(found.keys.tolist(), found.scores.tolist(), strict=True))


def test_a_category_one_watches_is_named_because_of_what_one_watched():
    world = plant()
    Video.objects.update(views=1, engagement=0.54)
    checked = 0
    for n in range(10):
        user, kind = make_user(), n % 2
        see(user, world.videos[kind][n])
        for item in feed.home(user).items:
            if not re.match("Popular in .+, which you watch", item.reason):
                continue
            before = score_without_model(user, item)
            with without(user, item) as named:
                assert named == "category"
                assert score_without_model(user, item) < before
            checked += 1
    assert checked >= 30


def score_without_model(user, item):
    viewer = Viewer(user)
    request = Request(viewer, viewer.unseen())
    found = sources.SOURCES[item.source].fetch(request)
    scores = found.scores[found.keys == item.video.pk].tolist()
    return scores[0] if scores else -math.inf
