"""The loss of a step of GraphSAGE: links, masked labels, and contrast of two views.

Links have a softmax over cosines; categories are predicted where they are masked (Shi
et al., IJCAI 2021). The third term, InfoNCE, makes two views of a video, with different
parts masked, more similar than views of others (Wu et al., SIGIR 2021; for new videos
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
from recommender.ml.models.graphsage.neighbours import Windows, distinct
from recommender.ml.models.graphsage.network import (
    Graph,
    GraphSage,
    Masks,
    Nodes,
    output_rows,
)
from recommender.ml.models.graphsage.subgraphs import Subgraphs
from recommender.ml.train import losses


@dataclass(frozen=True, eq=False)
class Noise:
    """The random draws of a step, the same in every process.

    ``known`` and ``interested`` (rows,) are for `Histories.before`. ``shown`` are the
    items of the softmax, all or a sample. ``masks`` make the view for all losses,
    ``others`` the second view of the contrast.
    """

    masks: Masks
    known: Flags
    interested: Flags
    shown: IntArray
    others: Masks | None

    @classmethod
    def draw(
        cls, config: Config, rows: int, n_items: int, random: np.random.Generator
    ) -> Noise:
        """Draw for a step of ``rows`` targets."""

        def visible(dropout: float, count: int) -> Flags:
            return random.random(count) >= dropout

        def masks() -> Masks:
            edges, ids, labels = (
                torch.from_numpy(visible(dropout, n_items).astype(np.float32))[:, None]
                for dropout in (
                    config.edge_dropout,
                    config.id_dropout,
                    config.label_dropout,
                )
            )
            return Masks(ids=ids * edges, edges=edges, labels=labels)

        first = masks()
        interested = visible(config.label_dropout, rows)
        known = visible(config.history_dropout, rows)
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
        """The rows of the batch in this part."""
        return slice(self.number, None, self.count)


class Objective:
    """The loss of a share of a batch; the losses of all shares add up."""

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
        """The loss of a share of ``batch``; ``step`` seeds the sampled neighbours."""
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
            contrast = losses.info_nce(
                nodes.items[place],
                views.items[place],
                temperature=config.contrast_temperature,
            )
            loss = loss + config.contrast_weight / share.count * contrast
        return loss

    def _graph(
        self,
        block: int,
        windows: dict[str, Windows],
        own: Watches,
        shown: IntArray,
        step: int,
    ) -> Graph:
        """The whole graph, or the part that the share's people and targets need."""
        if self._config.fan_out is None:
            if block not in self._whole:
                self._whole[block] = self._subgraphs.whole(block)
            return self._whole[block]
        needed = {
            end: [
                edges.target
                for name, edges in windows.items()
                if USER_RELATIONS[name] == end
            ]
            for end in ("items", "creators")
        }
        wanted = np.concatenate([shown, own.item, *needed["items"]])
        items = distinct(wanted, self._n_items)
        creators = distinct(
            np.concatenate(needed["creators"]), self._subgraphs.n_creators
        )
        return self._subgraphs.around(block, items, creators, step=step)

    def _link_loss(
        self, users: Tensor, nodes: Nodes, graph: Graph, own: Watches, shown: IntArray
    ) -> Tensor:
        """The weighted mean over the share's targets."""
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
        target, negatives = (
            nodes.at(self._places(items, graph)) for items in (own.item, shown)
        )
        return losses.sampled_softmax(
            network.paired_scores(users, target),
            network.scores(users, negatives),
            weight,
            (self._tensor(row[out >= 0]), self._tensor(out[out >= 0])),
            temperature=config.temperature,
            n_items=self._n_items,
        )

    def _item_label_loss(self, nodes: Nodes, graph: Graph, noise: Noise) -> Tensor:
        """The loss of items with masked labels: of all in the whole graph, of ``shown``
        in a part of it (the same in every share)."""
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
        """The loss of the share's people with hidden interests, by their share of the
        batch's."""
        labels = self._interests[every]
        hidden = ~interested & (np.diff(labels.indptr) > 0)
        loss = losses.label_loss(
            self._network.user_labels,
            users,
            self._tensor(labels.toarray()[mine]),
            self._tensor(hidden[mine]),
        )
        return loss * float(hidden[mine].sum() / max(1, hidden.sum()))

    def _places(self, items: IntArray, graph: Graph) -> Tensor:
        """The rows of ``items`` in the vectors of ``graph``."""
        return self._tensor(output_rows(items, graph.output_nodes["items"]))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _labels(edges: Edges, rows: int, columns: int) -> sparse.csr_array:
    """(rows, columns) of 0 and 1."""
    ones = np.ones(len(edges), np.float32)
    return sparse.csr_array((ones, (edges.source, edges.target)), (rows, columns))
