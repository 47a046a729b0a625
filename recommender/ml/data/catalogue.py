"""The catalogue: what retrieval and ranking ask of the listed videos, as arrays.

Ranked lists are sorted when a part is built, so a request walks them from their heads.
Its cost depends on the length of its lists, hardly on the number of videos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.integer[Any]]  # of rows; int32 halves their memory
Times = npt.NDArray[np.float64]
Check = Callable[[IntArray], Mask]

POPULARITY_AGE = 14 * 86_400.0  # seconds; a video of this age counts half
SPARSE = 8  # a selection of less than one video in so many is sorted, not walked


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
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return self.values[:0]
        return self.values[self.starts[place] : self.starts[place + 1]]

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
        first = self.starts[place]
        length = np.where(known, self.starts[place + 1] - first, 0)
        owner = np.repeat(np.arange(len(keys)), length)
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        return owner, self.values[first[owner] + within]


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
    categories: Groups  # of a video, by its id
    parents: Groups
    by_category: Groups
    by_parent: Groups
    by_creator: Groups
    by_mood: Groups
    strengths: FloatArray  # along `by_mood.values`
    built_at: float

    @classmethod
    def build(cls, rows: Rows, *, at: float) -> Part:
        """Sort and group ``rows``; heat is that of the Unix time ``at``."""
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
        creators = rows.creators[order]

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
            shown=rows.shown[order],
            engaged=rows.engaged[order],
            hottest=hottest,
            hot_rank=hot_rank,
            newest=newest,
            new_rank=new_rank,
            trending=trending,
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

    def all(self) -> Selection:
        masks = tuple(np.ones(len(part), bool) for part in self.parts)
        rows = self.built.rows_of(self.superseded)
        masks[0][rows[rows >= 0]] = False
        return Selection(self, masks)

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


@dataclass(frozen=True, eq=False)
class Ordered:
    """Videos by key with their scores, the best first."""

    keys: IntArray
    scores: Times

    @classmethod
    def nothing(cls) -> Ordered:
        return cls(np.empty(0, np.int64), np.empty(0))

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class Selection:
    """Some of the videos of a catalogue: a mask for each part.

    Lists are checked by ``check`` last, which takes keys: a condition that the arrays
    do not have.
    """

    catalogue: Catalogue
    masks: tuple[Mask, ...]
    check: Check | None = None

    @cached_property
    def counts(self) -> tuple[int, ...]:
        return tuple(int(np.count_nonzero(mask)) for mask in self.masks)

    def count(self) -> int:
        """How many videos, before ``check``."""
        return sum(self.counts)

    def without(self, keys: npt.ArrayLike) -> Selection:
        """Without the videos of these keys."""
        keys = np.asarray(keys, np.int64)
        if not len(keys):
            return self
        masks = []
        for part, mask in self._each():
            rows = part.rows_of(keys)
            masks.append(_cleared(mask, rows[rows >= 0]))
        return replace(self, masks=tuple(masks))

    def among(self, keys: npt.ArrayLike) -> Selection:
        """Only videos of these keys."""
        return self._only(lambda part: _present(part.rows_of(keys)))

    def of_creators(self, keys: npt.ArrayLike) -> Selection:
        return self._only(lambda part: part.by_creator.of_each(keys))

    def not_of_creator(self, key: int) -> Selection:
        return replace(
            self,
            masks=tuple(
                _cleared(mask, part.by_creator.of(key)) for part, mask in self._each()
            ),
        )

    def in_categories(self, keys: npt.ArrayLike) -> Selection:
        """Videos of any of these categories."""
        return self._only(lambda part: part.by_category.of_each(keys))

    def in_parents(self, keys: npt.ArrayLike) -> Selection:
        """Videos of any of these parent categories."""
        return self._only(lambda part: part.by_parent.of_each(keys))

    def in_mood(self, mood: str) -> Selection:
        place = self.catalogue.moods.index(mood)
        return self._only(lambda part: part.by_mood.of(place))

    def checked(self, check: Check) -> Selection:
        """Only videos that pass ``check``, which takes keys."""
        return replace(self, check=check)

    def holds(self, keys: npt.ArrayLike) -> Mask:
        """(len(keys),): which of the videos are selected."""
        keys = np.asarray(keys, np.int64)
        held = np.zeros(len(keys), bool)
        for part, mask in self._each():
            rows = part.rows_of(keys)
            if len(part):
                held |= (rows >= 0) & mask[rows]
        if self.check is not None and held.any():
            held[held] = self.check(keys[held])
        return held

    def hottest(self, limit: int) -> Ordered:
        """By engagement over age."""
        return self._merged(
            (
                (part, self._first(part, mask, n, part.hottest, part.hot_rank, limit))
                for part, mask, n in self._counted()
            ),
            "heat",
            limit,
        )

    def newest(self, limit: int) -> Ordered:
        """By the time of publication, which is the score."""
        return self._merged(
            (
                (part, self._first(part, mask, n, part.newest, part.new_rank, limit))
                for part, mask, n in self._counted()
            ),
            "published",
            limit,
        )

    def trending(self, limit: int) -> Ordered:
        """By the engagement of people who watched lately."""
        return self._merged(
            (
                (part, self._walk(part, mask, part.trending, limit))
                for part, mask in self._each()
            ),
            "trend",
            limit,
        )

    def newest_of(
        self, creators: npt.ArrayLike, limit: int
    ) -> tuple[Ordered, IntArray]:
        """The newest of these creators, and the creator of each."""
        found = self.of_creators(creators).newest(limit)
        return found, self.catalogue.describe(found.keys).creators

    def hottest_by_label(
        self, level: str, labels: Sequence[int], limit: int
    ) -> tuple[Ordered, IntArray]:
        """The hottest of any of the ``labels``, and the label by which each was found.

        ``level`` is "category" or "parent". A video of several labels comes once for
        each.
        """
        keys, scores, found = [], [], []
        for label in labels:
            for part, mask in self._each():
                listed = getattr(part, f"by_{level}").of(label)
                rows = self._walk(part, mask, listed, limit)
                keys.append(part.ids[rows])
                scores.append(part.heat[rows])
                found.append(np.full(len(rows), label))
        if not keys:
            return Ordered.nothing(), np.empty(0, np.int64)
        all_keys, all_scores = np.concatenate(keys), np.concatenate(scores)
        order = np.lexsort((-all_keys, -all_scores))[:limit]
        return Ordered(all_keys[order], all_scores[order]), np.concatenate(found)[order]

    def strongest(self, mood: str, limit: int) -> Ordered:
        """Videos of a mood by its strength, then by heat."""
        place = self.catalogue.moods.index(mood)
        keys, strengths, heat = [], [], []
        for part, mask in self._each():
            listed = part.by_mood.of(place)
            if not len(listed):
                continue
            first = int(part.by_mood.starts[np.searchsorted(part.by_mood.keys, place)])
            kept = np.flatnonzero(mask[listed])[:limit] if self.check is None else None
            if kept is None:
                rows = self._walk(part, mask, listed, limit)
                kept = np.flatnonzero(np.isin(listed, rows))
            keys.append(part.ids[listed[kept]])
            strengths.append(part.strengths[first + kept])
            heat.append(part.heat[listed[kept]])
        if not keys:
            return Ordered.nothing()
        all_keys, strength = np.concatenate(keys), np.concatenate(strengths)
        order = np.lexsort((-all_keys, -np.concatenate(heat), -strength))[:limit]
        return Ordered(all_keys[order], strength[order].astype(np.float64))

    def least_shown(self, limit: int, *, since: float, below: int) -> IntArray:
        """(m, 3): key, impressions and engaged impressions of the videos published
        ``since`` with fewer than ``below`` impressions, those with the fewest first,
        then the newest."""
        found = []
        for part, mask in self._each():
            until = int(np.searchsorted(-part.published[part.newest], -since, "right"))
            rows = part.newest[:until]
            rows = rows[mask[rows] & (part.shown[rows] < below)]
            rows = rows[np.argsort(part.shown[rows], kind="stable")[:limit]]
            table = np.column_stack(
                [part.ids[rows], part.shown[rows], part.engaged[rows]]
            )
            found.append((table, part.published[rows]))
        table = np.concatenate([table for table, _ in found])
        published = np.concatenate([times for _, times in found])
        table = table[np.lexsort((-table[:, 0], -published, table[:, 1]))]
        if self.check is not None and len(table):
            table = table[self.check(table[:, 0])]
        return table[:limit]

    def sample(self, count: int, generator: np.random.Generator) -> IntArray:
        """The keys of up to ``count`` different videos, drawn uniformly."""
        drawn: IntArray = np.concatenate(
            [part.ids[np.flatnonzero(mask)] for part, mask in self._each()]
        )
        if self.check is None:
            return generator.choice(drawn, min(count, len(drawn)), replace=False)
        for start in range(0, len(drawn), max(1, 50 * count)):
            if not start:
                drawn = generator.permutation(drawn)
            passing = drawn[start : start + 50 * count]
            passing = passing[self.check(passing)]
            if len(passing):
                return passing[:count]
        return drawn[:0]

    def _each(self) -> list[tuple[Part, Mask]]:
        return list(zip(self.catalogue.parts, self.masks, strict=True))

    def _counted(self) -> list[tuple[Part, Mask, int]]:
        return list(zip(self.catalogue.parts, self.masks, self.counts, strict=True))

    def _only(self, rows: Callable[[Part], IntArray]) -> Selection:
        masks = []
        for part, mask in self._each():
            only = np.zeros(len(part), bool)
            only[rows(part)] = True
            masks.append(mask & only)
        return replace(self, masks=tuple(masks))

    def _first(
        self,
        part: Part,
        mask: Mask,
        count: int,
        order: Places,
        rank: Places,
        limit: int,
    ) -> Places:
        """The first selected rows of ``order``, in which each row has a ``rank``."""
        if count * SPARSE > len(part) or self.check is not None:
            return self._walk(part, mask, order, limit)
        rows = np.flatnonzero(mask)
        ranks = rank[rows]
        if len(rows) > limit:
            nearest = np.argpartition(ranks, limit)[:limit]
            rows, ranks = rows[nearest], ranks[nearest]
        return rows[np.argsort(ranks)]

    def _walk(self, part: Part, mask: Mask, order: Places, limit: int) -> Places:
        """The first selected rows of ``order``, read piece by piece."""
        found, missing, start, size = [order[:0]], limit, 0, 4 * limit
        while missing > 0 and start < len(order):
            piece = order[start : start + size]
            piece = piece[mask[piece]]
            if self.check is not None and len(piece):
                piece = piece[self.check(part.ids[piece])]
            found.append(piece[:missing])
            missing -= len(found[-1])
            start, size = start + size, 2 * size
        return np.concatenate(found)

    def _merged(self, found: Any, column: str, limit: int) -> Ordered:
        """The best of each part in one list, by the values of a column."""
        rows_of = [(part, rows) for part, rows in found if len(rows)]
        keys = [part.ids[rows] for part, rows in rows_of]
        scores = [getattr(part, column)[rows] for part, rows in rows_of]
        if not keys:
            return Ordered.nothing()
        if len(keys) == 1:
            return Ordered(np.asarray(keys[0]), np.asarray(scores[0], np.float64))
        all_keys, all_scores = np.concatenate(keys), np.concatenate(scores)
        order = np.lexsort((-all_keys, -all_scores))[:limit]
        return Ordered(all_keys[order], all_scores[order].astype(np.float64))


def _ranks(order: Places) -> Places:
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank


def _sorted_lists(pairs: IntArray) -> Groups:
    order = np.lexsort((pairs[1], pairs[0]))
    return Groups.build(pairs[0][order], pairs[1][order])


def _present(rows: IntArray) -> IntArray:
    return rows[rows >= 0]


def _cleared(mask: Mask, rows: IntArray) -> Mask:
    if not len(rows):
        return mask
    mask = mask.copy()
    mask[rows] = False
    return mask
