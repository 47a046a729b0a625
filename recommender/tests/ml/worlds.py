"""Small snapshots with a known structure."""

from dataclasses import replace

import numpy as np

from recommender.ml.data.snapshot import GraphSnapshot, Links

DAY = 86_400.0
START = 1_700_000_000.0


def make_snapshot(*, watched=(), n_users=4, n_items=5, **overrides):
    """``watched`` holds (user id, item id, weight, day); ids count from 100 and 500."""
    rows = np.array(watched, float).reshape(-1, 4)
    relations = {
        "watched": Links(rows[:, 0], rows[:, 1], rows[:, 2], START + rows[:, 3] * DAY),
        **overrides.pop("relations", {}),
    }
    values = {
        "taken_at": START + 100 * DAY,
        "user_ids": np.arange(100, 100 + n_users),
        "item_ids": np.arange(500, 500 + n_items),
        "texts": [f"video {i}" for i in range(n_items)],
        "duration": np.full(n_items, 60.0),
        "created": np.full(n_items, START),
        **overrides,
    }
    return GraphSnapshot.from_ids(relations=relations, **values)


def two_communities(*, seed=0, users=60, items=40, watches=14, days=60):
    """Even users watch even items of parent 1, odd users odd items of parent 2; one
    watch in ten strays. Titles name the community; every item has a creator."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        own = np.arange(user % 2, items, 2)
        for item in rng.choice(own, watches - 2, replace=False):
            row = (rng.uniform(0.5, 1), rng.uniform(0, days))
            rows.append((100 + user, 500 + item, *row))
        for item in rng.choice(own ^ 1, 2, replace=False):
            rows.append((100 + user, 500 + item, 0.3, rng.uniform(0, days)))
    words = (("guitar", "piano", "song"), ("goal", "match", "league"))
    item_ids = np.arange(500, 500 + items)
    some = [row for row in rows if row[2] > 0.8]
    everyone = np.arange(100, 100 + users)
    return make_snapshot(
        watched=rows,
        n_users=users,
        n_items=items,
        texts=[f"{words[i % 2][i % 3]} number {i}" for i in range(items)],
        duration=rng.uniform(20, 300, items),
        taken_at=START + days * DAY,
        category_ids=[11, 12, 21, 22],
        category_parent_ids=[1, 1, 2, 2],
        parent_ids=[1, 2],
        relations={
            "liked": Links(
                [r[0] for r in some],
                [r[1] for r in some],
                time=[START + r[3] * DAY + 30 for r in some],
            ),
            "uploaded": Links(100 + np.arange(items) % 8, item_ids),
            "follows": Links(everyone[10:], 100 + everyone[10:] % 2, time=START),
            "in_category": Links(
                item_ids, [(11, 21)[i % 2] + (i // 2) % 2 for i in range(items)]
            ),
            "in_parent": Links(item_ids, [1 + i % 2 for i in range(items)]),
            "interested_in": Links(everyone, 1 + everyone % 2, time=START),
            "not_interested": Links(everyone[:5], 501 - everyone[:5] % 2, time=START),
        },
    )


def without_times(world):
    """The same snapshot, its watches without times."""
    watched = replace(world.watched, time=np.zeros(len(world.watched)))
    return replace(world, watched=watched)


def strongest_contributions(model, state, item_ids):
    """For each item the contribution that raises its score most, or None."""
    every = model.contributions(state, item_ids)
    return [found[0] if found else None for found in every]
