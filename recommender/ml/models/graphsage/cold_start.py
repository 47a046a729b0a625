"""Maps the vectors of videos without watches to those of watched videos.

Scores of vectors from features alone vary less, so new videos would rarely be listed
among watched ones. A ridge regression, over videos with both vectors, predicts the
vector that watches would give. Regression shrinks, so its results are scaled to the
spread of the watched videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.ml.data.snapshot import FloatArray

PENALTY = 0.4  # of the mean variance of a direction; chosen on validation parts


@dataclass(frozen=True, eq=False)
class ColdStartMap:
    """An affine map of (n, w) vectors: subtract ``origin`` (w,), multiply by ``matrix``
    (w, w), add ``centre`` (w,)."""

    origin: FloatArray
    matrix: FloatArray
    centre: FloatArray

    @classmethod
    def fit(cls, new: FloatArray, watched: FloatArray) -> ColdStartMap:
        """Learn from two vectors of the same videos, both (n, w): ``new`` by features
        alone, and ``watched``. The identity if n is less than 2."""
        width = new.shape[1]
        if len(new) < 2:
            zero = np.zeros(width, np.float32)
            return cls(zero, np.eye(width, dtype=np.float32), zero)
        origin, centre = new.mean(0), watched.mean(0)
        x, y = (new - origin).astype(np.float64), (watched - centre).astype(np.float64)
        square = x.T @ x
        penalty = PENALTY * np.trace(square) / width
        matrix = np.linalg.solve(square + (penalty + 1e-9) * np.eye(width), x.T @ y)
        matrix *= np.linalg.norm(y) / max(float(np.linalg.norm(x @ matrix)), 1e-9)
        return cls(origin, matrix.astype(np.float32), centre)

    def __call__(self, new: FloatArray) -> FloatArray:
        """Map (n, w) vectors of new videos."""
        return np.asarray(self.centre + (new - self.origin) @ self.matrix, np.float32)
