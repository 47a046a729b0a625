"""The plan of a training: how it divides `TRAIN_MINUTES`, made before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import registry
from recommender.ml.models.blend import members as blend_members
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
    """The members of a blend that the time allows, and whether the steps of GraphSAGE
    use the whole graph; empty for other models."""
    if model not in ("blend", "graphsage"):
        return ""
    config = settings.MODEL_CONFIGS.get(model, {})
    words, members = "", {"graphsage": config}
    if model == "blend":
        members = config.get("settings", {})
        names = config.get("members") or [
            member.name
            for member in blend_members.plan(
                graph, splits.usable_cut(graph), left.share(FIT)
            )
        ]
        words = f"Members: {', '.join(names)}"
        if "graphsage" not in names:
            return words
    chosen = registry.complete("graphsage", members.get("graphsage", {}))
    fan_out = chosen.fitting(len(graph.watched), left).fan_out
    steps = "GraphSAGE: steps on the whole graph"
    if fan_out is not None:
        count = ", ".join(map(str, fan_out))
        steps = f"GraphSAGE: steps on samples of {count} neighbours"
    return f"{words}\n{steps}" if words else steps
