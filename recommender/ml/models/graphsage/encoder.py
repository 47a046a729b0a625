"""GraphSAGE's forward pass with frozen weights, in numpy alone.

Two hops with mean aggregation in linear form (Hamilton et al., NeurIPS 2017; without
the inner non-linearity, as He et al., SIGIR 2020, found best for recommendation):

    x_v = id_v + content_v W + mean(categories of v) + mean(parents of v)
    s_u = mean of x over the newest watches of u
    c_u = mean of x over the uploads of u
    z_v = x_v + (mean of s over the watchers of v) W + c_(creator of v) W

    e_v = z_v / |z_v|,      p_v = MLP(trends of v)
    h_u = bias + sum over relations r of (weighted mean of u's r-neighbours) W_r
    score(u, v) = h_u / |h_u| . e_v + q_u . p_v,   q_u = q + (h_u / |h_u|) Q

The vector of a person is a function of their interactions, also for new people.
`network.py` is the same with gradients; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from recommender.ml.data.features import ContentEncoder, ItemFeatures, content, unit
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    GraphSnapshot,
    IntArray,
    positions,
)
from recommender.ml.models.graphsage.cold_start import ColdStartMap
from recommender.ml.models.graphsage.config import Windowing
from recommender.ml.models.graphsage.neighbours import Timeline, Windows, edge_means
from recommender.ml.models.graphsage.trends import trends

NODES_AT_ONCE = 4096
NO_EDGES = Edges(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.float32),
    np.empty(0, np.float64),
)
# The inputs of a user's vector: relation -> the table of vectors at its other end.
USER_RELATIONS: Mapping[str, str] = {
    "watched": "items",
    "recent": "items",  # the same watches, with the short fade
    "liked": "items",
    "not_interested": "items",
    "follows": "creators",
    "interested_in": "parents",
}


@dataclass(frozen=True, eq=False)
class GraphSageWeights:
    """All learned weights. ``d`` is the width, ``k`` the trend width.

    Rows of ``item``, ``category`` and ``parent`` are in the order of their ``*_ids``.
    """

    item_ids: IntArray
    category_ids: IntArray
    parent_ids: IntArray
    item: FloatArray  # (items, d)
    category: FloatArray  # (categories, d)
    parent: FloatArray  # (parents, d)
    content: FloatArray  # (content size, d)
    watchers: FloatArray  # (d, d)
    creator: FloatArray  # (d, d)
    relations: FloatArray  # (len(USER_RELATIONS), d, d)
    user: FloatArray  # (d,)
    trend_in: FloatArray  # (TREND_SIZE, hidden)
    trend_bias: FloatArray  # (hidden,)
    trend_out: FloatArray  # (hidden, k)
    trend_user: FloatArray  # (k,)
    trend_mix: FloatArray  # (d, k)

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """By name, for an artifact."""
        return {f"weights_{f.name}": getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, eq=False)
class Tables:
    """The vectors from which those of users are computed, with their external ids.

    ``items`` (n, d) are e, ``trends`` (n, k) are p. The last three fields are the
    `ColdStartMap` of videos without watches, over (n, d + k).
    """

    item_ids: IntArray
    items: FloatArray
    trends: FloatArray
    creator_ids: IntArray
    creators: FloatArray
    parent_ids: IntArray
    parents: FloatArray
    new_origin: FloatArray  # (d + k,)
    new_matrix: FloatArray  # (d + k, d + k)
    new_centre: FloatArray  # (d + k,)

    @property
    def cold_start(self) -> ColdStartMap:
        return ColdStartMap(self.new_origin, self.new_matrix, self.new_centre)

    @property
    def vectors(self) -> FloatArray:
        """(n, d + k): the vectors of items to multiply with those of users."""
        return np.hstack([self.items, self.trends])

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """By name, for an artifact."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def encode(
    snapshot: GraphSnapshot,
    weights: GraphSageWeights,
    encoder: ContentEncoder,
    windowing: Windowing,
) -> Tables:
    """The vectors of all nodes of ``snapshot``, at the time it was taken.

    Items, categories and parents that are new since training have an id vector of 0.
    New items without watches go through the `ColdStartMap`, as in `encode_new`.
    """
    alone = content(snapshot, encoder) @ weights.content
    categories = _rows(weights.category, weights.category_ids, snapshot.category_ids)
    parents = _rows(weights.parent, weights.parent_ids, snapshot.parent_ids)
    n_items, n_users = snapshot.n_items, snapshot.n_users
    alone += edge_means(snapshot.in_category, n_items, len(categories)) @ categories
    alone += edge_means(snapshot.in_parent, n_items, len(parents)) @ parents
    x = alone + _rows(weights.item, weights.item_ids, snapshot.item_ids)

    uploads = edge_means(snapshot.uploaded, n_users, n_items)
    by_creator = uploads @ x
    now, watched = snapshot.taken_at, snapshot.watched
    user_means = aggregate(
        Timeline(watched, n_users),
        n_users,
        now,
        x,
        size=windowing.window,
        fade=windowing.long,
    )
    watchers = Timeline(watched, n_items, reverse=True)
    z = x + aggregate(watchers, n_items, now, user_means) @ weights.watchers
    has_creator = snapshot.creator >= 0
    from_creator = by_creator[snapshot.creator[has_creator]] @ weights.creator
    z[has_creator] += from_creator
    alone[has_creator] += from_creator
    trend = trends(watched, snapshot.created, now)
    vectors = np.hstack([unit(z), trend_vectors(trend, weights)])
    without_watches = trends(NO_EDGES, snapshot.created, now)
    new = np.hstack([unit(alone), trend_vectors(without_watches, weights)])
    learned = np.isin(snapshot.item_ids, weights.item_ids)
    seen = np.zeros(n_items, bool)
    seen[snapshot.positive_watches.target] = True
    cold_start = ColdStartMap.fit(new[learned & seen], vectors[learned & seen])
    cold = ~learned & ~seen
    vectors[cold] = cold_start(new[cold])
    d = z.shape[1]
    creators = np.unique(snapshot.uploaded.source)
    return Tables(
        item_ids=snapshot.item_ids,
        items=vectors[:, :d],
        trends=vectors[:, d:],
        creator_ids=snapshot.user_ids[creators],
        creators=by_creator[creators].astype(np.float32),
        parent_ids=snapshot.parent_ids,
        parents=parents,
        new_origin=cold_start.origin,
        new_matrix=cold_start.matrix,
        new_centre=cold_start.centre,
    )


def encode_new(
    items: Sequence[ItemFeatures],
    weights: GraphSageWeights,
    encoder: ContentEncoder,
    tables: Tables,
    time: float,
) -> FloatArray:
    """(n, d + k) vectors of videos without watches, from their features, through the
    `ColdStartMap`."""
    x = encoder.encode([i.text for i in items], [i.duration for i in items])
    x = x @ weights.content
    for row, item in enumerate(items):
        for ids, known, table in (
            (item.category_ids, weights.category_ids, weights.category),
            (item.parent_ids, weights.parent_ids, weights.parent),
        ):
            place = positions(known, np.asarray(ids, np.int64))
            if len(place):
                x[row] += table[place[place >= 0]].sum(0) / len(place)
    creators = np.array([-1 if i.creator_id is None else i.creator_id for i in items])
    x += _rows(tables.creators, tables.creator_ids, creators) @ weights.creator
    created = np.array([item.created for item in items], np.float64)
    trend = trends(NO_EDGES, created, time)
    return tables.cold_start(np.hstack([unit(x), trend_vectors(trend, weights)]))


def encode_users(
    states: Sequence[UserHistory],
    weights: GraphSageWeights,
    tables: Tables,
    windowing: Windowing,
) -> FloatArray:
    """(n, d + k): h / |h| and q_u of each history."""
    ends = {
        "items": (tables.item_ids, tables.items),
        "creators": (tables.creator_ids, tables.creators),
        "parents": (tables.parent_ids, tables.parents),
    }
    h = np.tile(weights.user, (len(states), 1))
    for matrix, (relation, end) in zip(
        weights.relations, USER_RELATIONS.items(), strict=True
    ):
        ids, table = ends[end]
        trails = [state.trail(relation) for state in states]
        if any(len(trail) for trail in trails):
            fade = windowing.fade(relation)
            means = _window_means(trails, ids, fade, windowing.window)
            h += (means @ table) @ matrix
    h = unit(h)
    return np.hstack([h, weights.trend_user + h @ weights.trend_mix])


def aggregate(
    timeline: Timeline,
    nodes: int,
    time: float,
    table: FloatArray,
    *,
    size: int | None = None,
    fade: float = np.inf,
) -> FloatArray:
    """(nodes, d): the mean of ``table`` over each node's newest edges before ``time``;
    in chunks of nodes, to save memory."""
    out = np.empty((nodes, table.shape[1]), np.float32)
    for start in range(0, nodes, NODES_AT_ONCE):
        chunk = np.arange(start, min(start + NODES_AT_ONCE, nodes))
        windows = timeline.windows(chunk, np.full(len(chunk), time), size)
        out[chunk] = windows.mean(len(table), fade=fade) @ table
    return out


def trend_vectors(trend: FloatArray, weights: GraphSageWeights) -> FloatArray:
    """(n, k): p from (n, TREND_SIZE) trends, by one hidden layer with ReLU."""
    hidden = np.maximum(trend @ weights.trend_in + weights.trend_bias, 0)
    return np.asarray(hidden @ weights.trend_out, np.float32)


def _window_means(
    trails: Sequence[Trail], ids: IntArray, fade: float, window: int
) -> sparse.csr_array:
    """(trails, len(ids)): the weighted mean over each trail's newest known edges."""
    places, newest = [], []
    for trail in trails:
        place = positions(ids, trail.ids)
        known = np.flatnonzero((place >= 0) & (trail.weight > 0))
        order = np.lexsort((place[known], trail.time[known]))[::-1][:window]
        places.append(place[known[order]])
        newest.append(known[order])
    windows = Windows(
        row=np.repeat(np.arange(len(trails)), [len(each) for each in newest]),
        target=np.concatenate(places),
        weight=np.concatenate(
            [trail.weight[each] for trail, each in zip(trails, newest, strict=True)]
        ),
        rank=np.concatenate([np.arange(len(each)) for each in newest]),
        rows=len(trails),
    )
    return windows.mean(len(ids), fade=fade)


def _rows(table: FloatArray, ids: IntArray, wanted: IntArray) -> FloatArray:
    """The rows of ``wanted`` ids, 0 where unknown."""
    place = positions(ids, wanted)
    rows = np.zeros((len(place), table.shape[1]), np.float32)
    rows[place >= 0] = table[place[place >= 0]]
    return rows
