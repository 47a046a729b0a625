"""The settings of one member, searched on a validation part.

From the first settings, each axis is climbed in turn, upwards, then downwards, as long
as NDCG@20 rises.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.base import Model, Progress, TrainingStep
from recommender.ml.models.blend.members import Axis, Member
from recommender.ml.train.budget import OutOfTimeError, current

PEOPLE = 1000
GAIN = 1e-4  # of NDCG@20, for which a setting changes


@runtime_checkable
class Adjustable(Protocol):
    """A model that takes other settings without another fit."""

    def adjusted(self, settings: Mapping[str, Any]) -> Self | None:
        """The same with ``settings``; None if they need another fit."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A model with its ``settings``, its NDCG@20 on the part, and how many ``seconds``
    its fit took."""

    model: Model
    settings: Mapping[str, Any]
    value: float
    seconds: float


class Tuner:
    """Searches the settings of ``member`` on ``part`` until the budget is spent."""

    def __init__(self, member: Member, part: Holdout, progress: Progress) -> None:
        self._member, self._part, self._progress = member, part, progress
        self._sample = part.sample(PEOPLE)
        self._tried: dict[str, Tried] = {}
        self._longest = 0.0  # seconds of a trial

    def first(self) -> Tried:
        """A fit with the settings to begin with."""
        return self._try(self._member.settings)

    def best(self) -> Tried:
        """The best that was found."""
        best = self.first()
        for axis in self._member.axes:
            best = self._climb(best, axis)
        return best

    def _climb(self, best: Tried, axis: Axis) -> Tried:
        start = best.settings.get(axis.setting, axis.values[0])
        for step in (1, -1):
            place = axis.values.index(start) + step
            while 0 <= place < len(axis.values):
                if current().seconds < self._longest:
                    return best
                changed = {**best.settings, axis.setting: axis.values[place]}
                try:
                    tried = self._try(changed, best)
                except OutOfTimeError:
                    return best
                if tried.value < best.value + GAIN:
                    break
                best, place = tried, place + step
            if best.settings.get(axis.setting, start) != start:
                break
        return best

    def _try(self, settings: Mapping[str, Any], near: Tried | None = None) -> Tried:
        key = repr(sorted(settings.items()))
        if key in self._tried:
            return self._tried[key]
        from threadpoolctl import threadpool_limits  # only training imports it

        began = time.monotonic()
        model, fitting = _adjusted(near, settings)
        if model is None:
            model = registry.fit(self._member.name, self._part.history, settings)
            fitting = time.monotonic() - began
        with threadpool_limits(1, "blas"):  # many small systems are solved
            lists = evaluate.rank_items(model, self._sample, 20)
        values = evaluate.ranking_metrics(lists, self._sample)
        tried = Tried(model, settings, float(values["ndcg@20"].mean()), fitting)
        self._tried[key] = tried
        seconds = time.monotonic() - began
        self._longest = max(self._longest, seconds)
        self._progress(
            TrainingStep(
                stage=f"tune {self._member.name}",
                epoch=len(self._tried),
                epochs=len(self._tried),
                loss=1 - tried.value,
                validation=float(values["recall@20"].mean()),
                seconds=seconds,
            )
        )
        return tried


def _adjusted(
    near: Tried | None, settings: Mapping[str, Any]
) -> tuple[Model | None, float]:
    """The model ``near`` with other settings, and the seconds of the fit that it has in
    common; None if it needs a fit of its own."""
    if near is None or not isinstance(near.model, Adjustable):
        return None, 0.0
    return near.model.adjusted(settings), near.seconds
