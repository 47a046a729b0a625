"""What protocols share: fitting models one after another, and the clock."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.reports import Figures, Report, peak_memory_mb
from recommender.ml import models
from recommender.ml.graph import GraphSnapshot
from recommender.ml.models import Model, TrainingStep

Configs = Mapping[str, Mapping[str, Any]]


@dataclass
class Result:
    """What a protocol fills in while it runs."""

    models: dict[str, Figures] = field(default_factory=dict)
    differences: dict[str, Figures] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    report: Report | None = None


@contextmanager
def timed(protocol: str, dataset: str) -> Iterator[Result]:
    """Time the block and make its `Report`."""
    result, began = Result(), time.perf_counter()
    yield result
    result.report = Report(
        protocol=protocol,
        dataset=dataset,
        seconds=time.perf_counter() - began,
        peak_memory_mb=peak_memory_mb(),
        models=result.models,
        differences=result.differences,
        notes=result.notes,
    )


def fitted(
    configs: Configs, history: GraphSnapshot, only: Sequence[str] | None
) -> Iterator[tuple[str, Model]]:
    """Each model of ``configs`` in turn, so that one at a time is held in memory."""
    for name, config in configs.items():
        if only and name not in only:
            continue
        began = time.perf_counter()
        model = models.fit(name, history, config, _show)
        _say(f"{name}: fitted in {time.perf_counter() - began:.0f} s")
        yield name, model


def _show(step: TrainingStep) -> None:
    found = "" if step.validation is None else f", validation {step.validation:.4f}"
    _say(f"  {step.stage} {step.epoch}/{step.epochs}: loss {step.loss:.4f}{found}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
