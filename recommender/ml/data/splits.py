"""Splits of a snapshot into the history that a model sees and the targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.snapshot import (
    Edges,
    GraphSnapshot,
    IntArray,
    TimeArray,
    list_places,
)

Flags = npt.NDArray[np.bool_]

FIRST_WATCHES = 5  # of a newcomer, which may be known
FEWEST_WATCHES = 3  # of a person of whom some are held out
MOST = 0.5  # share of people with a clock or an order


@dataclass(frozen=True, eq=False)
class Newcomers:
    """People without watches before the cut, whom no model has seen.

    ``first`` (users, `FIRST_WATCHES`) holds the dense items that they watched first, in
    order; ``indptr`` and ``items`` are the CSR rows of their later watches.
    ``snapshot`` holds their other relations.
    """

    snapshot: GraphSnapshot
    users: IntArray
    first: IntArray
    indptr: IntArray
    items: IntArray

    def sample(self, people: int) -> Newcomers:
        """At most ``people`` of them, spread evenly over their ids."""
        if len(self.users) <= people:
            return self
        rows = _evenly(self.indptr, people)
        indptr, items = _lists_of(self.indptr, rows)
        return Newcomers(
            self.snapshot, self.users[rows], self.first[rows], indptr, self.items[items]
        )

    @classmethod
    def from_snapshot(cls, snapshot: GraphSnapshot, cut: float) -> Newcomers:
        """The people with more than `FIRST_WATCHES` watches, all from ``cut`` on."""
        watched = snapshot.positive_watches
        known = np.zeros(snapshot.n_users, bool)
        known[watched.source[watched.time < cut]] = True
        counts = np.bincount(watched.source, minlength=snapshot.n_users)
        new = ~known & (counts > FIRST_WATCHES)
        late = watched.where(new[watched.source])
        order = np.lexsort((late.time, late.source))
        users, start, counts = np.unique(
            late.source[order], return_index=True, return_counts=True
        )
        rank = np.arange(len(late)) - np.repeat(start, counts)
        items = late.target[order]
        return cls(
            snapshot,
            users,
            items[rank < FIRST_WATCHES].reshape(-1, FIRST_WATCHES),
            np.concatenate([[0], np.cumsum(counts - FIRST_WATCHES)]).astype(np.int64),
            items[rank >= FIRST_WATCHES],
        )


@dataclass(frozen=True, eq=False)
class Holdout:
    """The known interactions (``history``) and what ``users`` watched next.

    ``users`` are dense ids of people with at least ``min_history`` known watches and
    one target. ``indptr`` and ``items`` are the CSR rows of their targets: dense items
    watched with a weight above 0 after the cut and not before (seen ones are removed).
    ``reaction`` (targets,) holds the `reactions` to the targets, where known.
    ``newcomers`` are the people who came after the cut, if there is one.
    """

    history: GraphSnapshot
    users: IntArray
    indptr: IntArray
    items: IntArray
    reaction: IntArray | None = None
    newcomers: Newcomers | None = None

    def targets(self, row: int) -> IntArray:
        """The dense target items of ``users[row]``."""
        return self.items[self.indptr[row] : self.indptr[row + 1]]

    def sample(self, people: int) -> Holdout:
        """The holdout of at most ``people`` users, spread evenly over their ids."""
        if len(self.users) <= people:
            return self
        return self.of_rows(_evenly(self.indptr, people))

    def of_rows(self, rows: IntArray) -> Holdout:
        """The holdout of the users in ``rows``, in this order."""
        indptr, targets = _lists_of(self.indptr, rows)
        return Holdout(
            self.history,
            self.users[rows],
            indptr,
            self.items[targets],
            None if self.reaction is None else self.reaction[targets],
            self.newcomers,
        )


def _evenly(indptr: IntArray, people: int) -> IntArray:
    """``people`` of the CSR rows, spread evenly."""
    return np.linspace(0, len(indptr) - 2, people).astype(np.int64)


def _lists_of(indptr: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """The ``indptr`` of some CSR rows alone, and the places of their entries."""
    start, stop = indptr[rows], indptr[rows + 1]
    new = np.concatenate([[0], np.cumsum(stop - start)]).astype(np.int64)
    return new, list_places(start, stop)[0]


@dataclass(frozen=True, eq=False)
class Split:
    """``validation.history`` is the training part; ``test.history`` adds the validation
    part, which is cut off when it is first asked for. ``cut`` is how both were chosen.
    """

    cut_validation: Callable[[], Holdout]
    test: Holdout
    cut: Cut

    @cached_property
    def validation(self) -> Holdout:
        return self.cut_validation()


class Cut(StrEnum):
    """Which watches a part holds out: the newest of all, each person's last, random
    ones of each person, or a cluster of each person's (see `leave_cluster`)."""

    TIME = "time"
    LAST = "last"
    RANDOM = "random"
    CLUSTER = "cluster"


def usable_cut(snapshot: GraphSnapshot) -> Cut:
    """The strictest cut that the times allow.

    ``TIME`` needs a common clock: times that leave early, late and latest watches, and
    people who start at different times. (Where most start at the earliest time, times
    count each person's watches, or date an import.) ``LAST`` needs an order for most
    people with several watches. Without one, ``RANDOM`` is left.
    """
    watches = snapshot.positive_watches
    if not len(watches):
        return Cut.RANDOM
    times = np.sort(watches.time)
    early, late = (times[int(len(times) * share)] for share in (0.8, 0.9))
    count = np.bincount(watches.source, minlength=snapshot.n_users)
    first, last = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(first, watches.source, watches.time)
    np.maximum.at(last, watches.source, watches.time)
    starts_apart = (first[count > 0] > times[0]).mean() >= MOST
    spread = times[0] < early < late and (times >= early).mean() <= 0.5
    if spread and starts_apart:
        return Cut.TIME
    several = count > 1
    ordered = several.any() and (last > first)[several].mean() >= MOST
    return Cut.LAST if ordered else Cut.RANDOM


def evaluation_split(snapshot: GraphSnapshot, *, seed: int = 0) -> Split:
    """Hold out a tenth for validation and a tenth for test, by `usable_cut`.

    Raises `ValueError` if nobody has enough watches.
    """
    cut = usable_cut(snapshot)
    if cut == Cut.TIME:
        return global_time_split(snapshot)
    if cut == Cut.LAST:
        split = leave_last(snapshot)
    else:
        split = leave_random(snapshot, seed=seed)
    if not len(split.test.users):
        _ = snapshot.training_watches  # raises where there are none
        raise ValueError(
            "the watches have too few distinct times to split by, and nobody has "
            f"the {FEWEST_WATCHES} watches that a split of each person's needs"
        )
    return split


def global_time_split(
    snapshot: GraphSnapshot,
    *,
    validation: float = 0.1,
    test: float = 0.1,
    min_history: int = 1,
) -> Split:
    """Split at two moments: by default, 80 % of the watches to train with, then 10 % to
    validate and 10 % to test.

    All interactions are split at the same moments: a history is older than every
    target. Raises `ValueError` for shares out of range or too few distinct times.
    """
    if not (0 < test < 1 and 0 < validation < 1 - test):
        raise ValueError("validation and test must be shares that leave a train part")
    times = np.sort(snapshot.positive_watches.time)
    if not len(times):
        raise ValueError("the snapshot has no watches to split")
    shares = (1 - test - validation, 1 - test)
    first, second = (float(times[int(len(times) * share)]) for share in shares)
    if not times[0] < first < second:
        raise ValueError("the watches have too few distinct times to split by")
    return Split(
        lambda: holdout(snapshot.before(second), cut=first, min_history=min_history),
        test=holdout(snapshot, cut=second, min_history=min_history),
        cut=Cut.TIME,
    )


def holdout(snapshot: GraphSnapshot, *, cut: float, min_history: int = 1) -> Holdout:
    """Everything before ``cut`` as history, watches from ``cut`` on as targets."""
    late = snapshot.watched.time >= cut
    part = _holdout(
        snapshot,
        snapshot.before(cut),
        snapshot.watched.where(late),
        min_history=min_history,
    )
    return replace(part, newcomers=Newcomers.from_snapshot(snapshot, cut))


def leave_last(
    snapshot: GraphSnapshot, *, share: float = 0.1, min_history: int = 1
) -> Split:
    """Hold out the last ``share`` of each person's watches for test, and as many
    before those for validation; for data with an order but no common clock.

    Likes, ratings and other reactions to a held-out video are held out with it. People
    with fewer than `FEWEST_WATCHES` are history only.
    """
    test, validation = _newest(snapshot, snapshot.watched.time, share)
    return Split(
        lambda: _without(snapshot, test | validation, validation, min_history),
        test=_without(snapshot, test, test, min_history),
        cut=Cut.LAST,
    )


def leave_random(
    snapshot: GraphSnapshot, *, share: float = 0.1, seed: int = 0
) -> Split:
    """As `leave_last`, with a random order of each person's watches; for data without
    any order."""
    order = np.random.default_rng(seed).random(len(snapshot.watched))
    test, validation = _newest(snapshot, order, share)
    return Split(
        lambda: _without(snapshot, test | validation, validation),
        test=_without(snapshot, test, test),
        cut=Cut.RANDOM,
    )


def _newest(
    snapshot: GraphSnapshot, order: TimeArray, share: float
) -> tuple[Flags, Flags]:
    """(watches,) each: the last ``share`` of each person's watches in ``order``, and as
    many before those."""
    watched = snapshot.watched
    ranked = np.lexsort((order, watched.source))
    counts = np.bincount(watched.source, minlength=snapshot.n_users)
    start = np.cumsum(counts) - counts
    from_end = np.empty(len(watched), np.int64)
    rank = np.arange(len(watched)) - start[watched.source[ranked]]
    from_end[ranked] = counts[watched.source[ranked]] - 1 - rank
    n_held_out = np.ceil(counts * share).astype(np.int64)
    n_held_out[counts < FEWEST_WATCHES] = 0
    last = from_end < n_held_out[watched.source]
    return last, ~last & (from_end < 2 * n_held_out[watched.source])


def _without_newest(
    snapshot: GraphSnapshot, order: TimeArray, share: float, people: int | None
) -> Holdout:
    """Hold out the last ``share`` in ``order`` of at most ``people``, spread evenly
    over their ids."""
    newest, _ = _newest(snapshot, order, share)
    users = np.unique(snapshot.watched.source[newest])
    if people is not None and len(users) > people:
        users = users[np.linspace(0, len(users) - 1, people).astype(np.int64)]
        newest &= np.isin(snapshot.watched.source, users)
    return _without(snapshot, newest, newest)


def _without(
    snapshot: GraphSnapshot, hidden: Flags, targets: Flags, min_history: int = 1
) -> Holdout:
    """A history without the ``hidden`` watches and the reactions to them."""
    watched = snapshot.watched

    def pairs(edges: Edges) -> IntArray:
        return edges.source * snapshot.n_items + edges.target

    unwanted = pairs(watched.where(hidden))

    def visible(edges: Edges) -> Edges:
        return edges.where(~np.isin(pairs(edges), unwanted))

    history = replace(
        snapshot,
        watched=watched.where(~hidden),
        liked=visible(snapshot.liked),
        inspired=visible(snapshot.inspired),
        rated=visible(snapshot.rated),
        not_interested=visible(snapshot.not_interested),
    )
    return _holdout(snapshot, history, watched.where(targets), min_history=min_history)


def validation_part(
    snapshot: GraphSnapshot,
    share: float,
    *,
    cut: str = Cut.TIME,
    enough_people: int = 0,
    people: int | None = None,
    seed: int = 0,
) -> Holdout | None:
    """Hold out a ``share`` of the watches, chosen by ``cut``; None if no person is left
    to validate with. At most ``people`` lose their last or random watches.

    If a cut in time leaves fewer than ``enough_people``, hold out each person's last
    watches, or random ones without an order, if that leaves more.
    """
    watches = snapshot.positive_watches
    if share <= 0 or not len(watches):
        return None
    if cut == Cut.LAST:
        part = _without_newest(snapshot, snapshot.watched.time, share, people)
    elif cut == Cut.RANDOM:
        order = np.random.default_rng(seed).random(len(snapshot.watched))
        part = _without_newest(snapshot, order, share, people)
    elif cut == Cut.CLUSTER:
        part = leave_cluster(snapshot, share=share, seed=seed)
    else:
        times = np.sort(watches.time)
        part = holdout(snapshot, cut=float(times[int(len(times) * (1 - share))]))
        if len(part.users) < enough_people:
            if usable_cut(snapshot) == Cut.RANDOM:
                each = leave_random(snapshot, share=share, seed=seed).test
            else:
                each = leave_last(snapshot, share=share).test
            part = max(part, each, key=lambda holdout: len(holdout.users))
    return part if len(part.users) else None


def reactions(snapshot: GraphSnapshot, users: IntArray, items: IntArray) -> IntArray:
    """(n,): 1 where the user only viewed the item, 2 liked it, 3 was inspired by it."""
    values = np.ones(len(users), np.int64)
    for reaction, edges in ((2, snapshot.liked), (3, snapshot.inspired)):
        pairs = edges.source * snapshot.n_items + edges.target
        values[np.isin(users * snapshot.n_items + items, pairs)] = reaction
    return values


def leave_cluster(
    snapshot: GraphSnapshot, *, share: float = 0.1, seed: int = 0
) -> Holdout:
    """Hold out a cluster of each person's watches, for data without any order.

    One watch is drawn and held out with the watches most similar to it, by cosine over
    people: in a random split the similar ones would give each target away. People with
    fewer than 5 watches are history only.
    """
    watched = snapshot.positive_watches
    random = np.random.default_rng(seed)
    matrix = sparse.csr_array(
        (np.ones(len(watched), np.float32), (watched.source, watched.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )
    degree = np.maximum(np.asarray(matrix.sum(0)).ravel(), 1)
    columns = sparse.csc_array(matrix @ sparse.diags_array(degree**-0.5))
    held_out = np.zeros(len(watched), bool)
    for start, stop in pairwise(matrix.indptr):
        count = stop - start
        if count < 5:
            continue
        own = columns[:, watched.target[start:stop]]
        similarity = (own.T @ own[:, [random.integers(count)]]).toarray().ravel()
        order = np.argsort(-similarity - 1e-6 * random.random(count))
        held_out[start + order[: max(1, round(count * share))]] = True
    history = replace(snapshot, watched=watched.where(~held_out))
    return _holdout(snapshot, history, watched.where(held_out), min_history=1)


def _holdout(
    snapshot: GraphSnapshot, history: GraphSnapshot, later: Edges, *, min_history: int
) -> Holdout:
    known = np.bincount(history.positive_watches.source, minlength=history.n_users)
    targets = later.where((later.weight > 0) & (known[later.source] >= min_history))
    users, counts = np.unique(targets.source, return_counts=True)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    reaction = reactions(snapshot, targets.source, targets.target)
    return Holdout(history, users, indptr, targets.target, reaction)
