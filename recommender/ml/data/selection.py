"""Selections of the catalogue, and the heads of its ranked lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recommender.ml.data.catalogue import Catalogue, Part, Places, Times
from recommender.ml.data.snapshot import IntArray

Mask = npt.NDArray[np.bool_]
Check = Callable[[IntArray], Mask]

SPARSE = 8  # a selection of less than one video in so many is sorted, not walked


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

    @classmethod
    def of(cls, catalogue: Catalogue) -> Selection:
        """All videos of a catalogue."""
        masks = tuple(np.ones(len(part), bool) for part in catalogue.parts)
        rows = catalogue.built.rows_of(catalogue.superseded)
        masks[0][rows[rows >= 0]] = False
        return cls(catalogue, masks)

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

            def is_new(rows: Places, part: Part = part) -> Mask:
                return (part.published[rows] >= since) & (part.shown[rows] < below)

            rows = self._walk(part, mask, part.least_shown, limit, is_new)
            columns = part.ids[rows], part.shown[rows], part.engaged[rows]
            found.append((np.column_stack(columns), part.published[rows]))
        table = np.concatenate([table for table, _ in found])
        published = np.concatenate([times for _, times in found])
        order = np.lexsort((-table[:, 0], -published, table[:, 1]))
        return table[order[:limit]]

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

    def _walk(
        self,
        part: Part,
        mask: Mask,
        order: Places,
        limit: int,
        condition: Callable[[Places], Mask] | None = None,
    ) -> Places:
        """The first selected rows of ``order`` that fulfil ``condition``, read piece by
        piece."""
        found, missing, start, size = [order[:0]], limit, 0, 4 * limit
        while missing > 0 and start < len(order):
            piece = order[start : start + size]
            piece = piece[mask[piece]]
            if condition is not None:
                piece = piece[condition(piece)]
            if self.check is not None and len(piece):
                piece = piece[self.check(part.ids[piece])]
            found.append(piece[:missing])
            missing -= len(found[-1])
            start, size = start + size, 2 * size
        return np.concatenate(found)

    def _merged(
        self, found: Iterable[tuple[Part, Places]], column: str, limit: int
    ) -> Ordered:
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


def _present(rows: IntArray) -> IntArray:
    return rows[rows >= 0]


def _cleared(mask: Mask, rows: IntArray) -> Mask:
    if not len(rows):
        return mask
    mask = mask.copy()
    mask[rows] = False
    return mask
