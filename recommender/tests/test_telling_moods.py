from __future__ import annotations

import pytest

from recommender import moods as telling
from videos import moods
from videos.models import VideoMood
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


def texts_of(origin="text"):
    rows = VideoMood.objects.filter(origin=origin)
    return {(row.video_id, row.mood): row.strength for row in rows}


def test_with_few_examples_words_speak_for_themselves():
    plain, calm = make_video(title="A chair"), make_video(title="A peaceful morning")
    told = make_video(title="Peaceful")
    moods.store(origin="tags", found={told.pk: {"calm": 1.0}})
    assert telling.tell() == 1
    assert texts_of() == {(calm.pk, "calm"): 1.0}
    assert plain.pk not in {pk for pk, _ in texts_of()}
