"""Scaling of numbers to the range 0 to 1, with flags for missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray


@dataclass(frozen=True, eq=False)
class Scaler:
    """Min-max scaling; a missing value (NaN) is imputed by the mean, with a flag.

    ``least``, ``greatest`` and ``mean`` are (columns,), learned by `fit`.
    """

    least: FloatArray
    greatest: FloatArray
    mean: FloatArray

    @classmethod
    def fit(cls, values: npt.ArrayLike) -> Scaler:
        """Learn from (rows, columns); a column without values counts as all 0."""
        columns = np.asarray(values, np.float64).T
        known = [column[np.isfinite(column)] for column in columns]
        known = [column if len(column) else np.zeros(1) for column in known]
        return cls(
            *(
                np.array([measure(column) for column in known], np.float32)
                for measure in (np.min, np.max, np.mean)
            )
        )

    @property
    def size(self) -> int:
        """The number of columns that `scale` returns."""
        return 2 * len(self.mean)

    def scale(self, values: npt.ArrayLike) -> FloatArray:
        """(rows, 2 * columns): values within 0 to 1, then flags of the missing ones.

        Values outside the range of `fit` are clipped to it.
        """
        numbers = np.asarray(values, np.float32)
        missing = ~np.isfinite(numbers)
        span = np.maximum(self.greatest - self.least, 1e-9)
        filled = np.where(missing, self.mean, numbers)
        scaled = np.clip((filled - self.least) / span, 0, 1)
        return np.hstack([scaled, missing]).astype(np.float32)

    def array(self) -> FloatArray:
        """(3, columns), for `restore`."""
        return np.stack([self.least, self.greatest, self.mean])

    @classmethod
    def restore(cls, array: FloatArray) -> Scaler:
        """Rebuild a scaler from its `array`."""
        return cls(*array)
