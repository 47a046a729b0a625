"""Public data sets as graph snapshots."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import GraphSnapshot, IntArray, Links
from recommender.ml.data.splits import Holdout

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

LIKED_FROM = 4  # stars
VIEWED_FROM = 0.3  # of a video
LONG_VIEW_SECONDS = 18.0


class MissingDataError(Exception):
    """A data set is missing; the message has its expected path."""


def gowalla(folder: Path) -> Holdout:
    """The split of LightGCN (He et al., SIGIR 2020), with its train part as history."""
    arrays = _arrays(folder / "gowalla" / "interactions.npz")
    users, items = arrays["train_user"], arrays["train_item"]
    history = plain(users, items)
    return held_out(history, arrays["test_user"], arrays["test_item"])


def ml1m_ncf(folder: Path, *, ordered: bool) -> tuple[GraphSnapshot, IntArray]:
    """The protocol of NCF (He et al., WWW 2017) on MovieLens-1M.

    Returns the history, with the order of watches as time or all 0, and (users, 100)
    items to rank, the target first.
    """
    arrays = _arrays(folder / "ml1m_ncf" / "interactions.npz")
    time = arrays["train_order"] if ordered else 0.0
    user, item = arrays["train_user"], arrays["train_item"]
    n_users, n_items = arrays["test_user"].max() + 1, arrays["test_negatives"].max() + 1
    history = plain(
        user,
        item,
        time=time,
        n_users=n_users,
        n_items=max(n_items, item.max() + 1, arrays["test_item"].max() + 1),
    )
    order = np.argsort(arrays["test_user"])
    candidates = np.column_stack([arrays["test_item"], arrays["test_negatives"]])
    return history, candidates[order].astype(np.int64)


def ml100k(folder: Path) -> GraphSnapshot:
    """MovieLens-100K with its timestamps, genres as categories."""
    ratings = np.loadtxt(existing(folder / "ml100k" / "u.data"), dtype=np.int64)
    user, item, stars, time = ratings.T
    genres, texts = [], []
    films = existing(folder / "ml100k" / "u.item").read_text("latin-1").splitlines()
    for line in films:
        cells = line.split("|")
        texts.append(cells[1])
        genres.append(np.array(cells[-19:], np.int64))
    flags = np.array(genres)
    film, genre = np.nonzero(flags)
    return GraphSnapshot.from_ids(
        taken_at=float(time.max()) + 1,
        user_ids=np.unique(user),
        item_ids=np.arange(1, len(films) + 1),
        texts=texts,
        duration=np.zeros(len(films)),
        created=np.zeros(len(films)),
        category_ids=np.arange(flags.shape[1]),
        category_parent_ids=np.arange(flags.shape[1]),
        parent_ids=np.arange(flags.shape[1]),
        relations={
            "watched": Links(user, item, _engagement(stars / 5, stars >= 4), time),
            "liked": _where(user, item, time, stars >= LIKED_FROM),
            "in_category": Links(film + 1, genre),
            "in_parent": Links(film + 1, genre),
        },
    )


def ml1m(folder: Path) -> GraphSnapshot:
    """MovieLens-1M with the order within each user as time, genres as categories."""
    arrays = _arrays(folder / "ml1m" / "interactions.npz")
    user, item = arrays["user"], arrays["movie"]
    titles: dict[int, str] = {}
    genres: dict[int, list[str]] = {}
    films = existing(folder / "ml1m" / "movies.dat").read_text("utf-8").splitlines()
    for line in films:
        key, title, listed = line.split("::")
        titles[int(key)], genres[int(key)] = title, listed.split("|")
    items = np.unique(item)
    names = sorted({name for key in items for name in genres[int(key)]})
    pairs = [(key, names.index(n)) for key in items for n in genres[int(key)]]
    film, genre = np.array(pairs, np.int64).T
    return GraphSnapshot.from_ids(
        taken_at=float(arrays["order"].max()) + 1,
        user_ids=np.unique(user),
        item_ids=items,
        texts=[titles[int(key)] for key in items],
        duration=np.zeros(len(items)),
        created=np.zeros(len(items)),
        category_ids=np.arange(len(names)),
        category_parent_ids=np.arange(len(names)),
        parent_ids=np.arange(len(names)),
        relations={
            "watched": Links(user, item, 1.0, arrays["order"]),
            "in_category": Links(film, genre),
            "in_parent": Links(film, genre),
        },
    )


def kuairand(folder: Path) -> GraphSnapshot:
    """The explicit part of KuaiRand: watched fractions, likes and dislikes."""
    path = existing(folder / "kuairand" / "feedback.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))

    def column(name: str) -> npt.NDArray[np.float64]:
        return np.array([row[name] or 0 for row in rows], np.float64)

    user = column("user_id").astype(np.int64)
    item = column("video_id").astype(np.int64)
    duration = column("duration_ms") / 1000
    time = column("time_ms") / 1000
    label = column("label") > 0
    played = column("play_time_ms") / 1000
    seconds = np.where(duration > 0, duration, LONG_VIEW_SECONDS)
    fraction = np.minimum(1.0, played / seconds)
    items, first = np.unique(item, return_index=True)
    return GraphSnapshot.from_ids(
        taken_at=float(time.max()) + 1,
        user_ids=np.unique(user),
        item_ids=items,
        texts=[""] * len(items),
        duration=duration[first],
        created=np.zeros(len(items)),
        relations={
            "watched": Links(user, item, _engagement(fraction, label), time),
            "liked": _where(user, item, time, label),
            "not_interested": _where(user, item, time, ~label),
        },
    )


def plain(
    user: npt.ArrayLike,
    item: npt.ArrayLike,
    *,
    time: npt.ArrayLike = 0.0,
    n_users: int = 0,
    n_items: int = 0,
) -> GraphSnapshot:
    """A snapshot of watches only, by dense ids."""
    users, items = np.asarray(user, np.int64), np.asarray(item, np.int64)
    n_items = n_items or int(items.max()) + 1
    return GraphSnapshot.from_ids(
        taken_at=float(np.max(time)) + 1,
        user_ids=np.arange(n_users or int(users.max()) + 1),
        item_ids=np.arange(n_items),
        texts=[""] * n_items,
        duration=np.zeros(n_items),
        created=np.zeros(n_items),
        relations={"watched": Links(users, items, 1.0, time)},
    )


def held_out(
    history: GraphSnapshot, user: npt.ArrayLike, item: npt.ArrayLike
) -> Holdout:
    """A holdout of ``history`` with dense targets of its users."""
    users, items = np.asarray(user, np.int64), np.asarray(item, np.int64)
    order = np.lexsort((items, users))
    rows, counts = np.unique(users, return_counts=True)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Holdout(history, rows, indptr, items[order])


def _engagement(
    fraction: npt.NDArray[np.float64], liked: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    score = 0.6 * fraction + 0.4 * liked
    return np.where(fraction < VIEWED_FROM, 0.0, score)


def _where(
    user: IntArray,
    item: IntArray,
    time: npt.NDArray[Any],
    mask: npt.NDArray[np.bool_],
) -> Links:
    return Links(user[mask], item[mask], 1.0, time[mask])


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(existing(path), allow_pickle=False) as stored:
        return {name: np.asarray(stored[name], np.int64) for name in stored.files}


def existing(path: Path) -> Path:
    """Return ``path``; raises `MissingDataError` if it does not exist."""
    if not path.exists():
        raise MissingDataError(f"{path} does not exist; set its folder with --data.")
    return path
