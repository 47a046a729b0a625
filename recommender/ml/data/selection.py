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

DRAWS = 32  # for each video of a sample
AT_ONCE = 1000  # rows of a random order
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
        return self._except(lambda part: _present(part.rows_of(keys)))

    def among(self, keys: npt.ArrayLike) -> Selection:
        """Only videos of these keys."""
        return self._only(lambda part: _present(part.rows_of(keys)))

    def of_creators(self, keys: npt.ArrayLike) -> Selection:
        return self._only(lambda part: part.by_creator.of_each(keys))

    def not_of_creators(self, keys: npt.ArrayLike) -> Selection:
        return self._except(lambda part: part.by_creator.of_each(keys))

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
        found = (
            (part, self._first(part, mask, n, part.hottest, part.hot_rank, limit))
            for part, mask, n in self._counted()
        )
        return self._merged(found, "heat", limit)

    def newest(self, limit: int) -> Ordered:
        """By the time of publication, which is the score."""
        found = (
            (part, self._first(part, mask, n, part.newest, part.new_rank, limit))
            for part, mask, n in self._counted()
        )
        return self._merged(found, "published", limit)

    def trending(self, limit: int) -> Ordered:
        """By the engagement of people who watched lately."""
        found = (
            (part, self._walk(part, mask, part.trending, limit))
            for part, mask in self._each()
        )
        return self._merged(found, "trend", limit)

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
            span = part.by_mood.span(place)
            listed = part.by_mood.values[span]
            first = self._places(part, mask, listed, limit)
            rows = listed[first]
            keys.append(part.ids[rows])
            strengths.append(part.strengths[span][first])
            heat.append(part.heat[rows])
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
        """The keys of up to ``count`` different videos, drawn uniformly.

        Videos are drawn until enough of them are selected. If few videos are selected,
        all of these are put in a random order.
        """
        size = sum(map(len, self.masks))
        if size:
            drawn = self._selected(generator.integers(size, size=DRAWS * count))
            if len(drawn) >= count:
                return drawn[:count]
        rows = generator.permutation(np.flatnonzero(np.concatenate(self.masks)))
        found = np.empty(0, np.int64)
        for start in range(0, len(rows), AT_ONCE):
            keys = self._selected(rows[start : start + AT_ONCE])
            found = np.concatenate([found, keys])
            if len(found) >= count:
                break
        return found[:count]

    def _selected(self, rows: IntArray) -> IntArray:
        """The different keys of the selected ones among ``rows``, numbered through both
        parts, in this order."""
        keys, kept = np.empty(len(rows), np.int64), np.empty(len(rows), bool)
        first = 0
        for part, mask in self._each():
            inside = (rows >= first) & (rows < first + len(part))
            keys[inside] = part.ids[rows[inside] - first]
            kept[inside] = mask[rows[inside] - first]
            first += len(part)
        keys = keys[kept]
        keys = keys[np.sort(np.unique(keys, return_index=True)[1])]
        return keys if self.check is None else keys[self.check(keys)]

    def _each(self) -> list[tuple[Part, Mask]]:
        return list(zip(self.catalogue.parts, self.masks, strict=True))

    def _counted(self) -> list[tuple[Part, Mask, int]]:
        return list(zip(self.catalogue.parts, self.masks, self.counts, strict=True))

    def _except(self, rows: Callable[[Part], IntArray]) -> Selection:
        masks = []
        for part, mask in self._each():
            hidden = rows(part)
            if len(hidden):
                mask = mask.copy()
                mask[hidden] = False
            masks.append(mask)
        return replace(self, masks=tuple(masks))

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
        """The first selected rows of ``order`` that fulfil ``condition``."""
        return order[self._places(part, mask, order, limit, condition)]

    def _places(
        self,
        part: Part,
        mask: Mask,
        order: Places,
        limit: int,
        condition: Callable[[Places], Mask] | None = None,
    ) -> IntArray:
        """The places of those rows in ``order``, which is read piece by piece."""
        found, missing, start, size = [np.empty(0, np.int64)], limit, 0, 4 * limit
        while missing > 0 and start < len(order):
            piece = order[start : start + size]
            kept = np.flatnonzero(mask[piece])
            if condition is not None:
                kept = kept[condition(piece[kept])]
            if self.check is not None and len(kept):
                kept = kept[self.check(part.ids[piece[kept]])]
            found.append(start + kept[:missing])
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
