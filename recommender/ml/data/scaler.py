"""Numbers of any range as columns of 0 to 1, with a place for missing ones."""

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
        """Learn from (rows, columns); a column without any value is 0 throughout."""
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
        """Columns of what `scale` returns."""
        return 2 * len(self.mean)

    def scale(self, values: npt.ArrayLike) -> FloatArray:
        """(rows, 2 * columns): within 0..1, then the flags of what was missing.

        Values beyond those of `fit` are cut to its range.
        """
        given = np.asarray(values, np.float32)
        missing = ~np.isfinite(given)
        span = np.maximum(self.greatest - self.least, 1e-9)
        filled = np.where(missing, self.mean, given)
        scaled = np.clip((filled - self.least) / span, 0, 1)
        return np.hstack([scaled, missing]).astype(np.float32)

    def array(self) -> FloatArray:
        """(3, columns), from which `restore` builds the scaler again."""
        return np.stack([self.least, self.greatest, self.mean])

    @classmethod
    def restore(cls, array: FloatArray) -> Scaler:
        """The scaler of `array`."""
        return cls(*array)
