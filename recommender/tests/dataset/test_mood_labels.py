from __future__ import annotations

import pytest

from recommender.dataset import mood_labels
from videos.models import VideoMood
from videos.moods import store
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


def texts_of(origin="text"):
    rows = VideoMood.objects.filter(origin=origin)
    return {(row.video_id, row.mood): row.strength for row in rows}


def test_moods_are_learned_from_videos_that_tell_theirs(monkeypatch):
    monkeypatch.setattr(mood_labels, "MIN_EXAMPLES", 40)
    monkeypatch.setattr(mood_labels, "MIN_EXAMPLES_OF_MOOD", 5)
    told = {}
    for n in range(40):
        funny = n % 2
        words = "clown trips over bucket" if funny else "rain falls on pond"
        video = make_video(title=f"{words} {n}")
        told[video.pk] = {"funny": 1.0} if funny else {"calm": 1.0}
    store.store(origin="emotions", strengths=told)
    clown, pond = make_video(title="Clown and bucket"), make_video(title="Rain on pond")
    assert mood_labels.infer() == 2
    found = texts_of()
    assert set(found) == {(clown.pk, "funny"), (pond.pk, "calm")}
    assert min(found.values()) > 0.4
    assert mood_labels.infer() == 0  # nothing changed, nothing is written


def test_with_few_examples_words_speak_for_themselves():
    plain, calm = make_video(title="A chair"), make_video(title="A peaceful morning")
    told = make_video(title="Peaceful")
    store.store(origin="tags", strengths={told.pk: {"calm": 1.0}})
    assert mood_labels.infer() == 1
    assert texts_of() == {(calm.pk, "calm"): 1.0}
    assert plain.pk not in {pk for pk, _ in texts_of()}
