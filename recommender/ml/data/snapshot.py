"""An immutable, dated copy of the graph, from which every model learns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.store.atomic_folder import new_folder

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
TimeArray = npt.NDArray[np.float64]

FORMAT = 3
TABLE_FROM = 100_000  # queries of `positions` from which a table is faster

# relation -> (kind of source node, kind of target node)
RELATIONS: Mapping[str, tuple[str, str]] = {
    "watched": ("user", "item"),
    "liked": ("user", "item"),
    "inspired": ("user", "item"),
    "rated": ("user", "item"),
    "not_interested": ("user", "item"),
    "follows": ("user", "user"),
    "uploaded": ("user", "item"),
    "interested_in": ("user", "parent"),
    "in_category": ("item", "category"),
    "in_parent": ("item", "parent"),
}
# Relations with a time; the others describe users and videos.
INTERACTIONS = (
    "watched",
    "liked",
    "inspired",
    "rated",
    "not_interested",
    "follows",
    "interested_in",
)


class SnapshotError(ValueError):
    """The arrays do not form a valid graph; the message names the field and why."""


@dataclass(frozen=True, eq=False)
class Edges:
    """One relation as four parallel arrays, sorted by (source, target), pairs unique.

    ``weight`` is the engagement score of a watch, a rating divided by the highest, or
    1; ``time`` the Unix time in seconds, 0 where the relation has none.
    """

    source: IntArray
    target: IntArray
    weight: FloatArray
    time: TimeArray

    def __len__(self) -> int:
        return len(self.source)

    def where(self, mask: npt.NDArray[np.bool_]) -> Edges:
        """The edges where ``mask``, (len,), is true."""
        if mask.all():
            return self
        return Edges(
            self.source[mask], self.target[mask], self.weight[mask], self.time[mask]
        )


@dataclass(frozen=True)
class Links:
    """One relation by external ids, in any order.

    A scalar applies to every row. A repeated pair gets its greatest weight and its
    latest time.
    """

    source: npt.ArrayLike
    target: npt.ArrayLike
    weight: npt.ArrayLike = 1.0
    time: npt.ArrayLike = 0.0


NO_LINKS = Links((), ())


@dataclass(frozen=True, eq=False)
class GraphSnapshot:
    """Users, videos ("items"), categories and the edges between them, by dense ids.

    ``*_ids`` are sorted unique int64 external ids; a dense id is a position in them.
    Each item has ``texts`` (title and description), ``duration`` (seconds) and
    ``created`` (Unix time); ``category_parent`` is the dense parent of each category.
    ``user_texts`` are the profile texts of users, "" if empty. The text vectors are
    (n, d), along the texts; d is 0 if no text model is configured. ``taken_at`` dates
    the snapshot and is not part of its content hash.
    """

    taken_at: float
    user_ids: IntArray
    item_ids: IntArray
    category_ids: IntArray
    parent_ids: IntArray
    category_parent: IntArray
    texts: tuple[str, ...]
    duration: FloatArray
    created: TimeArray
    watched: Edges
    liked: Edges
    inspired: Edges
    rated: Edges
    not_interested: Edges
    follows: Edges
    uploaded: Edges
    interested_in: Edges
    in_category: Edges
    in_parent: Edges
    user_texts: tuple[str, ...]
    text_vectors: FloatArray
    user_text_vectors: FloatArray

    def __post_init__(self) -> None:
        _validate(self)

    @classmethod
    def from_ids(  # noqa: PLR0913 - one keyword for each column of the data
        cls,
        *,
        taken_at: float,
        user_ids: npt.ArrayLike,
        item_ids: npt.ArrayLike,
        texts: Sequence[str],
        duration: npt.ArrayLike,
        created: npt.ArrayLike,
        category_ids: npt.ArrayLike = (),
        category_parent_ids: npt.ArrayLike = (),
        parent_ids: npt.ArrayLike = (),
        user_texts: Sequence[str] | None = None,
        relations: Mapping[str, Links],
    ) -> GraphSnapshot:
        """Build from external ids in any order; raises `SnapshotError`.

        ``texts``, ``duration`` and ``created`` run along ``item_ids``,
        ``category_parent_ids`` along ``category_ids``, ``user_texts`` along
        ``user_ids``. Relations left out are empty.
        """
        unknown = set(relations) - set(RELATIONS)
        if unknown:
            raise SnapshotError(f"unknown relations: {', '.join(sorted(unknown))}")
        items, item_order = _sorted_ids(item_ids, "item_ids")
        users, user_order = _sorted_ids(user_ids, "user_ids")
        parents, _ = _sorted_ids(parent_ids, "parent_ids")
        categories, category_order = _sorted_ids(category_ids, "category_ids")
        words = [""] * len(users) if user_texts is None else user_texts
        if len(words) != len(users):
            raise SnapshotError("user_texts: one value a user is needed")
        described = (("texts", texts), ("duration", duration), ("created", created))
        for name, values in described:
            if len(np.atleast_1d(np.asarray(values))) != len(items):
                raise SnapshotError(f"{name}: one value an item is needed")
        of_category = np.asarray(category_parent_ids, np.int64)
        if of_category.shape != categories.shape:
            raise SnapshotError("category_parent_ids: one parent a category is needed")
        ids = {
            "user": users,
            "item": items,
            "category": categories,
            "parent": parents,
        }
        edges = {
            name: _dense_edges(name, relations.get(name, NO_LINKS), ids)
            for name in RELATIONS
        }
        return cls(
            taken_at=float(taken_at),
            user_ids=users,
            item_ids=items,
            category_ids=categories,
            parent_ids=parents,
            category_parent=_known(
                parents, of_category[category_order], "category_parent_ids"
            ),
            texts=tuple(texts[i] for i in item_order),
            duration=np.asarray(duration, np.float32)[item_order],
            created=np.asarray(created, np.float64)[item_order],
            user_texts=tuple(words[i] for i in user_order),
            text_vectors=np.empty((len(items), 0), np.float32),
            user_text_vectors=np.empty((len(users), 0), np.float32),
            **edges,
        )

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    @property
    def n_categories(self) -> int:
        return len(self.category_ids)

    @property
    def n_parents(self) -> int:
        return len(self.parent_ids)

    @property
    def creator(self) -> IntArray:
        """(n_items,): the dense user who uploaded each item, -1 where unknown."""
        creator = np.full(self.n_items, -1, np.int64)
        creator[self.uploaded.target] = self.uploaded.source
        return creator

    @property
    def positive_watches(self) -> Edges:
        """The watches of positive weight; a weight of 0 does not count as a view."""
        return self.watched.where(self.watched.weight > 0)

    @property
    def training_watches(self) -> Edges:
        """`positive_watches`; raises `ValueError` if there are none."""
        watches = self.positive_watches
        if not len(watches):
            raise ValueError("the snapshot has no watches to learn from")
        return watches

    def before(self, time: float) -> GraphSnapshot:
        """The same nodes, with only the interactions strictly before ``time``."""
        edges = {name: getattr(self, name) for name in INTERACTIONS}
        return replace(
            self,
            taken_at=time,
            **{name: e.where(e.time < time) for name, e in edges.items()},
        )

    def of_users(self, chosen: npt.NDArray[np.bool_]) -> GraphSnapshot:
        """The same nodes, with only the interactions of ``chosen`` users,
        (n_users,)."""
        edges = {name: getattr(self, name) for name in INTERACTIONS}
        return replace(
            self, **{name: e.where(chosen[e.source]) for name, e in edges.items()}
        )

    def content_hash(self) -> str:
        """SHA-256 over nodes, features and edges, computed once."""
        return self._content_hash

    @cached_property
    def _content_hash(self) -> str:
        digest = hashlib.sha256(f"snapshot {FORMAT}".encode())
        for name, array in sorted(_arrays(self).items()):
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            digest.update(f"{name} {little.dtype.str} {little.shape}".encode())
            digest.update(little.tobytes())
        digest.update(json.dumps([self.texts, self.user_texts]).encode())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write ``snapshot.npz`` and ``snapshot.json`` into the new ``folder``."""
        document = {
            "format": FORMAT,
            "taken_at": self.taken_at,
            "content_hash": self.content_hash(),
            "texts": self.texts,
            "user_texts": self.user_texts,
        }
        with new_folder(folder) as part:
            np.savez(part / "snapshot.npz", **_arrays(self))  # type: ignore[arg-type]
            (part / "snapshot.json").write_text(json.dumps(document))

    @classmethod
    def load(cls, folder: Path) -> GraphSnapshot:
        """Read a saved snapshot; raises `SnapshotError` if missing or altered."""
        try:
            document = json.loads((folder / "snapshot.json").read_text())
            with np.load(folder / "snapshot.npz", allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            values: dict[str, Any] = {"taken_at": float(document["taken_at"])}
            for field in fields(cls):
                if field.name in RELATIONS:
                    values[field.name] = Edges(
                        *(arrays[f"{field.name}.{f.name}"] for f in fields(Edges))
                    )
                elif field.name in arrays:
                    values[field.name] = arrays[field.name]
            for name in ("texts", "user_texts"):
                values[name] = tuple(document[name])
            snapshot = cls(**values)
        except SnapshotError:
            raise
        except Exception as error:  # zip, JSON and key errors: one clear message
            raise SnapshotError(f"no readable snapshot in {folder}: {error}") from error
        if snapshot.content_hash() != document["content_hash"]:
            raise SnapshotError(f"the snapshot in {folder} was altered after saving")
        return snapshot


def positions(ids: IntArray, wanted: npt.ArrayLike) -> IntArray:
    """Dense ids of external ids ``wanted`` in sorted ``ids``; -1 where unknown."""
    queries = np.asarray(wanted, np.int64).reshape(-1)
    if not len(ids):
        return np.full(len(queries), -1, np.int64)
    if len(queries) > TABLE_FROM and ids[0] >= 0 and ids[-1] < 4 * len(queries):
        return _looked_up(ids, queries)
    place = np.minimum(np.searchsorted(ids, queries), len(ids) - 1)
    return np.where(ids[place] == queries, place, -1).astype(np.int64)


def list_places(start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """The places of lists ``start`` to ``stop`` (n,) in their array, one list after the
    other, and the number of the list that each belongs to."""
    length = stop - start
    owner = np.repeat(np.arange(len(length)), length)
    first = np.cumsum(length) - length
    return np.arange(len(owner)) + np.repeat(start - first, length), owner


def _looked_up(ids: IntArray, queries: IntArray) -> IntArray:
    """`positions` by a table of all ids up to the greatest."""
    size = int(ids[-1]) + 1
    table = np.full(size + 1, -1, np.int64)
    table[ids] = np.arange(len(ids))
    inside = np.where((queries >= 0) & (queries < size), queries, size)
    return np.asarray(table[inside])


def counting_order(
    keys: IntArray, size: int, order: npt.NDArray[np.integer] | None = None
) -> npt.NDArray[Any]:
    """The order that sorts ``keys`` (n,), from 0 to below ``size``; equal ones stay in
    ``order``, by default their own. Linear, where sorting compares."""
    order = np.arange(len(keys)) if order is None else order
    columns = np.arange(len(order))
    shape = (size, max(len(order), 1))
    grouped = sparse.coo_array((order, (keys[order], columns)), shape).tocsr()
    return np.asarray(grouped.data)


def _sorted_ids(ids: npt.ArrayLike, name: str) -> tuple[IntArray, IntArray]:
    array = np.asarray(ids, np.int64).reshape(-1)
    order = np.argsort(array, kind="stable")
    return array[order], order.astype(np.int64)


def _known(ids: IntArray, wanted: npt.ArrayLike, name: str) -> IntArray:
    dense = positions(ids, wanted)
    if (dense < 0).any():
        unknown = np.asarray(wanted).reshape(-1)[dense < 0][0]
        raise SnapshotError(f"{name}: id {unknown} is not among the nodes")
    return dense


def _dense_edges(name: str, links: Links, ids: Mapping[str, IntArray]) -> Edges:
    source_kind, target_kind = RELATIONS[name]
    source = _known(ids[source_kind], links.source, f"{name}.source")
    target = _known(ids[target_kind], links.target, f"{name}.target")
    if source.shape != target.shape:
        raise SnapshotError(f"{name}: {len(source)} sources, {len(target)} targets")
    try:
        weight = np.broadcast_to(np.asarray(links.weight, np.float32), source.shape)
        time = np.broadcast_to(np.asarray(links.time, np.float64), source.shape)
    except ValueError:
        raise SnapshotError(f"{name}: weight or time has another length") from None
    if not len(source):
        return Edges(source, target, weight.copy(), time.copy())
    by_target = counting_order(target, len(ids[target_kind]))
    order = counting_order(source, len(ids[source_kind]), by_target)
    source, target, weight, time = (
        source[order],
        target[order],
        weight[order],
        time[order],
    )
    new_pair = (np.diff(source, prepend=-1) != 0) | (np.diff(target, prepend=-1) != 0)
    first = np.flatnonzero(new_pair)
    return Edges(
        source[first],
        target[first],
        np.maximum.reduceat(weight, first),
        np.maximum.reduceat(time, first),
    )


def _arrays(snapshot: GraphSnapshot) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {}
    for field in fields(snapshot):
        value = getattr(snapshot, field.name)
        if isinstance(value, Edges):
            for part in fields(Edges):
                arrays[f"{field.name}.{part.name}"] = getattr(value, part.name)
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
    return arrays


def _validate(snapshot: GraphSnapshot) -> None:
    sizes = {
        "user": snapshot.n_users,
        "item": snapshot.n_items,
        "category": snapshot.n_categories,
        "parent": snapshot.n_parents,
    }
    for kind in sizes:
        _validate_ids(kind, getattr(snapshot, f"{kind}_ids"))
    _validate_items(snapshot)
    _validate_texts(snapshot)
    parent = snapshot.category_parent
    if parent.shape != (snapshot.n_categories,):
        raise SnapshotError("category_parent: one parent a category is needed")
    if len(parent) and (parent.min() < 0 or parent.max() >= snapshot.n_parents):
        raise SnapshotError("category_parent: a parent is out of range")
    for name, (source_kind, target_kind) in RELATIONS.items():
        _validate_edges(
            name, getattr(snapshot, name), sizes[source_kind], sizes[target_kind]
        )
    if (snapshot.follows.source == snapshot.follows.target).any():
        raise SnapshotError("follows: a user follows themselves")
    if len(np.unique(snapshot.uploaded.target)) != len(snapshot.uploaded):
        raise SnapshotError("uploaded: an item has more than one creator")


def _validate_ids(kind: str, ids: IntArray) -> None:
    if ids.dtype != np.int64 or ids.ndim != 1:
        raise SnapshotError(f"{kind}_ids: a flat int64 array is needed")
    if (np.diff(ids) <= 0).any():
        raise SnapshotError(f"{kind}_ids: an id repeats or the order is not rising")


def _validate_items(snapshot: GraphSnapshot) -> None:
    for name in ("duration", "created"):
        values = getattr(snapshot, name)
        if values.shape != (snapshot.n_items,):
            raise SnapshotError(f"{name}: one value an item is needed")
        if not np.isfinite(values).all():
            raise SnapshotError(f"{name}: values must be finite")
    if (snapshot.duration < 0).any():
        raise SnapshotError("duration: values must not be negative")


def _validate_texts(snapshot: GraphSnapshot) -> None:
    if len(snapshot.texts) != snapshot.n_items:
        raise SnapshotError("texts: one value an item is needed")
    if len(snapshot.user_texts) != snapshot.n_users:
        raise SnapshotError("user_texts: one value a user is needed")
    if len(snapshot.text_vectors) != snapshot.n_items:
        raise SnapshotError("text_vectors: one row an item is needed")
    if len(snapshot.user_text_vectors) != snapshot.n_users:
        raise SnapshotError("user_text_vectors: one row a user is needed")


def _validate_edges(name: str, edges: Edges, sources: int, targets: int) -> None:
    if len({len(getattr(edges, f.name)) for f in fields(Edges)}) != 1:
        raise SnapshotError(f"{name}: its arrays differ in length")
    if not len(edges):
        return
    for end, size in (("source", sources), ("target", targets)):
        ids = getattr(edges, end)
        if ids.min() < 0 or ids.max() >= size:
            raise SnapshotError(f"{name}.{end}: a dense id is out of range 0..{size}")
    step = np.diff(edges.source) * targets + np.diff(edges.target)
    if (step <= 0).any():
        raise SnapshotError(f"{name}: pairs repeat or are not sorted")
    if not np.isfinite(edges.weight).all() or (edges.weight < 0).any():
        raise SnapshotError(f"{name}.weight: must be finite and not negative")
    if not np.isfinite(edges.time).all():
        raise SnapshotError(f"{name}.time: must be finite")
