"""The plan of a training: how it divides `TRAIN_MINUTES`, made before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import registry
from recommender.ml.train.budget import Budget, current

GIGABYTE = 1e9
FIT, JUDGE, INDEX = 0.5, 0.15, 0.1  # of the time; the final fit has the rest
WARM_FIT, WARM_TIME = 0.35, 1 / 3


@dataclass(frozen=True)
class Plan:
    """How long each part of a training may take, in seconds, and what it works on.

    ``warm`` is a sentence about the weights that it starts from.
    """

    limits: Budget
    sizes: str
    steps: str
    warm: str
    fit: float
    judge: float
    final: float
    index: float

    @classmethod
    def for_graph(
        cls, graph: GraphSnapshot, model: str, warm: str, share: float
    ) -> Plan:
        """Divide what is left of the time."""
        left = current()
        seconds = left.seconds
        return cls(
            limits=left,
            sizes=f"{len(graph.watched):,} watches of {graph.n_users:,} people and "
            f"{graph.n_items:,} videos",
            steps=_steps(graph, model, left),
            warm=warm,
            fit=share * seconds,
            judge=JUDGE * seconds,
            final=(1 - share - JUDGE - INDEX) * seconds,
            index=INDEX * seconds,
        )

    def __str__(self) -> str:
        memory = self.limits.memory_bytes / GIGABYTE
        parts = (
            f"fit {in_words(self.fit)}",
            f"judge {in_words(self.judge)}",
            f"fit on everything {in_words(self.final)}",
            f"index {in_words(self.index)}",
        )
        return "\n".join(
            [
                f"Plan: {self.sizes}; {self.limits.cores} cores, {memory:.0f} GB; "
                f"at most {in_words(self.limits.seconds)} ({', '.join(parts)})",
                *(line for line in (self.steps, self.warm) if line),
            ]
        )


def whole() -> Budget:
    """The budget of a training."""
    return Budget(seconds=60.0 * settings.TRAIN_MINUTES)


def in_words(seconds: float) -> str:
    """A duration, as in "25 min"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _steps(graph: GraphSnapshot, model: str, left: Budget) -> str:
    """Whether the graph network's steps use the whole graph; empty without one."""
    entry = registry.MODELS[model]
    if model != "graphsage" and not entry.combines:
        return ""
    configs = settings.MODEL_CONFIGS
    chosen = configs.get("graphsage", {})
    if entry.combines:
        chosen = configs.get(model, {}).get("settings", {}).get("graphsage", {})
    config = registry.complete("graphsage", chosen).fitting(len(graph.watched), left)
    if config.fan_out is None:
        return "GraphSAGE: steps on the whole graph"
    return "GraphSAGE: steps on samples of {} neighbours".format(
        ", ".join(map(str, config.fan_out))
    )
