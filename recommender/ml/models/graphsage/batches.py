"""What a training step is fed: targets, the history before each, the graph before all.

Time is respected twice. Watches are cut into blocks by time, and a target in a block
meets item vectors and trends made of what lies before the block. The user's side of a
target is what that person had done strictly before it. So no target edge carries a
message, nothing looks ahead, and training meets users as serving does.
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
from recommender.ml.models.graphsage.network import Adjacency, Device, Graph, place_of

Flags = npt.NDArray[np.bool_]
Batch = tuple[int, npt.NDArray[np.int32]]  # a block, and the places of targets


@dataclass(frozen=True, eq=False)
class Watches:
    """Watches to predict, (n,) each; ``weight`` is what a miss costs."""

    user: IntArray
    item: IntArray
    time: TimeArray
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.user)

    def where(self, kept: slice) -> Watches:
        """Some of them."""
        return Watches(
            self.user[kept], self.item[kept], self.time[kept], self.weight[kept]
        )


@dataclass(frozen=True, eq=False)
class Targets:
    """All watches of positive weight, in blocks of time that begin at ``starts``.

    ``weight`` (blocks, users) of a target is n^-balance for n targets of its user in
    its block: at 0 each watch counts the same, at 1 each user.
    """

    watched: Edges
    starts: TimeArray
    weight: FloatArray

    @classmethod
    def from_snapshot(
        cls, snapshot: GraphSnapshot, *, blocks: int, balance: float
    ) -> Targets:
        """In ``blocks`` of equal numbers; raises `ValueError` where there is none."""
        watched, times = snapshot.watched, snapshot.training_watches.time
        starts = np.unique(np.quantile(times, np.arange(blocks) / blocks))
        counts = [
            np.bincount(watched.source[places], minlength=snapshot.n_users)
            for places in _blocks(watched, starts)
        ]
        weight = np.maximum(np.stack(counts), 1) ** -balance
        return cls(watched, starts, weight.astype(np.float32))

    def at(self, batch: Batch) -> Watches:
        """The targets of a batch."""
        block, place = batch
        user = self.watched.source[place]
        return Watches(
            user,
            self.watched.target[place],
            self.watched.time[place],
            self.weight[block, user],
        )

    def batches(self, size: int, random: np.random.Generator) -> list[Batch]:
        """All targets once in random order, about ``size`` at a time; each batch lies
        within one block."""
        found: list[Batch] = []
        for block, places in enumerate(_blocks(self.watched, self.starts)):
            parts = max(1, round(len(places) / size))
            parted = np.array_split(random.permutation(places), parts)
            found += [(block, part) for part in parted]
        return [found[i] for i in random.permutation(len(found))]


@dataclass(frozen=True, eq=False)
class Histories:
    """The user's side of targets, by the time of each."""

    timelines: dict[str, Timeline]
    windowing: Windowing

    @classmethod
    def from_snapshot(cls, snapshot: GraphSnapshot, windowing: Windowing) -> Histories:
        """Order the user relations of ``snapshot`` by time."""
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
        """What each user had done before each target, a relation at a time.

        The target item is in none of it. Rows that are not ``known`` are people of
        whom only follows and interests are; not ``interested`` hides the interests.
        """
        found: dict[str, Windows] = {}
        for relation, end in USER_RELATIONS.items():
            recent = relation == "recent"
            if recent and fan_out is None:
                found[relation] = found["watched"]
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
                windows = windows.without(targets.item).of_rows(known)
            if relation == "interested_in":
                windows = windows.of_rows(interested)
            found[relation] = windows
        return found

    def means(
        self, windows: dict[str, Windows], graph: Graph, device: Device = "cpu"
    ) -> dict[str, Adjacency]:
        """The windows as weights over the nodes of ``graph``, for the relations that
        have any edge."""
        found = {}
        for relation, edges in windows.items():
            if not len(edges.row):
                continue
            end, fade = USER_RELATIONS[relation], self.windowing.fade(relation)
            nodes = graph.asked[end]
            edges = replace(edges, target=place_of(edges.target, nodes))
            found[relation] = Adjacency.from_scipy(
                edges.mean(len(nodes), fade=fade), device
            )
        return found

    def seen(self, targets: Watches) -> tuple[IntArray, IntArray]:
        """(row, item) pairs of everything watched before."""
        windows = self.timelines["watched"].windows(targets.user, targets.time)
        return windows.row, windows.target


def _blocks(watched: Edges, starts: TimeArray) -> Iterator[npt.NDArray[np.int32]]:
    """The places of each block's targets, rising."""
    for start, end in pairwise([*starts, np.inf]):
        own = (watched.time >= start) & (watched.time < end) & (watched.weight > 0)
        yield np.flatnonzero(own).astype(np.int32)
