"""What protocols share: fitting models one after another, and the clock."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.reports import Figures, Report, peak_memory_mb
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import blend
from recommender.ml.models import registry as models
from recommender.ml.models.base import Model, TrainingStep

# What the report calls a model -> its name and its settings.
Configs = Mapping[str, tuple[str, Mapping[str, Any]]]


@dataclass
class Result:
    """What a protocol fills in while it runs."""

    models: dict[str, Figures] = field(default_factory=dict)
    differences: dict[str, Figures] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    report: Report | None = None

    def add(self, label: str, figures: Figures) -> None:
        """Keep a model's figures, and show them while the others are still to come."""
        self.models[label] = figures
        shown = ", ".join(f"{m} {each.value:.4f}" for m, each in figures.items())
        _say(f"{label}: {shown}")


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
    """Each model of ``configs`` in turn, by the name that the report gives it.

    A blend takes members that are fitted already with the settings that it gives them.
    """
    done: list[tuple[str, Mapping[str, Any], Model]] = []
    for label, (name, settings) in configs.items():
        if only and label not in only:
            continue
        began = time.perf_counter()
        if name == "blend":
            model: Model = _blend(done, blend.Config(**settings), history)
        else:
            model = models.fit(name, history, settings, _show)
            done.append((name, settings, model))
        _say(
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
        for name, given, model in done
        if given == config.settings.get(name, {})
    }
    weights, settings = config.weights, config.settings
    if weights is None:
        weights, settings = blend.find_weights(history, config, _show)
    members = {
        name: fitted[name]
        if name in fitted
        else models.fit(name, history, settings.get(name), _show)
        for name in config.members
        if weights.get(name, 0) > 0
    }
    return blend.Blend.from_members(
        members, weights, history, config, {"weights": weights}
    )


def _show(step: TrainingStep) -> None:
    found = "" if step.validation is None else f", validation {step.validation:.4f}"
    _say(f"  {step.stage} {step.epoch}/{step.epochs}: loss {step.loss:.4f}{found}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
