"""Cuts of a snapshot into what a model may see and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from scipy import sparse

from recommender.ml.data.snapshot import Edges, GraphSnapshot, IntArray

FIRST = 5  # watches of a newcomer that may be known


@dataclass(frozen=True, eq=False)
class Newcomers:
    """People of whom nothing was known at the cut, so that no model has seen them.

    ``first`` (users, `FIRST`) are the dense items that they watched first, in order;
    ``indptr`` and ``items`` the CSR rows of all that they watched after these.
    ``snapshot`` holds what else is known of them.
    """

    snapshot: GraphSnapshot
    users: IntArray
    first: IntArray
    indptr: IntArray
    items: IntArray

    @classmethod
    def from_snapshot(cls, snapshot: GraphSnapshot, cut: float) -> Newcomers:
        """Those with more than `FIRST` watches, all from ``cut`` on."""
        watched = snapshot.positive_watches
        known = np.zeros(snapshot.n_users, bool)
        known[watched.source[watched.time < cut]] = True
        counts = np.bincount(watched.source, minlength=snapshot.n_users)
        new = ~known & (counts > FIRST)
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
            items[rank < FIRST].reshape(-1, FIRST),
            np.concatenate([[0], np.cumsum(counts - FIRST)]).astype(np.int64),
            items[rank >= FIRST],
        )


@dataclass(frozen=True, eq=False)
class Holdout:
    """What is known (``history``) and what ``users`` watched next.

    ``users`` are dense ids of people with at least ``min_history`` known watches and
    one target. ``indptr`` and ``items`` are the CSR rows of their targets: dense items
    watched with a weight above 0 after the cut and not before (seen ones are removed).
    ``reaction`` is what each target met with, as `reactions` has it, where known.
    ``newcomers`` are people who came after the cut, where there was one.
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
        """The same with ``people`` of the users at most, evenly over their ids."""
        if len(self.users) <= people:
            return self
        rows = np.linspace(0, len(self.users) - 1, people).astype(np.int64)
        kept = np.zeros(len(self.users), bool)
        kept[rows] = True
        counts = np.diff(self.indptr)
        targets = np.repeat(kept, counts)
        return Holdout(
            self.history,
            self.users[rows],
            np.concatenate([[0], np.cumsum(counts[rows])]).astype(np.int64),
            self.items[targets],
            None if self.reaction is None else self.reaction[targets],
            self.newcomers,
        )


@dataclass(frozen=True, eq=False)
class Split:
    """``validation.history`` is the training part; ``test.history`` adds validation."""

    validation: Holdout
    test: Holdout


def global_time_split(
    snapshot: GraphSnapshot,
    *,
    validation: float = 0.1,
    test: float = 0.1,
    min_history: int = 1,
) -> Split:
    """Cut all watches at two moments: train 80 %, validation 10 %, test 10 %.

    Every interaction, not watches alone, is cut at the same moment: nothing of a
    history is as late as the first target. Raises `ValueError` for shares out of
    range or when there are too few distinct times.
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
        validation=holdout(snapshot.before(second), cut=first, min_history=min_history),
        test=holdout(snapshot, cut=second, min_history=min_history),
    )


def holdout(snapshot: GraphSnapshot, *, cut: float, min_history: int = 1) -> Holdout:
    """Everything before ``cut`` as history, watches from ``cut`` on as targets."""
    late = snapshot.watched.time >= cut
    found = _holdout(
        snapshot,
        snapshot.before(cut),
        snapshot.watched.where(late),
        min_history=min_history,
    )
    return replace(found, newcomers=Newcomers.from_snapshot(snapshot, cut))


def leave_last(
    snapshot: GraphSnapshot, *, share: float = 0.1, min_history: int = 1
) -> Split:
    """Hold out the last ``share`` of each person's watches for test, and as many
    before those for validation; for data with an order but no common clock.

    What they thought of a video held out, a like for one, is held out with it. A
    person with too few watches to hold one out is all history.
    """
    watched = snapshot.watched
    order = np.lexsort((watched.time, watched.source))
    counts = np.bincount(watched.source, minlength=snapshot.n_users)
    start = np.cumsum(counts) - counts
    from_end = np.empty(len(watched), np.int64)
    rank = np.arange(len(watched)) - start[watched.source[order]]
    from_end[order] = counts[watched.source[order]] - 1 - rank
    held = np.ceil(counts * share).astype(np.int64)
    held[counts < 3] = 0
    test = from_end < held[watched.source]
    validation = ~test & (from_end < 2 * held[watched.source])

    def pairs(edges: Edges) -> IntArray:
        return edges.source * snapshot.n_items + edges.target

    def cut(known: Edges, asked: Edges) -> Holdout:
        hidden = np.setdiff1d(pairs(watched), pairs(known))

        def left(edges: Edges) -> Edges:
            return edges.where(~np.isin(pairs(edges), hidden))

        history = replace(
            snapshot,
            watched=known,
            liked=left(snapshot.liked),
            inspired=left(snapshot.inspired),
            rated=left(snapshot.rated),
            not_interested=left(snapshot.not_interested),
        )
        return _holdout(snapshot, history, asked, min_history=min_history)

    return Split(
        validation=cut(watched.where(~test & ~validation), watched.where(validation)),
        test=cut(watched.where(~test), watched.where(test)),
    )


class Cut(StrEnum):
    """Which watches a validation part holds out: the newest of all, each person's last,
    or a cluster of each person's (see `leave_cluster`)."""

    TIME = "time"
    LAST = "last"
    CLUSTER = "cluster"


def validation_part(
    snapshot: GraphSnapshot,
    share: float,
    *,
    cut: str = Cut.TIME,
    enough_people: int = 0,
    seed: int = 0,
) -> Holdout | None:
    """Hold out a ``share`` of the watches, as ``cut`` says; None where that leaves
    nobody to validate with.

    Where a cut in time leaves fewer than ``enough_people``, too few to tell a gain from
    chance, each person's last watches are held out if that leaves more.
    """
    watches = snapshot.positive_watches
    if share <= 0 or not len(watches):
        return None
    if cut == Cut.LAST:
        part = leave_last(snapshot, share=share).test
    elif cut == Cut.CLUSTER:
        part = leave_cluster(snapshot, share=share, seed=seed)
    else:
        times = np.sort(watches.time)
        part = holdout(snapshot, cut=float(times[int(len(times) * (1 - share))]))
        if len(part.users) < enough_people:
            last = leave_last(snapshot, share=share).test
            part = max(part, last, key=lambda each: len(each.users))
    return part if len(part.users) else None


def reactions(snapshot: GraphSnapshot, users: IntArray, items: IntArray) -> IntArray:
    """(n,): 1 where the user only viewed the item, 2 liked it, 3 was inspired by it."""
    found = np.ones(len(users), np.int64)
    for reaction, edges in ((2, snapshot.liked), (3, snapshot.inspired)):
        pairs = edges.source * snapshot.n_items + edges.target
        found[np.isin(users * snapshot.n_items + items, pairs)] = reaction
    return found


def leave_cluster(
    snapshot: GraphSnapshot, *, share: float = 0.1, seed: int = 0
) -> Holdout:
    """Hold out a cluster of each person's watches, for data without any order.

    One watch is drawn and held out together with those most like it, by the cosine of
    who else watched them: a cut at random would leave next to each target something
    that gives it away. People with fewer than 5 watches are all history.
    """
    watched = snapshot.positive_watches
    random = np.random.default_rng(seed)
    matrix = sparse.csr_array(
        (np.ones(len(watched), np.float32), (watched.source, watched.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )
    degree = np.maximum(np.asarray(matrix.sum(0)).ravel(), 1)
    columns = sparse.csc_array(matrix @ sparse.diags_array(degree**-0.5))
    held = np.zeros(len(watched), bool)
    for start, stop in pairwise(matrix.indptr):
        count = stop - start
        if count < 5:
            continue
        own = columns[:, watched.target[start:stop]]
        alike = (own.T @ own[:, [random.integers(count)]]).toarray().ravel()
        order = np.argsort(-alike - 1e-6 * random.random(count))
        held[start + order[: max(1, round(count * share))]] = True
    history = replace(snapshot, watched=watched.where(~held))
    return _holdout(snapshot, history, watched.where(held), min_history=1)


def _holdout(
    snapshot: GraphSnapshot, history: GraphSnapshot, asked: Edges, *, min_history: int
) -> Holdout:
    known = np.bincount(history.positive_watches.source, minlength=history.n_users)
    kept = asked.where((asked.weight > 0) & (known[asked.source] >= min_history))
    users, counts = np.unique(kept.source, return_counts=True)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    reaction = reactions(snapshot, kept.source, kept.target)
    return Holdout(history, users, indptr, kept.target, reaction)
