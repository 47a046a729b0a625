"""The moods of words and of audience reactions, against hand-worked numbers."""

from __future__ import annotations

import pytest

from accounts.moods import Mood
from videos.moods import lexicon


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
    assert lexicon.from_words(words) == pytest.approx(found)


def test_each_word_speaks_for_one_mood():
    words = [word for known in lexicon.WORDS.values() for word in known]
    assert len(words) == len(set(words))
    assert set(lexicon.WORDS) == set(Mood)


def test_shares_of_an_audience():
    reactions = {"Funny": 30, "Beautiful": 10, "Courageous": 10, "OK": 500, "Odd": 9}
    assert lexicon.shares(reactions) == pytest.approx({"funny": 0.6, "moving": 0.4})
    assert lexicon.shares({"OK": 3}) == {}


def test_an_audience_that_reacted_as_audiences_do_tells_nothing():
    common = lexicon.mean_shares(
        [{"Funny": 6, "Courageous": 4}, {"Beautiful": 4, "OK": 3}]
    )
    assert common == pytest.approx({"funny": 0.3, "moving": 0.7})
    found = lexicon.from_reactions({"Funny": 60, "Beautiful": 40}, common)
    assert found == pytest.approx({"funny": 0.5})
