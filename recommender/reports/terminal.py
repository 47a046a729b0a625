"""Progress and results of trainings on a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from recommender.ml.evaluation.interval import Interval
from recommender.ml.models.base import TrainingStep
from recommender.ml.train.budget import left_of_all

METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hr@10", "coverage@20")


class Bars:
    """A progress callback: a line for each stage, a progress bar for its epochs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Any] | None = None
        self._name = ""

    def __call__(self, stage: str, step: TrainingStep | None) -> None:
        if step is None:
            self._close()
            self._stream.write(f"{stage}\n")
            return
        name = f"  {step.stage}"
        if self._bar is None or name != self._name or step.epoch < self._bar.n:
            self._close()
            self._name = name
            self._bar = tqdm(
                total=step.epochs, desc=name, unit="epoch", file=self._stream
            )
        self._bar.update(step.epoch - self._bar.n)
        recall = "" if step.validation is None else f"recall@20 {step.validation:.4f}"
        left = left_of_all()
        until = f"at most {left / 60:.0f} min left" if math.isfinite(left) else ""
        words = (f"loss {step.loss:.4f}", recall, until)
        self._bar.set_postfix_str(", ".join(word for word in words if word))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def table(report: Mapping[str, Any]) -> str:
    """A row for each model, a column for each metric with its 95% interval."""
    width = max(14, *(len(name) + 1 for name in report["models"]))
    lines = ["".join(["model".ljust(width), *(name.rjust(24) for name in METRICS)])]
    for model, measured in report["models"].items():
        cells = [str(Interval(**measured[name])).rjust(24) for name in METRICS]
        lines.append("".join([model.ljust(width), *cells]))
    lines += [
        f"{model}: rmse of the expected reaction {Interval(**measured['rmse'])}"
        for model, measured in report["models"].items()
        if "rmse" in measured
    ]
    people = f"{report['users']} people, {report['targets']} held-out watches"
    return "\n".join([*lines, f"Full ranking: {people}."])
