"""The seconds of each stage of a training, from its progress callback."""

from __future__ import annotations

import time
from collections.abc import Callable

from recommender.ml.models.base import TrainingStep


class Stages:
    """A progress callback of `recommender.training.pipeline.train`.

    `details` has what follows the colon of a stage, such as that of "Plan: ...".
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self.details: dict[str, str] = {}
        self._stage, self._since = "", clock()

    def __call__(self, stage: str, step: TrainingStep | None) -> None:
        title, _, detail = stage.partition(": ")
        if detail:
            self.details[title] = detail
        if title != self._stage:
            self._close()
            self._stage = title

    def seconds(self) -> dict[str, float]:
        """By stage, in their order, up to now."""
        self._close()
        return dict(self._seconds)

    def _close(self) -> None:
        now = self._clock()
        if self._stage:
            before = self._seconds.get(self._stage, 0.0)
            self._seconds[self._stage] = before + now - self._since
        self._since = now
