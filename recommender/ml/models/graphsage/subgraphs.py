"""The graph at a time: whole, or the part that the vectors of some items need.

The same code makes both: a subgraph whose fan-outs cover all neighbours gives the same
vectors and gradients as the whole graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch

from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray
from recommender.ml.models.graphsage.config import FanOut, Windowing
from recommender.ml.models.graphsage.neighbours import (
    Timeline,
    Windows,
    distinct,
    edge_means,
    mean_matrix,
)
from recommender.ml.models.graphsage.network import Adjacency, Graph
from recommender.ml.models.graphsage.trends import trends_at

EdgeType: TypeAlias = tuple[str, str, str]
# Edge types that do not depend on time.
STATIC: tuple[EdgeType, ...] = (
    ("category", "in", "item"),
    ("parent", "in", "item"),
    ("item", "by", "creator"),
    ("creator", "of", "item"),
)


class Subgraphs:
    """Makes graphs of one snapshot, at the times ``starts``, chosen by number.

    ``watches`` are the watches by person, ``content`` (n_items, size) features of all
    items. In a graph, ``output_nodes`` holds the dense ids of the items, creators and
    parents that get vectors; ``item.places`` those of all items that send messages, the
    output items first. The ``means`` of an edge type are the weights (receivers,
    senders) of the mean over it.
    """

    def __init__(
        self,
        snapshot: GraphSnapshot,
        content: FloatArray,
        windowing: Windowing,
        watches: Timeline,
        starts: Iterable[float],
        *,
        fan_out: FanOut,
        device: torch.device,
    ) -> None:
        self._n_items, self._n_users = snapshot.n_items, snapshot.n_users
        self._windowing = windowing
        self._fan_out, self._device = fan_out, device
        self._starts = list(starts)
        self._content = torch.from_numpy(content).to(device)
        self._trends = [
            torch.from_numpy(features)
            for features in trends_at(snapshot.watched, snapshot.created, self._starts)
        ]
        self._watches = watches
        self._watchers = Timeline(snapshot.watched, self._n_items, reverse=True)
        self._categories = edge_means(
            snapshot.in_category, self._n_items, snapshot.n_categories
        )
        self._parents = edge_means(
            snapshot.in_parent, self._n_items, snapshot.n_parents
        )
        self._every = np.arange(snapshot.n_parents)
        creators, made = np.unique(snapshot.uploaded.source, return_inverse=True)
        self.n_creators = len(creators)
        self._creator = np.full(self._n_items, -1)
        self._creator[snapshot.uploaded.target] = made
        uploaded = replace(snapshot.uploaded, source=made)
        self._uploads = Timeline(uploaded, self.n_creators)
        self._static: dict[EdgeType, Adjacency] = {}

    def whole(self, block: int) -> Graph:
        """The whole graph at the start of the block, without fan-out."""
        items, creators = np.arange(self._n_items), np.arange(self.n_creators)
        graph = self._graph(block, items, creators, FanOut(), step=0)
        graph["item"].places = slice(None)
        graph["item"].content = self._content  # all blocks share what is static
        for edge_type in STATIC:
            store = graph[edge_type]
            store.means = self._static.setdefault(edge_type, store.means)
        return graph

    def around(
        self, block: int, items: IntArray, creators: IntArray, *, step: int
    ) -> Graph:
        """The graph for the vectors of ``items`` and ``creators``, sorted dense ids.

        ``step`` seeds the sampled neighbours.
        """
        made = self._creator[items]
        creators = distinct(
            np.concatenate([creators, made[made >= 0]]), self.n_creators
        )
        return self._graph(block, items, creators, self._fan_out, step=step)

    def _graph(
        self,
        block: int,
        items: IntArray,
        creators: IntArray,
        fan_out: FanOut,
        *,
        step: int,
    ) -> Graph:
        def neighbours(
            timeline: Timeline, nodes: IntArray, time: float, limit: int | None
        ) -> Windows:
            size = self._windowing.window if timeline is self._watches else None
            times = np.full(len(nodes), time)
            return timeline.windows(nodes, times, size, fan_out=limit, step=step)

        start, limit = self._starts[block], fan_out.watches
        watchers = neighbours(self._watchers, items, start, fan_out.watchers)
        users = distinct(watchers.target, self._n_users)
        watched = neighbours(self._watches, users, start, limit)
        uploads = neighbours(self._uploads, creators, np.inf, limit)
        sending = np.zeros(self._n_items, bool)
        sending[watched.target] = sending[uploads.target] = True
        sending[items] = False  # these are the first
        places = np.concatenate([items, np.flatnonzero(sending)])
        numbers = np.empty(self._n_items, np.int64)
        numbers[places] = np.arange(len(places))
        watched = replace(watched, target=numbers[watched.target])
        uploads = replace(uploads, target=numbers[uploads.target])
        row = np.empty(self._n_users, np.int64)
        row[users] = np.arange(len(users))
        watchers = replace(watchers, target=row[watchers.target])
        made = np.flatnonzero(self._creator[items] >= 0)
        maker = np.searchsorted(creators, self._creator[items][made])

        graph = Graph()
        item = graph["item"]
        item.places = torch.from_numpy(places)
        graph.output_nodes = {
            "items": items,
            "creators": creators,
            "parents": self._every,
        }
        item.content = self._content[item.places]
        item.trends = self._trends[block][torch.from_numpy(items)].to(self._device)
        means = {
            ("category", "in", "item"): self._categories[places],
            ("parent", "in", "item"): self._parents[places],
            ("item", "by", "creator"): uploads.mean(len(places)),
            ("creator", "of", "item"): mean_matrix(
                made, maker, np.ones(len(made)), (len(items), len(creators))
            ),
            ("item", "watched", "user"): watched.mean(
                len(places), fade=self._windowing.long
            ),
            ("user", "watched", "item"): watchers.mean(len(users)),
        }
        for edge_type, matrix in means.items():
            graph[edge_type].means = Adjacency.from_scipy(matrix, self._device)
        return graph
