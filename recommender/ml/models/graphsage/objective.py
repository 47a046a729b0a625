"""What a step of GraphSAGE minimises: links, hidden labels, and two views that agree.

Links are learned by softmax over cosines; categories by hiding them (as masked labels,
Shi et al., IJCAI 2021); the third term, InfoNCE, asks that a video is told from others
whatever is hidden of it, its watchers included (Wu et al., SIGIR 2021; for cold videos
Wei et al., MM 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from recommender.ml.data.snapshot import Edges, GraphSnapshot, IntArray
from recommender.ml.models.graphsage.batches import (
    Batch,
    Flags,
    Histories,
    Targets,
    Watches,
)
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.encoder import USER_RELATIONS
from recommender.ml.models.graphsage.neighbours import Windows
from recommender.ml.models.graphsage.network import (
    Graph,
    GraphSage,
    Masks,
    Nodes,
    place_of,
)
from recommender.ml.models.graphsage.subgraphs import Subgraphs
from recommender.ml.train import losses


@dataclass(frozen=True, eq=False)
class Noise:
    """What a step draws at random, the same in every process.

    ``known`` and ``interested`` are of the batch's rows, see `Histories.before`.
    ``shown`` are the items that targets stand out against, all or a sample. ``masks``
    make the view that is learned from, ``others`` the one it is to agree with.
    """

    masks: Masks
    known: Flags
    interested: Flags
    shown: IntArray
    others: Masks | None

    @classmethod
    def drawn(
        cls, config: Config, rows: int, n_items: int, random: np.random.Generator
    ) -> Noise:
        """For a step of ``rows`` targets."""

        def kept(dropout: float, count: int) -> Flags:
            return random.random(count) >= dropout

        def masks() -> Masks:
            edges, ids, labels = (
                torch.from_numpy(kept(dropout, n_items).astype(np.float32))[:, None]
                for dropout in (
                    config.edge_dropout,
                    config.id_dropout,
                    config.label_dropout,
                )
            )
            return Masks(ids=ids * edges, edges=edges, labels=labels)

        first = masks()
        interested = kept(config.label_dropout, rows)
        known = kept(config.history_dropout, rows)
        shown = np.arange(n_items)
        if n_items > config.negatives:
            shown = random.choice(n_items, config.negatives, replace=False)
        others = masks() if config.contrast_weight else None
        return cls(first, known, interested, shown, others)


@dataclass(frozen=True)
class Share:
    """Part ``number`` of ``count`` of a batch."""

    number: int = 0
    count: int = 1

    @property
    def rows(self) -> slice:
        """Those of the batch that are in it."""
        return slice(self.number, None, self.count)


class Objective:
    """The loss of a share of a batch; those of all shares add up to the whole's."""

    def __init__(
        self,
        snapshot: GraphSnapshot,
        config: Config,
        network: GraphSage,
        *,
        targets: Targets,
        histories: Histories,
        subgraphs: Subgraphs,
        device: torch.device,
    ) -> None:
        self._config, self._network = config, network
        self._targets, self._histories = targets, histories
        self._subgraphs, self._n_items = subgraphs, snapshot.n_items
        self._device = device
        self._whole: dict[int, Graph] = {}
        self._categories = _labels(
            snapshot.in_category, snapshot.n_items, snapshot.n_categories
        )
        self._interests = _labels(
            snapshot.interested_in, snapshot.n_users, snapshot.n_parents
        )

    def loss(self, batch: Batch, noise: Noise, step: int, share: Share) -> Tensor:
        """Of a share of ``batch``; ``step`` chooses the neighbours."""
        config, network, mine = self._config, self._network, share.rows
        every = self._targets.at(batch)
        own = every.where(mine)
        windows = self._histories.before(
            own,
            known=noise.known[mine],
            interested=noise.interested[mine],
            fan_out=config.neighbours.history,
            step=step,
        )
        graph = self._graph(batch[0], windows, own, noise.shown, step)
        ids = network.ids(graph)
        nodes = network.nodes(graph, noise.masks, ids)
        means = self._histories.means(windows, graph, self._device)
        users = network.users(nodes, means, len(own))
        loss = self._link_loss(users, nodes, graph, own, noise.shown)
        loss = loss * float(own.weight.sum() / every.weight.sum())
        if config.label_weight:
            loss = loss + config.label_weight * (
                self._item_label_loss(nodes, graph, noise) / share.count
                + self._user_label_loss(users, every.user, noise.interested, mine)
            )
        if noise.others is not None:
            place = self._places(noise.shown, graph)
            views = network.nodes(graph, noise.others, ids)
            apart = losses.info_nce(
                nodes.items[place],
                views.items[place],
                temperature=config.contrast_temperature,
            )
            loss = loss + config.contrast_weight / share.count * apart
        return loss

    def _graph(
        self,
        block: int,
        windows: dict[str, Windows],
        own: Watches,
        shown: IntArray,
        step: int,
    ) -> Graph:
        """Whole, or around what the share's people and targets touch."""
        if self._config.fan_out is None:
            if block not in self._whole:
                self._whole[block] = self._subgraphs.whole(block)
            return self._whole[block]
        touched = {
            end: [
                found.target
                for name, found in windows.items()
                if USER_RELATIONS[name] == end
            ]
            for end in ("items", "creators")
        }
        items = np.unique(np.concatenate([shown, own.item, *touched["items"]]))
        creators = np.unique(np.concatenate(touched["creators"]))
        return self._subgraphs.around(block, items, creators, step=step)

    def _link_loss(
        self, users: Tensor, nodes: Nodes, graph: Graph, own: Watches, shown: IntArray
    ) -> Tensor:
        """The mean over the share's targets, by weight."""
        config, network = self._config, self._network
        if not len(own):
            return users.new_zeros(())
        row, seen = self._histories.seen(own)
        weight = self._tensor(own.weight)
        if len(shown) == self._n_items:
            return losses.softmax(
                network.scores(users, nodes),
                self._tensor(own.item),
                weight,
                (self._tensor(row), self._tensor(seen)),
                temperature=config.temperature,
            )
        column = np.full(self._n_items, -1)
        column[shown] = np.arange(len(shown))
        row = np.concatenate([row, np.arange(len(own))])
        out = column[np.concatenate([seen, own.item])]
        target, rivals = (
            nodes.at(self._places(items, graph)) for items in (own.item, shown)
        )
        return losses.sampled_softmax(
            network.paired_scores(users, target),
            network.scores(users, rivals),
            weight,
            (self._tensor(row[out >= 0]), self._tensor(out[out >= 0])),
            temperature=config.temperature,
            n_items=self._n_items,
        )

    def _item_label_loss(self, nodes: Nodes, graph: Graph, noise: Noise) -> Tensor:
        """Of the items whose labels are hidden: all, or those shown of a part of the
        graph, which are the same in every share."""
        hidden, labels = noise.masks.labels[:, 0] == 0, self._categories
        vectors = nodes.items
        if self._config.fan_out:
            hidden, labels = hidden[torch.from_numpy(noise.shown)], labels[noise.shown]
            vectors = vectors[self._places(noise.shown, graph)]
        return losses.label_loss(
            self._network.item_labels,
            vectors,
            self._tensor(labels.toarray()),
            hidden.to(self._device),
        )

    def _user_label_loss(
        self, users: Tensor, every: IntArray, interested: Flags, mine: slice
    ) -> Tensor:
        """Of the share's people whose interests are hidden, by their part of all."""
        labels = self._interests[every]
        asked = ~interested & (np.diff(labels.indptr) > 0)
        loss = losses.label_loss(
            self._network.user_labels,
            users,
            self._tensor(labels.toarray()[mine]),
            self._tensor(asked[mine]),
        )
        return loss * float(asked[mine].sum() / max(1, asked.sum()))

    def _places(self, items: IntArray, graph: Graph) -> Tensor:
        """Where ``items``, which were asked for, have their vectors."""
        return self._tensor(place_of(items, graph.asked["items"]))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _labels(edges: Edges, rows: int, columns: int) -> sparse.csr_array:
    """(rows, columns) of 0 and 1."""
    ones = np.ones(len(edges), np.float32)
    return sparse.csr_array((ones, (edges.source, edges.target)), (rows, columns))
