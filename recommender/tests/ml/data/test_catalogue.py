"""The catalogue: its lists equal a plain sort, whatever is selected or has changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.catalogue import POPULARITY_AGE, Catalogue, Part, Rows
from recommender.ml.data.selection import Selection

NOW = 1_700_000_000.0
DAY = 86_400.0
MOODS = ("funny", "calm")


def rows(n, seed=0, first=1):
    """Videos of five creators, four categories in two parents, some with moods."""
    random = np.random.default_rng(seed)
    ids = np.arange(first, first + n)
    category = random.integers(0, 4, n)
    moody = ids[::3]
    return Rows(
        ids=ids,
        creators=random.integers(1, 6, n),
        published=NOW - random.integers(0, 90, n) * DAY,
        durations=np.full(n, 60, np.float32),
        engagement=random.integers(0, 5, n).astype(float),
        trend=(random.integers(0, 3, n) * random.random(n)).astype(np.float32),
        views=random.integers(0, 9, (n, 3)),
        shown=random.integers(0, 6, n),
        engaged=np.zeros(n, np.int64),
        categories=np.array([ids, 10 + category]),
        parents=np.array([ids, 1 + category // 2]),
        moods=np.array([moody, random.integers(0, 2, len(moody))]),
        strengths=random.random(len(moody)).astype(np.float32),
    )


def catalogue(built, changed=None, superseded=()):
    changed = rows(0) if changed is None else changed
    return Catalogue(
        built=Part.build(built, at=NOW, new=60 * DAY),
        changed=Part.build(changed, at=NOW, new=60 * DAY),
        superseded=np.sort(np.array(superseded, np.int64)),
        categories={},
        parents={},
        moods=MOODS,
    )


def heat(table):
    return table.engagement / (1 + (NOW - table.published) / POPULARITY_AGE)


def best(table, scores, limit, allowed):
    order = np.lexsort((-table.ids, -scores))
    return [key for key in table.ids[order].tolist() if key in allowed][:limit]


@pytest.mark.parametrize("size", [20, 3000])
@pytest.mark.parametrize("limit", [1, 7, 5000])
@pytest.mark.parametrize("selection", ["all", "category", "few", "checked"])
def test_lists_equal_a_plain_sort(size, limit, selection):
    table = rows(size)
    videos, allowed = Selection.of(catalogue(table)), set(table.ids.tolist())
    if selection == "category":
        videos = videos.in_categories([10])
        allowed = set(table.ids[table.categories[1] == 10].tolist())
    elif selection == "few":
        allowed = {2, 3, 5, 7, 11}
        videos = videos.among([*allowed, 10**9])
    elif selection == "checked":
        videos = videos.checked(lambda keys: keys % 2 == 0)
        allowed = {key for key in allowed if key % 2 == 0}
    hidden = [3, 4, 10**6]
    allowed -= set(hidden)
    videos = videos.without(hidden)
    assert videos.hottest(limit).keys.tolist() == best(
        table, heat(table), limit, allowed
    )
    assert videos.newest(limit).keys.tolist() == best(
        table, table.published, limit, allowed
    )
    trending = set(table.ids[table.trend > 0].tolist())
    assert videos.trending(limit).keys.tolist() == best(
        table, table.trend, limit, allowed & trending
    )
    assert videos.holds([2, 3, 10**6]).tolist() == [2 in allowed, False, False]


def test_selections_combine():
    table = rows(500)
    videos = Selection.of(catalogue(table))
    chosen = videos.in_parents([1]).not_of_creators([2]).of_creators([1, 2, 3])
    expected = table.ids[
        (table.parents[1] == 1) & np.isin(table.creators, [1, 3])
    ].tolist()
    assert sorted(chosen.hottest(1000).keys.tolist()) == expected
    assert chosen.count() == len(expected)


def test_moods_go_by_strength():
    table = rows(300)
    found = Selection.of(catalogue(table)).without([1]).strongest("calm", 10)
    calm = (table.moods[1] == 1) & (table.moods[0] != 1)
    order = np.argsort(-table.strengths[calm])[:10]
    assert found.keys.tolist() == table.moods[0][calm][order].tolist()
    assert found.scores == pytest.approx(table.strengths[calm][order])


def test_the_hottest_of_several_labels_come_with_their_label():
    table = rows(400)
    videos = Selection.of(catalogue(table))
    found, label = videos.hottest_by_label("category", [12, 10], 30)
    category = dict(zip(table.ids.tolist(), table.categories[1].tolist(), strict=True))
    assert label.tolist() == [category[key] for key in found.keys.tolist()]
    allowed = {key for key, value in category.items() if value in (10, 12)}
    assert found.keys.tolist() == best(table, heat(table), 30, allowed)


def test_the_least_shown_of_the_new_come_first():
    table = rows(400)
    since = NOW - 30 * DAY
    found = (
        Selection.of(catalogue(table))
        .without([7])
        .least_shown(25, since=since, below=4)
    )
    candidates = [
        (shown, -published, -key)
        for key, shown, published in zip(
            table.ids.tolist(), table.shown.tolist(), table.published, strict=True
        )
        if published >= since and shown < 4 and key != 7
    ]
    assert found[:, 0].tolist() == [-key for _, _, key in sorted(candidates)[:25]]


def test_a_changed_video_takes_the_place_of_the_old_one():
    table = rows(100)
    moved = replace(
        rows(2, seed=1, first=50),
        engagement=np.array([1e6, 2e6]),
        categories=np.array([[50, 51], [99, 99]]),
    )
    # 50 and 51 changed, 52 is not listed any more.
    videos = Selection.of(catalogue(table, moved, superseded=[50, 51, 52]))
    assert videos.count() == 99
    assert videos.hottest(2).keys.tolist() == [51, 50]
    assert sorted(videos.in_categories([99]).newest(9).keys.tolist()) == [50, 51]
    assert videos.holds([50, 51, 52, 53]).tolist() == [True, True, False, True]
    described = videos.catalogue.describe([53, 50, 52])
    assert described.keys.tolist() == [53, 50]
    assert described.labels_of(1)[0] == [99]
    assert described.creators[1] == moved.creators[0]


def test_a_sample_is_uniform_over_what_is_selected():
    videos = Selection.of(catalogue(rows(50))).among([1, 2, 3, 4])
    generator = np.random.default_rng(0)
    drawn = np.concatenate([videos.sample(2, generator) for _ in range(400)])
    keys, counts = np.unique(drawn, return_counts=True)
    assert keys.tolist() == [1, 2, 3, 4]
    assert counts.min() > 150
    odd = videos.checked(lambda keys: keys % 2 == 1)
    assert set(odd.sample(9, generator).tolist()) == {1, 3}


def test_the_arrays_of_a_part_are_all_of_it():
    table = rows(60)
    part = Part.build(table, at=NOW, new=60 * DAY)
    again = Part.from_arrays(part.arrays().__getitem__)
    for name, array in part.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array, err_msg=name)
