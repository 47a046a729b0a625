"""Where videos without watches lie among the watched ones.

A vector from features alone says less than one that watches have shaped: its scores
vary less, and among enough watched videos no new one would ever be listed. A ridge
regression from the former kind to the latter, over the videos that have both, says what
becomes of videos with such features. Regression shrinks, so its answers are stretched
to the spread of the watched: new videos then compete on equal terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.ml.data.snapshot import FloatArray

PENALTY = 0.4  # of the mean variance of a direction; chosen on validation parts


@dataclass(frozen=True, eq=False)
class ColdStartMap:
    """An affine map of (n, w) vectors: from around ``origin`` (w,) by ``matrix`` (w, w)
    to around ``centre`` (w,)."""

    origin: FloatArray
    matrix: FloatArray
    centre: FloatArray

    @classmethod
    def fit(cls, new: FloatArray, watched: FloatArray) -> ColdStartMap:
        """From the same videos as ``new``, by features alone, and as ``watched``, both
        (n, w); with fewer than two of them nothing is moved."""
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
        """(n, w) vectors of new videos, moved."""
        return np.asarray(self.centre + (new - self.origin) @ self.matrix, np.float32)
