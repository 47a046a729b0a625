"""Training batches: targets, and the history of the user before each.

Nothing after a target reaches the model. Watches are divided into blocks by time: for
the targets of a block, item vectors and trends use only what is before the block. The
user side of a target uses only what is before that target, as in serving. So no target
edge carries a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    GraphSnapshot,
    IntArray,
    TimeArray,
)
from recommender.ml.models.graphsage.config import Windowing
from recommender.ml.models.graphsage.encoder import USER_RELATIONS
from recommender.ml.models.graphsage.neighbours import Timeline, Windows
from recommender.ml.models.graphsage.network import (
    Adjacency,
    Device,
    Graph,
    output_rows,
)

Flags = npt.NDArray[np.bool_]
Batch = tuple[int, npt.NDArray[np.int32]]  # a block, and rows of the watches


@dataclass(frozen=True, eq=False)
class Watches:
    """Watches to predict, (n,) each; ``weight`` is that of the loss."""

    user: IntArray
    item: IntArray
    time: TimeArray
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.user)

    def where(self, rows: slice) -> Watches:
        """The watches of ``rows``."""
        return Watches(
            self.user[rows], self.item[rows], self.time[rows], self.weight[rows]
        )


@dataclass(frozen=True, eq=False)
class Targets:
    """All watches of positive weight, in blocks of time that begin at ``starts``.

    A target has ``weight`` (blocks, users) n^-balance, for n targets of its user in its
    block: at balance 0 each watch counts the same, at 1 each user.
    """

    watched: Edges
    starts: TimeArray
    weight: FloatArray

    @classmethod
    def from_snapshot(
        cls, snapshot: GraphSnapshot, *, blocks: int, balance: float
    ) -> Targets:
        """Divide into ``blocks`` of equal size; raises `ValueError` without watches."""
        watched, times = snapshot.watched, snapshot.training_watches.time
        starts = np.unique(np.quantile(times, np.arange(blocks) / blocks))
        counts = [
            np.bincount(watched.source[rows], minlength=snapshot.n_users)
            for rows in _blocks(watched, starts)
        ]
        weight = np.maximum(np.stack(counts), 1) ** -balance
        return cls(watched, starts, weight.astype(np.float32))

    def at(self, batch: Batch) -> Watches:
        """The targets of a batch."""
        block, rows = batch
        user = self.watched.source[rows]
        return Watches(
            user,
            self.watched.target[rows],
            self.watched.time[rows],
            self.weight[block, user],
        )

    def batches(self, size: int, random: np.random.Generator) -> list[Batch]:
        """All targets once in random order, in batches of about ``size``, each from one
        block."""
        batches: list[Batch] = []
        for block, rows in enumerate(_blocks(self.watched, self.starts)):
            count = max(1, round(len(rows) / size))
            parts = np.array_split(random.permutation(rows), count)
            batches += [(block, part) for part in parts]
        return [batches[i] for i in random.permutation(len(batches))]


@dataclass(frozen=True, eq=False)
class Histories:
    """The user side of targets: the edges before the time of each."""

    timelines: dict[str, Timeline]
    windowing: Windowing

    @classmethod
    def from_snapshot(cls, snapshot: GraphSnapshot, windowing: Windowing) -> Histories:
        """Sort the user relations of ``snapshot`` by time."""
        creators = np.unique(snapshot.uploaded.source)
        follows = snapshot.follows
        follows = follows.where(np.isin(follows.target, creators))
        follows = replace(follows, target=np.searchsorted(creators, follows.target))
        relations = {
            "watched": snapshot.watched,
            "liked": snapshot.liked,
            "not_interested": snapshot.not_interested,
            "follows": follows,
            "interested_in": snapshot.interested_in,
        }
        return cls(
            {
                name: Timeline(edges, snapshot.n_users)
                for name, edges in relations.items()
            },
            windowing,
        )

    def before(
        self,
        targets: Watches,
        *,
        known: Flags,
        interested: Flags,
        fan_out: int | None = None,
        step: int = 0,
    ) -> dict[str, Windows]:
        """By relation, the edges of each user before each target, without its item.

        Where not ``known`` (targets,), only follows and interests remain; where not
        ``interested`` (targets,), no interests.
        """
        by_relation: dict[str, Windows] = {}
        for relation, end in USER_RELATIONS.items():
            recent = relation == "recent"
            if recent and fan_out is None:
                by_relation[relation] = by_relation["watched"]
                continue
            size = self.windowing.window
            windows = self.timelines["watched" if recent else relation].windows(
                targets.user,
                targets.time,
                min(size, fan_out) if recent and fan_out else size,
                fan_out=fan_out,
                step=step,
            )
            if end == "items":
                windows = windows.without(targets.item).only_rows(known)
            if relation == "interested_in":
                windows = windows.only_rows(interested)
            by_relation[relation] = windows
        return by_relation

    def means(
        self, windows: dict[str, Windows], graph: Graph, device: Device = "cpu"
    ) -> dict[str, Adjacency]:
        """The windows as weights over the nodes of ``graph``, for relations that have
        edges."""
        by_relation = {}
        for relation, edges in windows.items():
            if not len(edges.row):
                continue
            end, fade = USER_RELATIONS[relation], self.windowing.fade(relation)
            nodes = graph.output_nodes[end]
            edges = replace(edges, target=output_rows(edges.target, nodes))
            by_relation[relation] = Adjacency.from_scipy(
                edges.mean(len(nodes), fade=fade), device
            )
        return by_relation

    def seen(self, targets: Watches) -> tuple[IntArray, IntArray]:
        """(row, item) pairs of all watches before each target."""
        windows = self.timelines["watched"].windows(targets.user, targets.time)
        return windows.row, windows.target


def _blocks(watched: Edges, starts: TimeArray) -> Iterator[npt.NDArray[np.int32]]:
    """The rows of each block's targets, in ascending order."""
    for start, end in pairwise([*starts, np.inf]):
        own = (watched.time >= start) & (watched.time < end) & (watched.weight > 0)
        yield np.flatnonzero(own).astype(np.int32)
