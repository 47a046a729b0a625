"""Shared by protocols: fits models one after another, with times."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.reports import Figures, Report, peak_memory_mb
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import blend
from recommender.ml.models import registry as models
from recommender.ml.models.base import Model, TrainingStep

# Label in the report -> name of the model and its settings.
Configs = Mapping[str, tuple[str, Mapping[str, Any]]]


@dataclass
class Result:
    """The results of a protocol, filled in while it runs."""

    models: dict[str, Figures] = field(default_factory=dict)
    differences: dict[str, Figures] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    report: Report | None = None

    def add(self, label: str, figures: Figures) -> None:
        """Add a model's figures, and print them."""
        self.models[label] = figures
        shown = ", ".join(f"{m} {each.value:.4f}" for m, each in figures.items())
        _print(f"{label}: {shown}")


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
    """Fit the models of ``configs``, and yield each with its label.

    A blend reuses members that were fitted before with the same settings.
    """
    done: list[tuple[str, Mapping[str, Any], Model]] = []
    for label, (name, settings) in configs.items():
        if only and label not in only:
            continue
        began = time.perf_counter()
        if name == "blend" and settings.get("members"):
            model: Model = _blend(done, blend.Config(**settings), history)
        else:
            model = models.fit(name, history, settings, show)
            done.append((name, settings, model))
        _print(
            f"{label}: fitted in {time.perf_counter() - began:.0f} s, {model.searched}"
        )
        yield label, model


def _blend(
    done: Sequence[tuple[str, Mapping[str, Any], Model]],
    config: blend.Config,
    history: GraphSnapshot,
) -> blend.Blend:
    fitted = {
        name: model
        for name, settings, model in done
        if settings == config.settings.get(name, {})
    }
    choice: Mapping[str, Any] = vars(config)
    if config.weights is None:
        choice = blend.find(history, config, show).settings
    weights, settings = choice["weights"], choice["settings"]
    members = {
        name: fitted[name]
        if name in fitted
        else models.fit(name, history, settings.get(name), show)
        for name in config.members
        if weights.get(name, 0) > 0
    }
    config = replace(config, by_person=choice["by_person"])
    return blend.Blend.from_members(
        members, weights, history, config, {"weights": weights}
    )


def show(step: TrainingStep) -> None:
    """Print a step of a training."""
    value = "" if step.validation is None else f", validation {step.validation:.4f}"
    _print(f"  {step.stage} {step.epoch}/{step.epochs}: loss {step.loss:.4f}{value}")


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
