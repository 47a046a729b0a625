"""The catalogue of a process: stored ones, and what changed since."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from recommender.dataset import catalogue as dataset
from recommender.ml.data.selection import Selection
from recommender.registry import catalogue as served
from recommender.registry.catalogue import catalogue
from recommender.tasks import store_catalogue
from videos.models import Video
from videos.moods import store as moods
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()


@pytest.fixture
def stored(settings, monkeypatch):
    """Catalogues as a site has them: some minutes old, changes looked up each time."""
    settings.CATALOGUE_MAX_AGE = timedelta(minutes=10)
    monkeypatch.setattr("recommender.registry.serving.CHECK_EVERY", 0)


def keys(page):
    return [item.video.pk for item in page.items]


def test_the_stored_catalogue_equals_a_new_one(stored):
    category = make_category()
    videos = [make_video(categories=[category]) for _ in range(5)]
    moods.store(origin="tags", strengths={videos[0].pk: {"calm": 0.5}})
    watch(videos[1], user=make_user())
    folder = dataset.store()
    part, (categories, parents) = dataset.load(folder)
    assert categories[category.pk].name == category.name
    assert set(parents) == {category.parent_category.pk}
    again = dataset.build()
    for name, array in part.arrays().items():
        if name not in ("built_at", "heat"):
            np.testing.assert_array_equal(array, again.arrays()[name], err_msg=name)


def test_old_folders_are_removed(stored):
    for _ in range(dataset.KEPT + 2):
        store_catalogue.func()
    assert len(dataset.folders()) == dataset.KEPT


def test_a_new_video_and_a_changed_one_show_at_once(stored):
    old, category = make_video(), make_category()
    store_catalogue.func()
    assert keys(feed.explore(ANYONE, strategy="newest")) == [old.pk]
    new = make_video(categories=[category])
    assert keys(feed.explore(ANYONE, strategy="newest")) == [new.pk, old.pk]
    assert keys(feed.category(ANYONE, category)) == [new.pk]


def test_what_was_hidden_a_moment_ago_does_not_show(stored):
    private, deleted, dismissed, watched, left = (make_video() for _ in range(5))
    user = make_user()
    store_catalogue.func()
    assert len(keys(feed.home(user))) == 5
    # As a bulk action of the admin does it: nothing says when it changed.
    Video.objects.filter(pk=private.pk).update(visibility="private")
    deleted.delete()
    interactions.not_interested(user=user, video=dismissed)
    watch(watched, user=user)
    assert keys(feed.home(user)) == [left.pk]
    assert set(keys(feed.explore(user))) == {left.pk, watched.pk}


def test_processes_read_the_newest_stored_catalogue(stored):
    make_video()
    store_catalogue.func()
    first = catalogue()
    assert catalogue().built is first.built
    store_catalogue.func()
    assert catalogue().built is not first.built


def test_a_process_builds_its_own_where_none_is_stored_or_all_are_old(stored, settings):
    make_video()
    own = catalogue()
    assert Selection.of(own).count() == 1
    assert catalogue().built is own.built
    folder = dataset.store()
    folder.rename(folder.with_name("1000.000000"))
    assert catalogue().built is own.built


def test_many_changes_wait_for_the_next_build(stored, monkeypatch):
    store_catalogue.func()
    monkeypatch.setattr(served, "MOST_CHANGED", 3)
    for _ in range(5):
        make_video()
    assert Selection.of(catalogue()).count() == 3
    store_catalogue.func()
    assert Selection.of(catalogue()).count() == 5
