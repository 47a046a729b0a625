"""Team draft: fair where the rankings are equal, and in favour of the better one."""

from random import Random

import numpy as np
import pytest

from recommender.ml.experiments.interleaving import (
    CONTROL,
    TREATMENT,
    team_draft,
    winner,
)


def test_a_draft_by_hand():
    class Heads(Random):
        def random(self):
            return 0.0  # the control picks first

    drafted = team_draft("abcd", "bead", Heads())
    assert drafted == [
        ("a", CONTROL),
        ("b", TREATMENT),
        ("c", CONTROL),
        ("e", TREATMENT),
        ("d", CONTROL),
    ]


def test_everything_of_both_is_in_it_once_and_teams_take_turns():
    random = Random(1)
    for _ in range(100):
        drafted = team_draft(range(30), range(20, 60), random)
        assert sorted(item for item, _ in drafted) == list(range(60))
        for pair in range(0, 40, 2):
            assert {team for _, team in drafted[pair : pair + 2]} == {
                CONTROL,
                TREATMENT,
            }
    assert team_draft([], [1, 2], random) == [(1, TREATMENT), (2, TREATMENT)]


def score(control, treatment, likes, *, feeds=4000):
    """Mean of who wins, for someone who reads from the top and may click twice."""
    random, clicks = Random(2), np.random.default_rng(3)
    results = []
    for _ in range(feeds):
        drafted = team_draft(control, treatment, random)
        looked = [item for item, _ in drafted[:10]]
        chosen = [item for item in looked if clicks.random() < likes(item)]
        results.append(winner(dict(drafted), chosen[:2]))
    return np.mean(results), np.std(results) / np.sqrt(feeds)


@pytest.mark.parametrize("other", [range(40), [1, 0, *range(2, 40)]])
def test_equally_good_rankings_tie(other):
    mean, error = score(range(40), other, lambda item: 0.3 if item < 2 else 0.2)
    assert abs(mean) < 4 * error


def test_the_ranking_that_puts_the_liked_first_wins():
    better = sorted(range(40), key=lambda item: item % 5)

    def likes(item):
        return 0.5 if item % 5 == 0 else 0.02

    mean, error = score(range(40), better, likes)
    assert mean > 10 * error
    mean, error = score(better, range(40), likes)
    assert mean < -10 * error


def test_winner_counts_what_was_watched():
    teams = {"a": CONTROL, "b": TREATMENT, "c": TREATMENT}
    assert winner(teams, ["a", "b", "c"]) == 1
    assert winner(teams, ["a"]) == -1
    assert winner(teams, ["a", "b"]) == 0
    assert winner(teams, ["elsewhere"]) == 0
