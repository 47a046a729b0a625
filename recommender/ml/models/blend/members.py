"""Which members a snapshot can bear, and which settings to try for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Cut
from recommender.ml.models.blend.serve import DENSE_ITEMS
from recommender.ml.models.item_matrix import solve_seconds
from recommender.ml.train.budget import Budget

USUAL_SECONDS = 1800.0  # if there is no limit
DENSE_MATRIX_ITEMS = 10_000  # of a matrix of items by items: 400 MB
TUNING_WATCHES = 2_000_000  # more are sampled by people,
TUNING_RATE = 2200  # and more than so many for each second of a core
FEWEST_WATCHES = 10_000
NETWORK, OTHER = 0.25, 0.1  # of the time, that a first fit may take
# Seconds on one core, measured: of an epoch or step for a million watches, ...
SEQUENCE_EPOCH = 45.0
SAGE_EPOCH = 20.0
IDS_STEP = 0.4
# ... of a fit of 64 factors to a million watches, of a singular vector of as many, ...
ALS_FIT = 14.0
VECTOR = 0.03
# ... and of the common watches of a billion pairs of videos.
PAIRS = 40.0
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
    time; others try the settings of ``axes``. A first fit takes about ``cost`` seconds
    on one core."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    axes: Sequence[Axis] = ()
    share: float = 0.0
    cost: float = 0.0

    def fits(self, budget: Budget) -> bool:
        """Whether a first fit leaves enough of ``budget`` for all else.

        More cores than one do not count for networks, whose steps are small.
        """
        most, cores = OTHER, budget.cores
        if self.share:
            most, cores = NETWORK, min(cores, 1.0)
        return bool(self.cost <= most * cores * budget.seconds)


@dataclass(frozen=True)
class Size:
    """What the costs depend on: millions of ``watches``, thousand millions of ``pairs``
    of watches of one person, and numbers of ``users`` and ``items``."""

    watches: float
    pairs: float
    users: int
    items: int

    @classmethod
    def of_part(cls, snapshot: GraphSnapshot, budget: Budget) -> Size:
        """The size of the part of ``snapshot`` that is searched on."""
        counts = np.bincount(snapshot.positive_watches.source).astype(np.float64)
        count = max(counts.sum(), 1.0)
        share = min(1.0, tuning_watches(budget) / count)
        pairs = share * (counts**2).sum()
        return cls(share * count / 1e6, pairs / 1e9, snapshot.n_users, snapshot.n_items)


def tuning_watches(budget: Budget) -> int:
    """How many watches settings are searched on."""
    seconds = usual(budget).seconds * min(budget.cores, 1.0)
    return int(min(TUNING_WATCHES, max(FEWEST_WATCHES, TUNING_RATE * seconds)))


def plan(snapshot: GraphSnapshot, cut: str, budget: Budget) -> list[Member]:
    """The members for ``snapshot`` that fit ``budget``; those with vectors first."""
    wanted = candidates(snapshot, cut, budget)
    return [member for member in wanted if member.fits(usual(budget))]


def candidates(snapshot: GraphSnapshot, cut: str, budget: Budget) -> list[Member]:
    """The members that the data can bear, if there is time for them."""
    size = Size.of_part(snapshot, budget)
    described = any(snapshot.texts) or len(snapshot.in_category) > 0
    members = [*_networks(size, cut, usual(budget), described), _als(size)]
    if _bears_matrix(size.items, budget.memory_bytes):
        members.append(_ease(size, cut))
        if cut != Cut.RANDOM:
            members.append(_transition(size))
    members.append(_gf_cf(size))
    members.append(Member("popularity"))
    return members


def usual(budget: Budget) -> Budget:
    """``budget``, with `USUAL_SECONDS` if it has no limit of time."""
    return budget if budget.has_limit else replace(budget, seconds=USUAL_SECONDS)


def _networks(size: Size, cut: str, budget: Budget, described: bool) -> list[Member]:
    millions = max(size.watches, 1e-6)
    members = []
    if cut == Cut.TIME and described:
        members.append(Member("graphsage", share=0.3, cost=12 * SAGE_EPOCH * millions))
    if cut == Cut.LAST:
        seconds = 0.55 * budget.seconds * min(budget.cores, 1.0)
        epochs = int(min(MOST_EPOCHS, seconds / (SEQUENCE_EPOCH * millions)))
        settings = {"negatives": 512, "learning_rate": 0.002, "stop_after": epochs}
        least = FEWEST_EPOCHS * SEQUENCE_EPOCH * millions * NETWORK / 0.55
        members.append(Member("sequence", settings, share=0.7, cost=least))
    if cut != Cut.TIME:
        steps = IDS["epochs"] * -(-size.users // IDS["batch_size"])
        cost = steps * IDS_STEP * millions * NETWORK * 15
        settings = {**IDS, **ORDER[cut]}
        members.append(Member("graphsage_ids", settings, share=0.3, cost=cost))
    return members


def _als(size: Size) -> Member:
    few = min(size.items, size.users) / 4
    widest = min(128 if size.items > 2 * DENSE_ITEMS else 256, max(few, 16))
    factors = [each for each in (16, 32, 64, 128, 256) if each <= widest]
    return Member(
        "als",
        {"factors": min(64, factors[-1]), "regularization": 30.0, "alpha": 4.0},
        (
            Axis("regularization", (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)),
            Axis("alpha", (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)),
            Axis("factors", factors),
        ),
        cost=ALS_FIT * size.watches,
    )


def _ease(size: Size, cut: str) -> Member:
    axes = [
        Axis("regularization", (30.0, 100.0, 300.0, 1000.0, 3000.0)),
        Axis("balance", (0.0, 0.5, 1.0)),
    ]
    if cut != Cut.RANDOM:
        axes.append(Axis("recency", (0.0, 50.0, 20.0, 10.0, 5.0)))
    cost = solve_seconds(size.items) + PAIRS * size.pairs
    settings = {"regularization": 300.0, "balance": 0.0}
    return Member("ease", settings, axes, cost=cost)


def _transition(size: Size) -> Member:
    axes = (Axis("regularization", (10.0, 30.0, 100.0, 300.0)),)
    cost = solve_seconds(size.items) + PAIRS * size.pairs
    return Member("transition", {"regularization": 30.0}, axes, cost=cost)


def _gf_cf(size: Size) -> Member:
    settings: dict[str, Any] = {
        "rank": 256,
        "low_pass": 0.2,
        "sharpening": 0.6,
        "degree": 0.2,
    }
    widest, pairs = 512, 0.0
    if size.items > DENSE_ITEMS:
        settings["neighbours"], pairs = 300, size.pairs
    if size.items > 10 * DENSE_ITEMS:
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
        cost=VECTOR * settings["rank"] * size.watches + PAIRS * pairs,
    )


def _bears_matrix(n_items: int, memory: int) -> bool:
    return n_items <= DENSE_MATRIX_ITEMS and 3 * 4 * n_items**2 <= memory / 2


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
