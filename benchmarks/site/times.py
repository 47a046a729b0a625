"""Times of synthetic rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

MICROSECONDS_OF_DAY = 86_400_000_000


def ago(days: NDArray[np.float64], now: datetime) -> NDArray[Any]:
    """Moments `days` before `now`, as datetime64[us] in UTC."""
    start = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    return start - (days * MICROSECONDS_OF_DAY).astype("timedelta64[us]")
