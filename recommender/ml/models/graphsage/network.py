"""GraphSAGE with gradients: `encoder.py` as PyTorch Geometric message passing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from recommender.ml.data.snapshot import GraphSnapshot, IntArray, positions
from recommender.ml.models.graphsage.encoder import USER_RELATIONS, GraphSageWeights
from recommender.ml.models.graphsage.trends import TREND_HALF_LIVES, TREND_SIZE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyG compiles with torch.jit, which is deprecated
    from torch_geometric.data import HeteroData
    from torch_geometric.nn import MessagePassing

Graph: TypeAlias = HeteroData
Device: TypeAlias = torch.device | str
TREND_HIDDEN = 16
WATCHED_TRENDS = len(TREND_HALF_LIVES)  # the first columns: trends of watches


class _CsrProduct(torch.autograd.Function):
    """Sparse times dense; the backward pass multiplies by the stored transpose."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, dense: Tensor) -> Tensor:
        ctx.save_for_backward(transposed)
        return matrix @ dense

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, Tensor]:
        (transposed,) = ctx.saved_tensors
        return None, None, transposed @ gradients[0]


class _Rows(torch.autograd.Function):
    """Distinct rows of a parameter. The backward pass adds to its gradient in place;
    PyTorch would first allocate another one of full size."""

    @staticmethod
    def forward(ctx: Any, parameter: nn.Parameter, rows: Tensor) -> Tensor:
        ctx.parameter, ctx.rows = parameter, rows
        return parameter.detach()[rows]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None]:
        parameter = ctx.parameter
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        parameter.grad.index_add_(0, ctx.rows, gradients[0])
        return None, None


@dataclass(frozen=True, eq=False)
class Adjacency:
    """A weighted relation as CSR, (receivers, senders), and its transpose."""

    matrix: Tensor
    transposed: Tensor

    @classmethod
    def from_scipy(cls, matrix: sparse.csr_array, device: Device = "cpu") -> Adjacency:
        """Convert to 32-bit indices, which make the product three times as fast."""
        return cls(_csr(matrix, device), _csr(matrix.T.tocsr(), device))


def output_rows(nodes: IntArray, output_nodes: IntArray) -> IntArray:
    """The rows of the dense ids ``nodes`` in the sorted ``output_nodes`` of a graph,
    which must contain them."""
    if len(output_nodes) and output_nodes[-1] == len(output_nodes) - 1:  # all nodes
        return nodes
    return np.searchsorted(output_nodes, nodes)


class WeightedMean(MessagePassing):  # type: ignore[misc]
    """The mean step of GraphSAGE; edge weights sum to 1 at each receiver."""

    def __init__(self) -> None:
        super().__init__(aggr="sum")

    def forward(self, x: Tensor, adjacency: Adjacency) -> Tensor:
        out: Tensor = self.propagate(
            adjacency.matrix, x=x, transposed=adjacency.transposed
        )
        return out

    def message_and_aggregate(
        self, edge_index: Tensor, x: Tensor, transposed: Tensor
    ) -> Tensor:
        product: Tensor = _CsrProduct.apply(edge_index, transposed, x)
        return product


@dataclass(frozen=True, eq=False)
class Masks:
    """Dropout masks of one training step, each (n_items, 1); 0 hides.

    ``ids`` is for an item's own id, ``edges`` for its watchers and trends (an item
    without both is a new video), ``labels`` for its categories and parents.
    """

    ids: Tensor
    edges: Tensor
    labels: Tensor

    def at(self, items: Tensor | slice, device: torch.device) -> Masks:
        """The masks of ``items``, (m,), in this order."""
        masks = (self.ids, self.edges, self.labels)
        return Masks(*(mask[items].to(device) for mask in masks))


@dataclass(frozen=True, eq=False)
class Nodes:
    """Vectors of one forward pass: e (n, d), p (n, k), creators, parents."""

    items: Tensor
    trends: Tensor
    creators: Tensor
    parents: Tensor

    def at(self, items: Tensor) -> Nodes:
        """With only ``items``, (m,), in this order."""
        return replace(self, items=self.items[items], trends=self.trends[items])


class GraphSage(nn.Module):
    """The model of `encoder.py`, with heads that predict labels from its vectors."""

    def __init__(
        self, snapshot: GraphSnapshot, content_size: int, *, dim: int, trend_dim: int
    ) -> None:
        super().__init__()
        self.item = _normal(snapshot.n_items, dim)
        self.category = _normal(snapshot.n_categories, dim)
        self.parent = _normal(snapshot.n_parents, dim)
        self.content = _normal(content_size, dim)
        self.watchers = nn.Parameter(0.5 * torch.eye(dim))
        self.creator = nn.Parameter(0.1 * torch.eye(dim))
        strength = torch.tensor([1.0, 0.5, 0.0, 0.0, 0.1, 0.1])
        self.relations = nn.Parameter(strength[:, None, None] * torch.eye(dim))
        self.user = nn.Parameter(torch.zeros(dim))
        self.trend_in = nn.Parameter(torch.randn(TREND_SIZE, TREND_HIDDEN) * 0.3)
        self.trend_bias = nn.Parameter(torch.zeros(TREND_HIDDEN))
        self.trend_out = nn.Parameter(torch.randn(TREND_HIDDEN, trend_dim) * 0.1)
        self.trend_user = nn.Parameter(torch.ones(trend_dim) * 0.1)
        self.trend_mix = nn.Parameter(torch.zeros(dim, trend_dim))
        self.item_labels = nn.Linear(dim, snapshot.n_categories)
        self.user_labels = nn.Linear(dim, snapshot.n_parents)
        self.mean = WeightedMean()

    def ids(self, graph: Graph) -> Tensor:
        """The id vectors of all items in ``graph``, (m, d)."""
        places = graph["item"].places
        if isinstance(places, Tensor):
            rows: Tensor = _Rows.apply(self.item, places)
            return rows
        return self.item[places]

    def nodes(
        self, graph: Graph, masks: Masks | None = None, ids: Tensor | None = None
    ) -> Nodes:
        """The vectors of the output nodes of ``graph``.

        Several passes can share ``ids``, the result of `ids`, so that their gradients
        are summed before they reach the whole table.
        """
        item, mean = graph["item"], self.mean
        n_items = len(graph.output_nodes["items"])
        ids = self.ids(graph) if ids is None else ids
        labels = mean(self.category, graph["category", "in", "item"].means)
        labels = labels + mean(self.parent, graph["parent", "in", "item"].means)
        trends = item.trends
        if masks:
            masks = masks.at(item.places, ids.device)
            ids, labels = ids * masks.ids, labels * masks.labels
        x = ids + item.content @ self.content + labels
        creators = mean(x, graph["item", "by", "creator"].means)
        user_means = mean(x, graph["item", "watched", "user"].means)
        watchers = mean(user_means, graph["user", "watched", "item"].means)
        if masks:
            edges = masks.edges[:n_items]
            watchers = watchers * edges
            trends = torch.cat(
                [trends[:, :WATCHED_TRENDS] * edges, trends[:, WATCHED_TRENDS:]], 1
            )
        by_creator = mean(creators, graph["creator", "of", "item"].means)
        z = x[:n_items] + watchers @ self.watchers + by_creator @ self.creator
        hidden = functional.relu(trends @ self.trend_in + self.trend_bias)
        return Nodes(
            functional.normalize(z), hidden @ self.trend_out, creators, self.parent
        )

    def users(
        self, nodes: Nodes, histories: Mapping[str, Adjacency], rows: int
    ) -> Tensor:
        """(rows, d) unit vectors of histories, from the rows of each relation."""
        h = self.user.expand(rows, -1)
        for matrix, (relation, end) in zip(
            self.relations, USER_RELATIONS.items(), strict=True
        ):
            if relation in histories:
                table = getattr(nodes, end)
                h = h + self.mean(table, histories[relation]) @ matrix
        return functional.normalize(h)

    def scores(self, users: Tensor, nodes: Nodes) -> Tensor:
        """(rows, n) scores of every item."""
        trend_weight = self.trend_user + users @ self.trend_mix
        sides = (users, trend_weight), (nodes.items, nodes.trends)
        left, right = (torch.cat(side, 1) for side in sides)
        return left @ right.T

    def paired_scores(self, users: Tensor, nodes: Nodes) -> Tensor:
        """(rows,) scores of each user for the item of the same row."""
        trend_weight = self.trend_user + users @ self.trend_mix
        return (users * nodes.items).sum(1) + (trend_weight * nodes.trends).sum(1)

    def weights(self, snapshot: GraphSnapshot) -> GraphSageWeights:
        """The learned weights as arrays, with the ids of ``snapshot``."""
        learned = {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.named_parameters()
            if "labels" not in name
        }
        return GraphSageWeights(
            item_ids=snapshot.item_ids,
            category_ids=snapshot.category_ids,
            parent_ids=snapshot.parent_ids,
            **learned,
        )

    def start_from(self, learned: GraphSageWeights, snapshot: GraphSnapshot) -> None:
        """Take over learned weights, by id; those of unknown ids stay as they are."""
        tables = {
            "item": (learned.item_ids, snapshot.item_ids),
            "category": (learned.category_ids, snapshot.category_ids),
            "parent": (learned.parent_ids, snapshot.parent_ids),
        }
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if "labels" in name:
                    continue
                value = torch.from_numpy(np.array(getattr(learned, name)))
                rows: Tensor | slice = slice(None)
                if name in tables:
                    place = positions(*tables[name])
                    rows = torch.from_numpy(np.flatnonzero(place >= 0))
                    value = value[torch.from_numpy(place[place >= 0])]
                parameter[rows] = value.to(parameter.device)


def _normal(rows: int, dim: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, dim) * 0.1)


def _csr(matrix: sparse.csr_array, device: Device) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "sparse CSR support is in beta state"
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int32)),
            torch.from_numpy(matrix.indices.astype(np.int32)),
            torch.from_numpy(matrix.data.astype(np.float32)),
            matrix.shape,
            device=device,
        )
