"""How fast a blend serves a large catalogue: `python -m benchmarks.blend_serving`.

A synthetic snapshot, in arrays: people of clustered tastes watch videos of skewed
popularity. The blend has fixed members and weights. CPU time of one request, and the
overlap of its list with that of dense scores.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from benchmarks import datasets
from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import registry
from recommender.ml.models.base import Model, top_k

CLUSTERS = 200
REQUESTS = 200
NEWEST = 50  # watches of a request
PAGE = 24
LIST = 300
SETTINGS = {
    "members": ("als", "gf_cf", "popularity"),
    "settings": {
        "als": {"factors": 64, "iterations": 5},
        "gf_cf": {
            "rank": 128,
            "sharpening": 0.6,
            "degree": 0.2,
            "neighbours": 300,
        },
        "popularity": {"half_life_days": 14.0},
    },
    "weights": {"als": 1.0, "gf_cf": 0.6, "popularity": 0.1},
    "by_person": False,
}


def synthetic(
    videos: int, people: int, watches: int, *, seed: int = 0
) -> GraphSnapshot:
    """Each person has two of `CLUSTERS` tastes, a video has one; a watch in five is of
    any video."""
    random = np.random.default_rng(seed)
    activity = random.lognormal(0, 1, people)
    user = random.choice(people, watches, p=activity / activity.sum())
    tastes = random.integers(CLUSTERS, size=(people, 2))
    taste = tastes[user, random.integers(2, size=watches)]
    within = videos // CLUSTERS
    rank = (within * random.random(watches) ** 2.5).astype(np.int64)
    item = taste * within + rank
    anywhere = random.random(watches) < 0.2
    item[anywhere] = (videos * random.random(anywhere.sum()) ** 1.5).astype(np.int64)
    when = 1.7e9 + 86_400 * 90 * random.random(watches)
    return datasets.plain(user, item, time=when, n_users=people, n_items=videos)


def cpu(call: Callable[[UserHistory], object], states: list[UserHistory]) -> float:
    """The median CPU milliseconds of a call."""
    spent = []
    for state in states:
        began = time.process_time()
        call(state)
        spent.append(1000 * (time.process_time() - began))
    return float(np.median(spent))


def overlap(model: Model, states: list[UserHistory], k: int) -> float:
    """The mean share of the dense list's first ``k`` that `recommend` has."""
    shares = []
    for state in states:
        scores = model.scores([state])[0]
        scores[np.searchsorted(model.item_ids, state.watched.ids)] = -np.inf
        dense = model.item_ids[top_k(scores[None], k)[0]]
        shares.append(np.isin(dense, model.recommend(state, k=k).ids).mean())
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.blend_serving", description=__doc__
    )
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--watches", type=int, default=7_000_000)
    parser.add_argument("--serve", type=Path, help="only measure this folder's run")
    options = parser.parse_args()
    if options.serve:
        report(registry.load(options.serve / "run"), stored_states(options.serve))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fit(synthetic(options.videos, options.people, options.watches), folder)
        # A process of its own, for its memory.
        serve = (sys.executable, "-m", "benchmarks.blend_serving", "--serve", name)
        subprocess.run(serve, check=True)


def fit(snapshot: GraphSnapshot, folder: Path) -> None:
    """Store a fitted run and the newest watches of `REQUESTS` people in ``folder``."""
    began = time.perf_counter()
    registry.save(registry.fit("blend", snapshot, SETTINGS), folder / "run")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"fit: {time.perf_counter() - began:.0f} s, peak {peak:.0f} MB", flush=True)
    random = np.random.default_rng(1)
    users = np.sort(random.choice(snapshot.n_users, REQUESTS, replace=False))
    trails = [
        each.watched.select(np.argsort(-each.watched.time)[:NEWEST])
        for each in histories(snapshot, users)
    ]
    np.savez(
        folder / "states.npz",
        length=[len(trail) for trail in trails],
        ids=np.concatenate([trail.ids for trail in trails]),
        time=np.concatenate([trail.time for trail in trails]),
    )


def stored_states(folder: Path) -> list[UserHistory]:
    """The histories that `fit` stored, without empty ones."""
    with np.load(folder / "states.npz") as stored:
        ends = np.cumsum(stored["length"])[:-1]
        parts = zip(
            np.split(stored["ids"], ends), np.split(stored["time"], ends), strict=True
        )
        return [
            UserHistory(watched=Trail.from_ids(ids, time=time))
            for ids, time in parts
            if len(ids)
        ]


def report(model: Model, states: list[UserHistory]) -> None:
    """Print what requests of ``states`` cost."""
    ids = model.item_ids[:: max(1, len(model.item_ids) // LIST)][:LIST]
    page = {id(s): model.recommend(s, k=LIST).ids[:PAGE] for s in states}
    rows: dict[str, Callable[[UserHistory], object]] = {
        f"recommend, k={LIST}": lambda s: model.recommend(s, k=LIST),
        f"score_items, {LIST} videos": lambda s: model.score_items(s, ids),
        "similar, k=50": lambda s: model.similar(int(s.watched.ids[0]), k=50),
        f"contributions, {PAGE} videos": lambda s: model.contributions(s, page[id(s)]),
        "scores, every video": lambda s: model.scores([s]),
    }
    for name, call in rows.items():
        print(f"{name}: {cpu(call, states):.2f} ms of CPU", flush=True)
    for name, member in model.members.items():
        retrieve = cpu(partial(member.retrieve, k=LIST), states)
        score = cpu(partial(member.score_items, item_ids=ids), states)
        print(f"  {name}: retrieve {retrieve:.2f} ms, score {score:.2f} ms")
    for k in (PAGE, LIST):
        print(f"overlap@{k} with dense scores: {overlap(model, states, k):.3f}")
    own = psutil.Process().memory_full_info().uss / 2**20
    print(f"memory of this process's own: {own:.0f} MB")


if __name__ == "__main__":
    main()
