"""The catalogue: what retrieval and ranking ask of the listed videos, as arrays.

Ranked lists are sorted when a part is built, so a request walks them from their heads.
Its cost depends on the length of its lists, hardly on the number of videos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray, list_places

Places = npt.NDArray[np.integer[Any]]  # of rows; int32 halves their memory
Times = npt.NDArray[np.float64]

POPULARITY_AGE = 14 * 86_400.0  # seconds; a video of this age counts half


@dataclass(frozen=True, eq=False)
class Groups:
    """Lists of integers by key: ``values[starts[i]:starts[i + 1]]`` for ``keys[i]``."""

    keys: IntArray  # sorted
    starts: IntArray
    values: IntArray

    @classmethod
    def build(cls, keys: npt.ArrayLike, values: npt.ArrayLike) -> Groups:
        """Group ``values`` by ``keys`` (n,), in their order."""
        keys, values = np.asarray(keys, np.int64), np.asarray(values, np.int64)
        order = np.argsort(keys, kind="stable")
        distinct, counts = np.unique(keys, return_counts=True)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(distinct, starts, values[order])

    def of(self, key: int) -> IntArray:
        """The list of one key, empty for an unknown key."""
        return self.values[self.span(key)]

    def span(self, key: int) -> slice:
        """The place of that list in ``values``."""
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return slice(0, 0)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))

    def of_each(self, keys: npt.ArrayLike) -> IntArray:
        """The lists of ``keys`` one after the other."""
        return self.take(keys)[1]

    def take(self, keys: npt.ArrayLike) -> tuple[IntArray, IntArray]:
        """(m,) positions in ``keys`` and (m,) values of their lists."""
        keys = np.asarray(keys, np.int64)
        if not len(self.keys) or not len(keys):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[place] == keys
        start = self.starts[place]
        stop = np.where(known, self.starts[place + 1], start)
        inside, owner = list_places(start, stop)
        return owner, self.values[inside]


@dataclass(frozen=True, eq=False)
class Rows:
    """Columns of ``n`` videos in the order of ``ids``, as SQL has them.

    ``published`` is in Unix seconds, ``trend`` the engagement of those who watched
    lately. ``categories``, ``parents`` and ``moods`` are (2, m) pairs of a video's id
    and the key of its label; ``strengths`` (m,) belong to ``moods``, whose keys are
    places in ``Catalogue.moods``.
    """

    ids: IntArray
    creators: IntArray
    published: Times
    durations: FloatArray
    engagement: Times
    trend: FloatArray
    views: IntArray  # (n, 3): of the last day, 7 days, 28 days
    shown: IntArray  # impressions
    engaged: IntArray  # impressions that led to a view
    categories: IntArray
    parents: IntArray
    moods: IntArray
    strengths: FloatArray


@dataclass(frozen=True, eq=False)
class Part:
    """The videos of one build, a *row* being a place in ``ids``, which are sorted.

    ``hottest`` and ``newest`` are all rows in order, ``hot_rank`` and ``new_rank`` the
    place of each row there. Rows of a category, parent category or mood are in the
    order of `hottest`, moods by strength first; those of a creator the newest first.
    """

    ids: IntArray
    creators: IntArray
    published: Times
    durations: FloatArray
    heat: Times
    trend: FloatArray
    views: IntArray
    shown: IntArray
    engaged: IntArray
    hottest: Places
    hot_rank: Places
    newest: Places
    new_rank: Places
    trending: Places  # the rows with a trend
    least_shown: Places  # of the new ones by impressions, then the newest first
    categories: Groups  # of a video, by its id
    parents: Groups
    by_category: Groups
    by_parent: Groups
    by_creator: Groups
    by_mood: Groups
    strengths: FloatArray  # along `by_mood.values`
    built_at: float

    @classmethod
    def build(cls, rows: Rows, *, at: float, new: float) -> Part:
        """Sort and group ``rows``; heat is that of the Unix time ``at``. Videos are new
        for ``new`` seconds."""
        order = np.argsort(rows.ids)
        ids = rows.ids[order]
        published = rows.published[order]
        heat = rows.engagement[order].astype(np.float64)
        heat /= 1 + np.maximum(at - published, 0) / POPULARITY_AGE
        trend = rows.trend[order]
        hottest = np.lexsort((-ids, -heat)).astype(np.int32)
        newest = np.lexsort((-ids, -published)).astype(np.int32)
        hot_rank, new_rank = _ranks(hottest), _ranks(newest)
        trending = np.lexsort((-ids, -trend)).astype(np.int32)
        trending = trending[trend[trending] > 0]
        creators, shown = rows.creators[order], rows.shown[order]
        least_shown = np.lexsort((-ids, -published, shown)).astype(np.int32)
        least_shown = least_shown[published[least_shown] >= at - new]

        def by_label(pairs: IntArray) -> Groups:
            row = np.searchsorted(ids, pairs[0])
            sort = np.argsort(hot_rank[row], kind="stable")
            return Groups.build(pairs[1][sort], row[sort])

        mood_rows = np.searchsorted(ids, rows.moods[0])
        sort = np.lexsort((hot_rank[mood_rows], -rows.strengths, rows.moods[1]))
        return cls(
            ids=ids,
            creators=creators,
            published=published,
            durations=rows.durations[order],
            heat=heat,
            trend=trend,
            views=rows.views[order],
            shown=shown,
            engaged=rows.engaged[order],
            hottest=hottest,
            hot_rank=hot_rank,
            newest=newest,
            new_rank=new_rank,
            trending=trending,
            least_shown=least_shown,
            categories=_sorted_lists(rows.categories),
            parents=_sorted_lists(rows.parents),
            by_category=by_label(rows.categories),
            by_parent=by_label(rows.parents),
            by_creator=Groups.build(creators[newest], newest),
            by_mood=Groups.build(rows.moods[1][sort], mood_rows[sort]),
            strengths=rows.strengths[sort],
            built_at=at,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, keys: npt.ArrayLike) -> IntArray:
        """The rows of videos by key, -1 for those that it does not have."""
        keys = np.asarray(keys, np.int64)
        if not len(self.ids):
            return np.full(len(keys), -1)
        row = np.minimum(np.searchsorted(self.ids, keys), len(self.ids) - 1)
        return np.where(self.ids[row] == keys, row, -1)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays by name, from which `from_arrays` makes it again."""
        stored: dict[str, npt.NDArray[Any]] = {"built_at": np.array([self.built_at])}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Groups):
                for name in ("keys", "starts", "values"):
                    stored[f"{field.name}.{name}"] = getattr(value, name)
            elif field.name != "built_at":
                stored[field.name] = value
        return stored

    @classmethod
    def from_arrays(cls, array: Callable[[str], npt.NDArray[Any]]) -> Part:
        """The part whose arrays ``array`` finds by name."""
        values: dict[str, Any] = {"built_at": float(array("built_at")[0])}
        for field in fields(cls):
            if field.type == "Groups":
                values[field.name] = Groups(
                    *(array(f"{field.name}.{n}") for n in ("keys", "starts", "values"))
                )
            elif field.name != "built_at":
                values[field.name] = array(field.name)
        return cls(**values)


@dataclass(frozen=True, eq=False)
class Label:
    """A category, with the key of its parent category, or a parent category."""

    name: str
    parent: int | None = None


@dataclass(frozen=True, eq=False)
class VideoFeatures:
    """What ranking and reasons use of the videos ``keys`` (n,), along them."""

    keys: IntArray
    creators: IntArray
    published: Times
    durations: FloatArray
    views: IntArray  # (n, 3)
    categories: tuple[IntArray, IntArray]  # places in `keys`, keys of categories
    parents: tuple[IntArray, IntArray]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def place(self) -> dict[int, int]:
        """The place of each video by key."""
        return {key: place for place, key in enumerate(self.keys.tolist())}

    def labels_of(self, place: int) -> tuple[list[int], list[int]]:
        """The keys of the categories and parent categories of one video."""
        return tuple(
            label[owner == place].tolist()
            for owner, label in (self.categories, self.parents)
        )

    def at(self, places: IntArray) -> VideoFeatures:
        """Those of some places, in their order; no place comes twice."""
        new = np.full(len(self.keys), -1)
        new[places] = np.arange(len(places))

        def kept(labels: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
            owner = new[labels[0]]
            return owner[owner >= 0], labels[1][owner >= 0]

        return VideoFeatures(
            self.keys[places],
            self.creators[places],
            self.published[places],
            self.durations[places],
            self.views[places],
            kept(self.categories),
            kept(self.parents),
        )


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All listed videos: those of the last build, and what changed since.

    A video of the second part takes the place of one with its key in the first. Names
    of ``categories`` and ``parents`` are by key.
    """

    built: Part
    changed: Part
    superseded: IntArray  # sorted keys of videos of `built` that changed since
    categories: Mapping[int, Label]
    parents: Mapping[int, Label]
    moods: Sequence[str]

    @property
    def parts(self) -> tuple[Part, Part]:
        return self.built, self.changed

    def describe(self, keys: npt.ArrayLike) -> VideoFeatures:
        """The features of those of ``keys`` that it has, in their order."""
        keys = np.asarray(keys, np.int64)
        old, new = (part.rows_of(keys) for part in self.parts)
        old[np.isin(keys, self.superseded)] = -1
        known = (old >= 0) | (new >= 0)
        keys, old, new = keys[known], old[known], new[known]
        is_new = new >= 0

        def column(name: str) -> npt.NDArray[Any]:
            values = (
                np.asarray(getattr(self.built, name)[old]) if len(self.built) else None
            )
            if not is_new.any():
                return np.asarray(getattr(self.built, name)[old])
            changed = getattr(self.changed, name)
            if values is None:
                return np.asarray(changed[new])
            values[is_new] = changed[new[is_new]]
            return values

        def labels(name: str) -> tuple[IntArray, IntArray]:
            owners, found = getattr(self.built, name).take(np.where(is_new, -1, keys))
            if is_new.any():
                places = np.flatnonzero(is_new)
                more = getattr(self.changed, name).take(keys[places])
                owners = np.concatenate([owners, places[more[0]]])
                found = np.concatenate([found, more[1]])
            return owners, found

        return VideoFeatures(
            keys,
            column("creators"),
            column("published"),
            column("durations"),
            column("views"),
            labels("categories"),
            labels("parents"),
        )


def _ranks(order: Places) -> Places:
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank


def _sorted_lists(pairs: IntArray) -> Groups:
    order = np.lexsort((pairs[1], pairs[0]))
    return Groups.build(pairs[0][order], pairs[1][order])
