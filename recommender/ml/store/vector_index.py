"""Nearest items by inner product: a FAISS index, plus the changes since it was built.

The FAISS part is immutable. New videos are in an exact delta, removed ones are
tombstones. Both are replaced as one object, so that searches are thread-safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.store.artifact import ArtifactError
from recommender.ml.train.budget import current

EXACT_LIMIT = 200_000
RECALL_TARGET = 0.95
SAMPLE, ROUNDS = 64, 10  # vectors of a list, and rounds of k-means, to find the lists
SPEED = 5e9  # products of numbers in a second of a core


@dataclass(frozen=True, eq=False)
class Hits:
    """Items by descending score: ``ids`` (n,) external int64, ``scores`` (n,)
    float32."""

    ids: IntArray
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class _Changes:
    ids: IntArray
    vectors: FloatArray
    tombstones: IntArray


class VectorIndex:
    """Vectors under external int64 ids; see `build`, `search`, `add`, `remove`."""

    def __init__(self, index: Any, ids: IntArray, *, recall: float = 1.0) -> None:
        self._index = index
        self._built = ids
        self.recall = recall
        self._lock = Lock()
        none = np.empty(0, np.int64)
        self._changes = _Changes(none, np.empty((0, index.d), np.float32), none)

    @classmethod
    def build(
        cls,
        ids: IntArray,
        vectors: FloatArray,
        *,
        exact_limit: int = EXACT_LIMIT,
        recall_target: float = RECALL_TARGET,
        seed: int = 0,
    ) -> VectorIndex:
        """Index ``vectors`` (n, d): exact up to ``exact_limit``, or if the budget is
        too short for the lists, else IVF.

        IVF probes as many lists as recall@100 >= ``recall_target`` needs, measured
        against the exact search; ``recall`` is the measured value. Raises `ValueError`
        for shapes that do not match, repeated ids, or values that are not finite.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for vectors of shape {vectors.shape}")
        if len(np.unique(ids)) != len(ids):
            raise ValueError("an id repeats")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector is not finite")
        if len(ids) <= exact_limit or _too_long(*vectors.shape):
            exact = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
            exact.add_with_ids(vectors, ids)
            return cls(exact, ids)
        index = _inverted_lists(vectors, ids, seed)
        return cls(index, ids, recall=_tune(index, vectors, ids, recall_target, seed))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ids(self) -> IntArray:
        """The sorted external ids of all searchable items."""
        state = self._changes
        return np.union1d(np.setdiff1d(self._built, state.tombstones), state.ids)

    @property
    def exact(self) -> bool:
        """Whether the FAISS part compares a query with every vector."""
        return not isinstance(self._index, faiss.IndexIVF)

    def save(self, path: Path) -> None:
        """Write the FAISS part, without additions and tombstones."""
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, ids: IntArray, *, recall: float = 1.0) -> VectorIndex:
        """Read the saved index of ``ids``; raises `ArtifactError`."""
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise ArtifactError(f"{path} is not a readable index") from error
        if index.ntotal != len(ids):
            raise ArtifactError(f"{path} holds {index.ntotal} vectors, not {len(ids)}")
        return cls(index, ids, recall=recall)

    def search(self, query: FloatArray, k: int, *, exclude: npt.ArrayLike = ()) -> Hits:
        """The ``k`` best items for ``query`` (d,), or all if there are fewer."""
        state = self._changes
        query = np.ascontiguousarray(query, np.float32).reshape(-1)
        if query.shape != (self._index.d,):
            raise ValueError(f"a query of {len(query)} values, not {self._index.d}")
        unwanted = np.asarray(exclude, np.int64).reshape(-1)
        hidden = np.concatenate([state.tombstones, state.ids, unwanted])
        ids, scores = self._search_built(query, k, hidden)
        wanted = ~np.isin(state.ids, unwanted)
        ids = np.concatenate([ids, state.ids[wanted]])
        scores = np.concatenate([scores, state.vectors[wanted] @ query])
        order = np.argsort(-scores, kind="stable")[:k]
        return Hits(ids[order], scores[order])

    def search_each(self, queries: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
        """(m, k) ids of the best built items for each query, -1 after the last, and
        their scores."""
        queries = np.ascontiguousarray(queries, np.float32)
        scores, ids = self._index.search(queries, min(k, int(self._index.ntotal)))
        return ids, scores

    def add(self, ids: IntArray, vectors: FloatArray) -> None:
        """Add or replace items; a search finds them at once."""
        if vectors.shape != (len(ids), self._index.d):
            raise ValueError(f"{len(ids)} ids for vectors of shape {vectors.shape}")
        with self._lock:
            old = self._changes
            unchanged = ~np.isin(old.ids, ids)
            self._changes = _Changes(
                np.concatenate([old.ids[unchanged], ids]),
                np.concatenate([old.vectors[unchanged], vectors.astype(np.float32)]),
                np.setdiff1d(old.tombstones, ids),
            )

    def remove(self, ids: IntArray) -> None:
        """Hide items until they are added again."""
        with self._lock:
            old = self._changes
            unchanged = ~np.isin(old.ids, ids)
            self._changes = _Changes(
                old.ids[unchanged],
                old.vectors[unchanged],
                np.union1d(old.tombstones, ids),
            )

    def _search_built(
        self, query: FloatArray, k: int, hidden: IntArray
    ) -> tuple[IntArray, FloatArray]:
        if not self._index.ntotal or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        selector = None
        if len(hidden):
            batch = faiss.IDSelectorBatch(hidden)  # must outlive the search
            selector = faiss.IDSelectorNot(batch)
        parameters = self._parameters(sel=selector)
        count = min(k, int(self._index.ntotal))
        scores, ids = self._index.search(query[None], count, params=parameters)
        valid = ids[0] >= 0
        return ids[0][valid], scores[0][valid]

    def _parameters(self, **values: Any) -> Any:
        # The stubs of FAISS lack its keyword constructors.
        if self.exact:
            kind: Any = faiss.SearchParameters
            return kind(**values)
        kind = faiss.SearchParametersIVF
        return kind(nprobe=self._index.nprobe, **values)


def _too_long(count: int, width: int) -> bool:
    """Whether the lists of so many vectors take longer than the time that is left."""
    left = current()
    lists = _list_count(count)
    products = ROUNDS * min(count, SAMPLE * lists) * lists * width
    return left.is_spent or products / (SPEED * left.cores) > left.seconds


def _list_count(count: int) -> int:
    return max(1, int(4 * np.sqrt(count)))


def _inverted_lists(vectors: FloatArray, ids: IntArray, seed: int) -> Any:
    lists = _list_count(len(ids))
    d = vectors.shape[1]
    index: Any = faiss.index_factory(d, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed + 1  # FAISS takes 0 for "choose"
    sample = np.random.default_rng(seed).permutation(len(ids))[: SAMPLE * lists]
    index.train(vectors[sample])
    index.add_with_ids(vectors, ids)
    return index


def _tune(
    index: Any, vectors: FloatArray, ids: IntArray, target: float, seed: int
) -> float:
    """Double ``nprobe`` until recall@100 reaches ``target``; return the recall."""
    k = min(100, len(ids))
    generator = np.random.default_rng(seed)
    queries = vectors[generator.permutation(len(ids))[:200]]
    # The vector of a user lies between those of items.
    queries = queries + queries[generator.permutation(len(queries))]
    exact = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
    exact.add_with_ids(vectors, ids)
    truth = exact.search(queries, k)[1]
    index.nprobe = 1
    while True:
        results = index.search(queries, k)[1]
        recall = float(
            np.mean([np.isin(t, r).mean() for t, r in zip(truth, results, strict=True)])
        )
        if recall >= target or index.nprobe >= index.nlist:
            return recall
        index.nprobe = min(2 * index.nprobe, index.nlist)
