"""Which members a snapshot can bear, and which settings to try for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Cut
from recommender.ml.models.blend.serve import DENSE_ITEMS
from recommender.ml.train.budget import Budget

USUAL_SECONDS = 1800.0  # if there is no limit
DENSE_MATRIX_ITEMS = 10_000  # of a matrix of items by items: 400 MB
# Seconds on one core, measured: of an epoch or step for a million watches, ...
SEQUENCE_EPOCH = 45.0
SAGE_EPOCH = 20.0
IDS_STEP = 0.4
# ... and of an inverse of a matrix of thousand rows.
INVERSE = 0.08
FEWEST_EPOCHS, MOST_EPOCHS = 8, 27
# One hop, so that a user is the mean of their watches.
IDS: Mapping[str, Any] = {
    "hops": 1,
    "together": 0.0,
    "epochs": 40,
    "batch_size": 1024,
    "learning_rate": 0.02,
    "temperature": 0.13,
    "exponent": 0.0,
    "wide": 0.0,
}
ORDER: Mapping[str, Mapping[str, Any]] = {
    Cut.LAST: {"ordered": True, "lean": 1.0},
    Cut.RANDOM: {"lean": 0.0},
    Cut.CLUSTER: {"lean": 0.0},
}


@dataclass(frozen=True)
class Axis:
    """The values of a ``setting``, rising, that a search climbs."""

    setting: str
    values: Sequence[Any]


@dataclass(frozen=True)
class Member:
    """A member with the ``settings`` to begin with. Networks get a ``share`` of the
    time; others try the settings of ``axes``."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    axes: Sequence[Axis] = ()
    share: float = 0.0


def plan(snapshot: GraphSnapshot, cut: str, budget: Budget) -> list[Member]:
    """The members for ``snapshot``; those with vectors first."""
    seconds = budget.seconds if budget.has_limit else USUAL_SECONDS
    members = [*_networks(snapshot, cut, seconds), _als(snapshot)]
    if _bears_matrix(snapshot.n_items, budget.memory_bytes, seconds):
        members.append(_ease(cut))
        if cut != Cut.RANDOM:
            members.append(_transition())
    members.append(_gf_cf(snapshot.n_items))
    members.append(Member("popularity"))
    return members


def _networks(snapshot: GraphSnapshot, cut: str, seconds: float) -> list[Member]:
    millions = max(len(snapshot.positive_watches), 1) / 1e6
    described = any(snapshot.texts) or len(snapshot.in_category) > 0
    members = []
    if cut == Cut.TIME and described and 12 * SAGE_EPOCH * millions <= seconds / 4:
        members.append(Member("graphsage", share=0.3))
    epochs = int(min(MOST_EPOCHS, 0.55 * seconds / (SEQUENCE_EPOCH * millions)))
    if cut == Cut.LAST and epochs >= FEWEST_EPOCHS:
        settings = {"negatives": 512, "learning_rate": 0.002, "stop_after": epochs}
        members.append(Member("sequence", settings, share=0.7))
    steps = IDS["epochs"] * -(-snapshot.n_users // IDS["batch_size"])
    if cut != Cut.TIME and steps * IDS_STEP * millions <= seconds / 15:
        members.append(Member("graphsage_ids", {**IDS, **ORDER[cut]}, share=0.3))
    return members


def _als(snapshot: GraphSnapshot) -> Member:
    few = min(snapshot.n_items, snapshot.n_users) / 4
    widest = min(128 if snapshot.n_items > 2 * DENSE_ITEMS else 256, max(few, 16))
    factors = [each for each in (16, 32, 64, 128, 256) if each <= widest]
    return Member(
        "als",
        {"factors": min(64, factors[-1]), "regularization": 30.0, "alpha": 4.0},
        (
            Axis("regularization", (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)),
            Axis("alpha", (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)),
            Axis("factors", factors),
        ),
    )


def _ease(cut: str) -> Member:
    axes = [
        Axis("regularization", (30.0, 100.0, 300.0, 1000.0, 3000.0)),
        Axis("balance", (0.0, 0.5, 1.0)),
    ]
    if cut != Cut.RANDOM:
        axes.append(Axis("recency", (0.0, 50.0, 20.0, 10.0, 5.0)))
    return Member("ease", {"regularization": 300.0, "balance": 0.0}, axes)


def _transition() -> Member:
    axes = (Axis("regularization", (10.0, 30.0, 100.0, 300.0)),)
    return Member("transition", {"regularization": 30.0}, axes)


def _gf_cf(n_items: int) -> Member:
    settings: dict[str, Any] = {
        "rank": 256,
        "low_pass": 0.2,
        "sharpening": 0.6,
        "degree": 0.2,
    }
    widest = 512
    if n_items > DENSE_ITEMS:
        settings["neighbours"] = 300
    if n_items > 10 * DENSE_ITEMS:
        settings["rank"] = widest = 128
    return Member(
        "gf_cf",
        settings,
        (
            Axis("sharpening", (0.0, 0.3, 0.6, 0.9)),
            Axis("low_pass", (0.05, 0.1, 0.2, 0.3, 0.5)),
            Axis("degree", (0.0, 0.1, 0.2, 0.3, 0.4)),
            Axis("rank", [each for each in (64, 128, 256, 512) if each <= widest]),
        ),
    )


def _bears_matrix(n_items: int, memory: int, seconds: float) -> bool:
    thousands = n_items / 1000
    return (
        n_items <= DENSE_MATRIX_ITEMS
        and 3 * 4 * n_items**2 <= memory / 2
        and INVERSE * thousands**3 <= seconds / 30
    )


def sample_of_people(
    snapshot: GraphSnapshot, watches: int, *, seed: int
) -> GraphSnapshot:
    """``snapshot`` with the interactions of random people who have about as many
    ``watches``."""
    if len(snapshot.watched) <= watches:
        return snapshot
    random = np.random.default_rng(seed)
    chosen = random.random(snapshot.n_users) < watches / len(snapshot.watched)
    return snapshot.of_users(chosen)
