"""The interests of a person: clusters of the videos they watched.

After PinnerSage (Pal et al., KDD 2020): hierarchical clusters of the videos' vectors,
each represented by its medoid, a watched video, because the mean of two interests is
neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from recommender.ml.data.snapshot import FloatArray, IntArray

MAX_CLUSTERS = 5
# Below .25 a partition shows no structure (Kaufman & Rousseeuw 1990), but splitting an
# outlier off a single interest reaches .32 by chance.
MIN_SILHOUETTE = 0.34

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interest:
    """``members`` (n,) and their ``medoid`` are rows of the vectors; ``weight`` is the
    sum of the members' weights."""

    medoid: int
    members: IntArray
    weight: float


def interests(
    vectors: FloatArray, weights: npt.ArrayLike, *, most: int = MAX_CLUSTERS
) -> list[Interest]:
    """One to ``most`` interests, the greatest weight first; none without vectors.

    ``vectors`` (n, d) are of unit length, ``weights`` (n,) positive. The number of
    clusters is that of the greatest mean silhouette (Rousseeuw 1987), or one if none
    exceeds `MIN_SILHOUETTE`. The result is deterministic.
    """
    if not len(vectors):
        return []
    mass = np.asarray(weights, np.float64)
    distance = np.clip(1 - vectors @ vectors.T, 0, None).astype(np.float64)
    np.fill_diagonal(distance, 0)
    best = np.zeros(len(vectors), np.int64)
    greatest = MIN_SILHOUETTE
    for labels in _partitions(distance, min(most, len(vectors) - 1)):
        value = silhouette(distance, labels)
        if value > greatest:
            best, greatest = labels, value
    clusters = [
        _interest(np.flatnonzero(best == label), distance, mass)
        for label in np.unique(best)
    ]
    return sorted(clusters, key=lambda interest: (-interest.weight, interest.medoid))


def silhouette(distance: Values, labels: IntArray) -> float:
    """The mean over rows of (b - a) / max(a, b): a is the mean distance to the row's
    own cluster, b to the nearest other; a row alone in its cluster counts 0."""
    member = labels[:, None] == np.unique(labels)
    size = member.sum(0)
    to_cluster = distance @ member
    own = member.argmax(1)
    rows = np.arange(len(labels))
    a = to_cluster[rows, own] / np.maximum(size[own] - 1, 1)
    others = np.where(member, np.inf, to_cluster / size)
    b = others.min(1)
    value = np.where(size[own] > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-12), 0)
    return float(value.mean())


def _partitions(distance: Values, most: int) -> list[IntArray]:
    """Labels of ``most`` to 2 clusters by average linkage."""
    if most < 2:
        return []
    merges = hierarchy.linkage(squareform(distance, checks=False), "average")
    count = len(distance)
    labels = np.arange(count)
    partitions = []
    # Each merge leaves one cluster less. SciPy's `fcluster` takes ten times as long.
    for number, (one, other) in enumerate(merges[: count - 2, :2].tolist(), count):
        labels = np.where((labels == one) | (labels == other), number, labels)
        if 2 * count - number - 1 <= most:
            partitions.append(labels)
    return partitions


def _interest(members: IntArray, distance: Values, mass: Values) -> Interest:
    """Find the medoid: the member with the least weighted distance to the others."""
    total = distance[np.ix_(members, members)] @ mass[members]
    return Interest(int(members[total.argmin()]), members, float(mass[members].sum()))
