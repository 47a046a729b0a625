"""The places of exploration candidates, on lists worked by hand."""

from __future__ import annotations

import pytest

from recommender.ml.ranking.slots import interleave, slot_count


@pytest.mark.parametrize("length", [0, 3, 7, 8, 24, 120])
def test_exploration_takes_one_place_in_twelve(length):
    offered = [f"e{n}" for n in range(slot_count(length))]
    mixed = interleave(list(range(length)), offered)
    places = [i for i, item in enumerate(mixed) if isinstance(item, str)]
    assert places == list(range(7, len(mixed), 12))[: len(places)]
    assert [item for item in mixed if isinstance(item, int)] == list(range(length))
    if length > 7:
        assert 0.04 <= len(places) / len(mixed) <= 0.125
    assert len(offered) <= len(places) + 1


def test_exploration_goes_on_where_the_feed_ended():
    first = interleave(list(range(20)), ["a", "b"])
    more = interleave(list(range(20)), ["c", "d"], offset=len(first))
    places = [i for i, x in enumerate(first + more) if isinstance(x, str)]
    assert places == [7, 19, 31]
