"""What a training step is fed: targets, the history before each, the graph before all.

Time is respected twice. Watches are cut into blocks by time, and a target in a block
meets item vectors and trends made of what lies before the block. The user's side of a
target is what that person had done strictly before it. So no target edge carries a
message, nothing looks ahead, and training meets users as serving does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from recommender.ml.encoder import (
    USER_RELATIONS,
    Windowing,
    user_means,
    watcher_means,
)
from recommender.ml.features import trends
from recommender.ml.graph import FloatArray, GraphSnapshot, IntArray, TimeArray
from recommender.ml.network import Adjacency, Graph
from recommender.ml.sampling import Timeline, Windows, edge_means

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Targets:
    """Watches to predict, (n,) each.

    ``block`` is the block in time of each, ``starts`` (blocks,) when those begin.
    ``weight`` is n^-balance for n targets of the user in the block: at 0 each watch
    counts the same, at 1 each user.
    """

    user: IntArray
    item: IntArray
    time: TimeArray
    weight: FloatArray
    block: IntArray
    starts: TimeArray

    @classmethod
    def of(cls, snapshot: GraphSnapshot, *, blocks: int, balance: float) -> Targets:
        """All watches of positive weight, in ``blocks`` of equal numbers."""
        watched = snapshot.watched.where(snapshot.watched.weight > 0)
        if not len(watched):
            raise ValueError("the snapshot has no watches to learn from")
        starts = np.unique(np.quantile(watched.time, np.arange(blocks) / blocks))
        block = np.searchsorted(starts, watched.time, "right") - 1
        _, place, count = np.unique(
            watched.source * len(starts) + block,
            return_inverse=True,
            return_counts=True,
        )
        weight = (count[place] ** -balance).astype(np.float32)
        return cls(watched.source, watched.target, watched.time, weight, block, starts)

    def batches(
        self, size: int, random: np.random.Generator
    ) -> Iterator[tuple[int, IntArray]]:
        """(block, places), all places once in random order, about ``size`` at a time;
        each batch lies within one block."""
        found: list[tuple[int, IntArray]] = []
        for block in range(len(self.starts)):
            places = random.permutation(np.flatnonzero(self.block == block))
            parts = max(1, round(len(places) / size))
            found += [(block, part) for part in np.array_split(places, parts)]
        for i in random.permutation(len(found)):
            yield found[i]


@dataclass(frozen=True, eq=False)
class Histories:
    """The user's side of targets, by the time of each."""

    timelines: dict[str, Timeline]
    sizes: dict[str, int]
    windowing: Windowing

    @classmethod
    def of(cls, snapshot: GraphSnapshot, windowing: Windowing) -> Histories:
        """Order the user relations of ``snapshot`` by time."""
        creators = np.unique(snapshot.uploaded.source)
        follows = snapshot.follows
        follows = follows.where(np.isin(follows.target, creators))
        follows = replace(follows, target=np.searchsorted(creators, follows.target))
        return cls(
            {
                "watched": Timeline(snapshot.watched),
                "liked": Timeline(snapshot.liked),
                "not_interested": Timeline(snapshot.not_interested),
                "follows": Timeline(follows),
                "interested_in": Timeline(snapshot.interested_in),
            },
            {
                "items": snapshot.n_items,
                "creators": len(creators),
                "parents": snapshot.n_parents,
            },
            windowing,
        )

    def before(
        self,
        users: IntArray,
        times: TimeArray,
        items: IntArray,
        *,
        known: Flags,
        interested: Flags,
    ) -> dict[str, Windows]:
        """What each user had done before each time, a relation at a time.

        The target item is in none of it. Rows that are not ``known`` are people of
        whom only follows and interests are; not ``interested`` hides the interests.
        """
        found = {}
        for relation, timeline in self.timelines.items():
            windows = timeline.windows(users, times, self.windowing.window)
            if USER_RELATIONS[relation] == "items":
                windows = windows.without(items).of_rows(known)
            if relation == "interested_in":
                windows = windows.of_rows(interested)
            found[relation] = windows
        return found

    def means(self, windows: dict[str, Windows]) -> dict[str, Adjacency]:
        """The windows as weights, for the relations that have any edge."""
        found = {}
        for relation, end in USER_RELATIONS.items():
            edges = windows["watched" if relation == "recent" else relation]
            if len(edges.row):
                fade = self.windowing.fade(relation)
                found[relation] = Adjacency.of(edges.mean(self.sizes[end], fade=fade))
        return found

    def seen(self, users: IntArray, times: TimeArray) -> tuple[IntArray, IntArray]:
        """(row, item) pairs of everything watched before."""
        windows = self.timelines["watched"].windows(users, times)
        return windows.row, windows.target


def graph_before(
    snapshot: GraphSnapshot, content: FloatArray, windowing: Windowing, moment: float
) -> Graph:
    """The graph as it stood at ``moment``: only earlier watches send messages.

    ``means`` of an edge type are weights (receivers, senders) of the mean over it.
    """
    n_items = snapshot.n_items
    nothing = snapshot.watched.where(np.zeros(len(snapshot.watched), bool))
    graph = Graph()
    item = graph["item"]
    item.content = torch.from_numpy(content)
    item.trends = torch.from_numpy(trends(snapshot.watched, snapshot.created, moment))
    item.untouched = torch.from_numpy(trends(nothing, snapshot.created, moment))
    creators = np.unique(snapshot.uploaded.source)
    uploads = edge_means(snapshot.uploaded, snapshot.n_users, n_items)[creators]
    means = {
        ("category", "in", "item"): edge_means(
            snapshot.in_category, n_items, snapshot.n_categories
        ),
        ("parent", "in", "item"): edge_means(
            snapshot.in_parent, n_items, snapshot.n_parents
        ),
        ("item", "by", "creator"): uploads,
        ("creator", "of", "item"): (uploads > 0).T.astype(np.float32).tocsr(),
        ("item", "watched", "user"): user_means(snapshot, moment, windowing),
        ("user", "watched", "item"): watcher_means(snapshot, moment),
    }
    for edge_type, matrix in means.items():
        graph[edge_type].means = Adjacency.of(matrix)
    return graph
