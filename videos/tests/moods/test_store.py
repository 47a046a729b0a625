from __future__ import annotations

import pytest

from accounts.moods import Mood
from videos.models import Video, VideoMood
from videos.moods import lexicon as evidence
from videos.moods import store
from videos.tests.factories import make_video


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["spreadsheet"], {}),
        (["Joy"], {"energetic": 1.0}),
        (["a sense of Wonder", "calm, peaceful"], {"astonishing": 1.0, "calm": 0.9}),
        (["light-hearted"], {"funny": 1.0}),
        ([*["x"] * 20, "calm"], {"calm": 0.3}),
        (["calm", "calm"], {"calm": 1.0}),
    ],
)
def test_words(words, found):
    assert evidence.of_words(words) == pytest.approx(found)


def test_each_word_speaks_for_one_mood():
    words = [word for known in evidence.WORDS.values() for word in known]
    assert len(words) == len(set(words))
    assert set(evidence.WORDS) == set(Mood)


def test_shares_of_an_audience():
    reactions = {"Funny": 30, "Beautiful": 10, "Courageous": 10, "OK": 500, "Odd": 9}
    assert evidence.shares(reactions) == pytest.approx({"funny": 0.6, "moving": 0.4})
    assert evidence.shares({"OK": 3}) == {}


def test_an_audience_that_reacted_as_audiences_do_tells_nothing():
    common = evidence.usual([{"Funny": 6, "Courageous": 4}, {"Beautiful": 4, "OK": 3}])
    assert common == pytest.approx({"funny": 0.3, "moving": 0.7})
    found = evidence.of_reactions({"Funny": 60, "Beautiful": 40}, common)
    assert found == pytest.approx({"funny": 0.5})


@pytest.mark.django_db
def test_what_is_stored_is_what_was_found_and_no_more(django_assert_num_queries):
    first, second = make_video(), make_video()
    found = {first.pk: {"calm": 0.5, "funny": 1.0}, second.pk: {"calm": 1.0}}
    assert store.store(origin="tags", found=found) == 3
    with django_assert_num_queries(1):
        assert store.store(origin="tags", found=found) == 0
    assert store.store(origin="tags", found={first.pk: {"calm": 0.7}}) == 2
    rows = VideoMood.objects.values_list("video", "mood", "strength")
    assert set(rows) == {(first.pk, "calm", 0.7), (second.pk, "calm", 1.0)}


@pytest.mark.django_db
def test_the_best_evidence_counts_as_far_as_it_is_believed():
    video, other = make_video(), make_video()
    store.store(origin="text", found={video.pk: {"calm": 1.0, "funny": 0.5}})
    store.store(origin="emotions", found={video.pk: {"calm": 0.5}})
    assert store.of_videos([video, other]) == {
        video.pk: pytest.approx({"calm": 0.6, "funny": 0.3}),
        other.pk: {},
    }
    assert list(store.of_videos([video])[video.pk]) == ["calm", "funny"]
    rows = store.in_mood(Video.objects.all(), "calm")
    assert [(row.pk, row.mood_strength) for row in rows] == [
        (video.pk, pytest.approx(0.6))
    ]
