from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.snapshot import Links
from recommender.ml.data.splits import (
    Cut,
    evaluation_split,
    global_time_split,
    leave_last,
    usable_cut,
    validation_part,
)
from recommender.tests.ml.worlds import (
    DAY,
    START,
    make_snapshot,
    two_communities,
    without_times,
)


def ten_watches():
    """Ten watches on ten days: users 100 and 101 in turn, then 102 at the end."""
    users = [100, 101, 100, 101, 100, 101, 100, 101, 100, 102]
    items = [500, 500, 501, 501, 502, 502, 503, 504, 505, 500]
    return make_snapshot(
        n_items=6,
        watched=list(zip(users, items, [1] * 10, range(10), strict=True)),
        relations={"liked": Links([100], [505], time=START + 8 * DAY)},
    )


def test_time_split_cuts_everything_at_two_moments():
    split = global_time_split(ten_watches(), validation=0.2, test=0.2)
    assert len(split.validation.history.watched) == 6
    assert len(split.test.history.watched) == 8
    assert split.validation.users.tolist() == [0, 1]
    assert split.validation.targets(0).tolist() == [3]
    assert split.validation.targets(1).tolist() == [4]
    # User 102 has no history: cold start is another protocol.
    assert split.test.users.tolist() == [0]
    assert split.test.targets(0).tolist() == [5]
    assert len(split.test.history.liked) == 0
    assert split.validation.history.taken_at == START + 6 * DAY


def test_users_without_history_can_be_included():
    split = global_time_split(ten_watches(), validation=0.2, test=0.2, min_history=0)
    assert split.test.users.tolist() == [0, 2]


def test_no_target_was_seen_and_none_is_early():
    snapshot = ten_watches()
    split = global_time_split(snapshot, validation=0.3, test=0.3)
    for part in (split.validation, split.test):
        known = part.history.watched
        for row, user in enumerate(part.users):
            seen = known.target[known.source == user]
            assert not np.isin(part.targets(row), seen).any()
        assert known.time.max() < part.history.taken_at


def test_watches_below_the_threshold_are_no_targets():
    rows = [(100, 500 + d, 0 if d == 9 else 1, d) for d in range(10)]
    snapshot = make_snapshot(n_items=10, watched=rows)
    split = global_time_split(snapshot, validation=0.2, test=0.2)
    assert 9 not in split.test.items


def test_leave_last_holds_out_each_users_end():
    rows = [(100, 500 + d, 1, d) for d in range(10)] + [(101, 500, 1, 0)]
    split = leave_last(make_snapshot(n_items=10, watched=rows), share=0.2)
    assert split.test.users.tolist() == [0]
    assert split.test.targets(0).tolist() == [8, 9]
    assert split.validation.targets(0).tolist() == [6, 7]
    assert len(split.test.history.watched) == 9
    assert len(split.validation.history.watched) == 7


def test_a_like_of_a_held_out_video_is_held_out_too():
    rows = [(100, 500 + d, 1, d) for d in range(10)]
    liked = Links([100] * 4, [500, 507, 509, 511], time=START)
    inspired = Links([100], [509], time=START)
    split = leave_last(
        make_snapshot(
            n_items=12, watched=rows, relations={"liked": liked, "inspired": inspired}
        ),
        share=0.2,
    )
    assert split.validation.history.liked.target.tolist() == [0, 11]
    assert split.test.history.liked.target.tolist() == [0, 7, 11]
    assert not len(split.test.history.inspired)
    assert split.validation.reaction.tolist() == [1, 2]
    assert split.test.reaction.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no watches"),
        ([(100, 500, 1, 1), (101, 500, 1, 1)], "distinct times"),
    ],
)
def test_too_little_data_is_a_clear_error(rows, message):
    with pytest.raises(ValueError, match=message):
        global_time_split(make_snapshot(watched=rows))


def test_a_sample_of_people_keeps_their_targets():
    split = leave_last(two_communities(), share=0.2)
    part = split.test.sample(7)
    assert len(part.users) == 7
    for row, user in enumerate(part.users):
        whole = np.flatnonzero(split.test.users == user)[0]
        np.testing.assert_array_equal(part.targets(row), split.test.targets(whole))
    assert part.sample(8) is part


def test_a_cut_that_leaves_few_people_is_replaced_by_each_persons_last_watches():
    few = two_communities(users=60)
    assert len(validation_part(few, 0.1).users) < len(
        validation_part(few, 0.1, enough_people=200).users
    )
    assert len(validation_part(few, 0.1, enough_people=200).users) == 60
    many = two_communities(users=400)
    cut = validation_part(many, 0.1)
    np.testing.assert_array_equal(
        validation_part(many, 0.1, enough_people=200).users, cut.users
    )


def test_without_a_share_or_watches_there_is_nothing_to_validate_with():
    assert validation_part(two_communities(), 0.0) is None
    assert validation_part(make_snapshot(), 0.1) is None


def test_without_a_clock_or_an_order_random_watches_are_held_out():
    world = two_communities(users=200)
    timeless = without_times(world)
    assert usable_cut(world) == Cut.TIME
    assert usable_cut(timeless) == Cut.RANDOM
    split = evaluation_split(timeless, seed=3)
    assert split.cut == Cut.RANDOM
    share = len(split.test.items) / len(timeless.watched)
    assert 0.1 < share < 0.2  # rounded up for each person
    again = evaluation_split(timeless, seed=3)
    np.testing.assert_array_equal(split.test.items, again.test.items)
    other = evaluation_split(timeless, seed=4)
    assert not np.array_equal(split.test.items, other.test.items)
    # The ids of people and videos do not decide what is held out.
    held = split.test.items.mean() / (timeless.n_items - 1)
    assert 0.45 < held < 0.55


def test_counters_of_each_person_are_an_order_but_no_clock():
    world = two_communities()
    count = np.arange(len(world.watched)) % 14.0
    counted = replace(world, watched=replace(world.watched, time=count))
    assert usable_cut(counted) == Cut.LAST
    split = evaluation_split(counted)
    assert split.cut == Cut.LAST
    users = np.repeat(split.test.users, np.diff(split.test.indptr))
    known = split.test.history.watched
    for user in split.test.users[:5]:
        newest = counted.watched.where(
            (counted.watched.source == user)
            & np.isin(counted.watched.target, split.test.items[users == user])
        )
        assert newest.time.min() > known.time[known.source == user].max()


def test_a_few_distant_dates_are_no_clock():
    world = two_communities()
    dates = np.where(np.arange(len(world.watched)) % 3, 1.7e9, 1.6e9)
    dated = replace(world, watched=replace(world.watched, time=dates))
    assert usable_cut(dated) != Cut.TIME


def test_too_few_watches_to_hold_any_out_is_a_clear_error():
    rows = [(100, 500, 1, 1), (101, 500, 1, 1)]
    with pytest.raises(ValueError, match="nobody has the 3 watches"):
        evaluation_split(make_snapshot(watched=rows))
    with pytest.raises(ValueError, match="no watches"):
        evaluation_split(make_snapshot())


def test_a_validation_part_without_times_is_random():
    timeless = without_times(two_communities(users=200))
    part = validation_part(timeless, 0.1, enough_people=50)
    assert len(part.users) == 200
    assert 0.45 < part.items.mean() / (timeless.n_items - 1) < 0.55
