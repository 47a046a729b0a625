"""The interaction input of `ncf`: counts from the histories of a user and a video.

The older systems fed the network the interaction that it had to predict. Here only
events strictly before the moment of the prediction count, in training and in serving,
so that the target does not leak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import (
    FloatArray,
    GraphSnapshot,
    IntArray,
    TimeArray,
    positions,
)

# Of the user: the number of watches, their mean score and the share of likes. Of the
# video: its number of watchers and their share of likes. Of both: the shares of the
# user's watches in the video's categories and by its creator.
INPUTS = (
    "user_watches",
    "user_engagement",
    "user_likes",
    "item_watches",
    "item_likes",
    "category_share",
    "creator_share",
)
HISTORY_LENGTH = 50  # the greatest count: serving reads no more watches


@dataclass(frozen=True, eq=False)
class ItemStatistics:
    """Statistics of the items, by dense id.

    ``watches`` and ``likes`` count people, (n_items,); ``creator`` is an external id,
    -1 where unknown; ``categories`` (n_items, n_categories) has rows that sum to 1,
    or to 0 where there is none.
    """

    watches: IntArray
    likes: IntArray
    creator: IntArray
    categories: sparse.csr_array

    @classmethod
    def from_snapshot(cls, snapshot: GraphSnapshot) -> ItemStatistics:
        """The statistics at the end of ``snapshot``."""
        creator = snapshot.creator
        creator_id = np.append(snapshot.user_ids, -1)[creator]
        return cls(
            _count(snapshot.positive_watches.target, snapshot.n_items),
            _count(snapshot.liked.target, snapshot.n_items),
            np.where(creator >= 0, creator_id, -1).astype(np.int64),
            _categories(snapshot),
        )


def person_inputs(
    statistics: ItemStatistics, item_ids: IntArray, state: UserHistory
) -> npt.NDArray[np.float64]:
    """(n_items, INPUTS): the raw inputs of each item for the user of ``state``."""
    place = positions(item_ids, state.watched.ids)
    known = (place >= 0) & (state.watched.weight > 0)
    place = place[known]
    n_items, count = len(item_ids), len(place)
    values = np.full((n_items, len(INPUTS)), np.nan)
    liked = np.isin(state.watched.ids[known], state.liked.ids).sum()
    values[:, 0] = np.log1p(min(count, HISTORY_LENGTH))
    if count:
        values[:, 1] = state.watched.weight[known].mean()
        values[:, 2] = liked / count
        taste = statistics.categories[place].astype(bool).sum(0) / count
        has_category = np.diff(statistics.categories.indptr) > 0
        values[:, 5] = np.where(has_category, statistics.categories @ taste, np.nan)
        ids, times = np.unique(statistics.creator[place], return_counts=True)
        of_creator = np.append(times, 0)[positions(ids, statistics.creator)] / count
        values[:, 6] = np.where(statistics.creator >= 0, of_creator, np.nan)
    values[:, 3] = np.log1p(statistics.watches)
    with np.errstate(invalid="ignore"):
        share = np.minimum(statistics.likes / statistics.watches, 1)
    values[:, 4] = np.where(statistics.watches > 0, share, np.nan)
    return values


class Past:
    """The inputs of many users, items and moments at once, from a snapshot."""

    def __init__(self, snapshot: GraphSnapshot) -> None:
        watched, liked = snapshot.positive_watches, snapshot.liked
        self._statistics = ItemStatistics.from_snapshot(snapshot)
        self._categories = self._statistics.categories
        _, self._creator = np.unique(self._statistics.creator, return_inverse=True)
        self._n_creators = int(self._creator.max(initial=0)) + 1
        self._n_categories = self._categories.shape[1]
        edge, category = self._each_category(watched.target)
        pair = watched.source * self._n_creators + self._creator[watched.target]
        both = watched.source[edge] * self._n_categories + category
        self._watches = _Sums(watched.source, watched.time)
        self._engagement = _Sums(watched.source, watched.time, watched.weight)
        self._likes = _Sums(liked.source, liked.time)
        self._item_watches = _Sums(watched.target, watched.time)
        self._item_likes = _Sums(liked.target, liked.time)
        self._by_category = _Sums(both, watched.time[edge])
        self._by_creator = _Sums(pair, watched.time)

    def before(
        self, user: IntArray, item: IntArray, time: TimeArray
    ) -> npt.NDArray[np.float64]:
        """(n, INPUTS) of each ``user`` and ``item``, strictly before each ``time``."""
        count = self._watches.before(user, time)
        seen = self._item_watches.before(item, time)
        edge, category = self._each_category(item)
        pair = user[edge] * self._n_categories + category
        in_category = np.bincount(
            edge, self._by_category.before(pair, time[edge]), minlength=len(item)
        )
        of_item = np.diff(self._categories.indptr)[item]
        by_creator = self._by_creator.before(
            user * self._n_creators + self._creator[item], time
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            columns = (
                np.log1p(np.minimum(count, HISTORY_LENGTH)),
                self._engagement.before(user, time) / count,
                np.minimum(self._likes.before(user, time) / count, 1),
                np.log1p(seen),
                np.minimum(self._item_likes.before(item, time) / seen, 1),
                in_category / of_item / count,
                by_creator / count,
            )
        known = [count >= 0, count > 0, count > 0, seen >= 0, seen > 0]
        known.append((count > 0) & (of_item > 0))
        known.append((count > 0) & (self._statistics.creator[item] >= 0))
        return np.where(np.stack(known, 1), np.stack(columns, 1), np.nan)

    def _each_category(self, item: IntArray) -> tuple[IntArray, IntArray]:
        """(place in ``item``, category): a row for each category of each item."""
        indptr = self._categories.indptr
        count = (indptr[1:] - indptr[:-1])[item]
        place = np.repeat(np.arange(len(item)), count)
        within = np.arange(len(place)) - (np.cumsum(count) - count)[place]
        return place, self._categories.indices[indptr[item][place] + within]


class _Sums:
    """Sums of weights by group, before any moment."""

    def __init__(
        self, group: IntArray, time: TimeArray, weight: FloatArray | None = None
    ) -> None:
        order = np.lexsort((time, group))
        self._moments = np.unique(time)
        self._keys = self._key(group[order], time[order])
        each = np.ones(len(group)) if weight is None else weight[order]
        self._total = np.concatenate([[0.0], np.cumsum(each, dtype=np.float64)])

    def before(self, group: IntArray, time: TimeArray) -> npt.NDArray[np.float64]:
        """(n,) sums over rows of each group that are strictly before each time."""
        start = np.searchsorted(self._keys, group * (len(self._moments) + 1))
        stop = np.searchsorted(self._keys, self._key(group, time))
        return np.asarray(self._total[stop] - self._total[start], np.float64)

    def _key(self, group: IntArray, time: TimeArray) -> IntArray:
        rank = np.searchsorted(self._moments, time)
        return np.asarray(group * (len(self._moments) + 1) + rank, np.int64)


def _count(dense: IntArray, size: int) -> IntArray:
    return np.bincount(dense, minlength=size).astype(np.int64)


def _categories(snapshot: GraphSnapshot) -> sparse.csr_array:
    edges = snapshot.in_category
    count = _count(edges.source, snapshot.n_items)
    return sparse.csr_array(
        (1 / count[edges.source], (edges.source, edges.target)),
        shape=(snapshot.n_items, max(snapshot.n_categories, 1)),
    )
