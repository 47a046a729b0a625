"""How many threads numerical libraries use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def limited(cores: float) -> Iterator[None]:
    """Let numerical libraries use only the ``cores`` that are free, at least one.

    Threads of one computation wait for each other: where other processes keep the cores
    busy, two take many times as long as one.
    """
    from threadpoolctl import threadpool_limits  # only training imports it

    count, before = max(1, int(cores)), os.environ.get(VARIABLE)
    if before is None:  # for libraries that are not loaded yet
        os.environ[VARIABLE] = str(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
