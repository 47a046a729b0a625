"""The moods of videos in the database."""

from __future__ import annotations

import pytest

from videos.models import Video, VideoMood
from videos.moods import store
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


def test_what_is_stored_is_what_was_found_and_no_more(django_assert_num_queries):
    first, second = make_video(), make_video()
    found = {first.pk: {"calm": 0.5, "funny": 1.0}, second.pk: {"calm": 1.0}}
    assert store.store(origin="tags", strengths=found) == 3
    with django_assert_num_queries(1):
        assert store.store(origin="tags", strengths=found) == 0
    assert store.store(origin="tags", strengths={first.pk: {"calm": 0.7}}) == 2
    rows = VideoMood.objects.values_list("video", "mood", "strength")
    assert set(rows) == {(first.pk, "calm", 0.7), (second.pk, "calm", 1.0)}


def test_the_strongest_evidence_counts_by_its_trust():
    video = make_video()
    store.store(origin="text", strengths={video.pk: {"calm": 1.0, "funny": 0.5}})
    store.store(origin="emotions", strengths={video.pk: {"calm": 0.5}})
    make_video()  # without a mood
    for mood, strength in (("calm", 0.6), ("funny", 0.3)):
        rows = store.in_mood(Video.objects.all(), mood)
        assert [(row.pk, row.mood_strength) for row in rows] == [
            (video.pk, pytest.approx(strength))
        ]
