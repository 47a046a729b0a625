"""The plan of a training: how it divides `TRAIN_MINUTES`, made before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil
from django.conf import settings

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import registry
from recommender.ml.models.blend import members as blend_members
from recommender.ml.train.budget import Budget, current, free_cores

GIGABYTE = 1e9
MOST_MEMORY = 6 * GIGABYTE  # of the whole process
TIME = 0.95  # of `TRAIN_MINUTES`; the rest is for starting and for activation
FIT, JUDGE, INDEX = 0.5, 0.15, 0.1  # of the time; the final fit has the rest
WARM_FIT, WARM_TIME = 0.35, 1 / 3


@dataclass(frozen=True)
class Plan:
    """How long each part of a training may take, in seconds, and what it works on.

    The first fit gets the share ``fit``. ``warm`` is a sentence about the weights that
    it starts from.
    """

    limits: Budget
    sizes: str
    steps: str
    warm: str
    fit: float

    @classmethod
    def for_graph(
        cls,
        graph: GraphSnapshot,
        model: str,
        config: Mapping[str, Any],
        *,
        warm: str = "",
        share: float = FIT,
    ) -> Plan:
        """Divide what is left of the time; the first fit gets a ``share``."""
        left = current()
        return cls(
            limits=left,
            sizes=f"{len(graph.watched):,} watches of {graph.n_users:,} people and "
            f"{graph.n_items:,} videos",
            steps=_steps(graph, model, config, left),
            warm=warm,
            fit=share,
        )

    @property
    def judge(self) -> float:
        """The share for judging, of what is left after the first fit."""
        return JUDGE / (1 - self.fit)

    @property
    def final(self) -> float:
        """The share for the fit on everything, of what is left after judging."""
        return 1 - INDEX / (1 - self.fit - JUDGE)

    def __str__(self) -> str:
        limits = self.limits
        memory = limits.memory_bytes / GIGABYTE
        shares = {
            "fit": self.fit,
            "judge": JUDGE,
            "fit on everything": 1 - self.fit - JUDGE - INDEX,
            "index": INDEX,
        }
        parts = [
            f"{name} {in_words(share * limits.seconds)}"
            for name, share in shares.items()
        ]
        return "\n".join(
            [
                f"Plan: {self.sizes}; {limits.cores:g} free cores, {memory:.0f} GB; "
                f"at most {in_words(limits.seconds)} ({', '.join(parts)})",
                *(line for line in (self.steps, self.warm) if line),
            ]
        )


def whole() -> Budget:
    """The budget of a training."""
    used = psutil.Process().memory_info().rss
    return Budget(
        seconds=60.0 * settings.TRAIN_MINUTES * TIME,
        memory_bytes=int(min(Budget().memory_bytes, MOST_MEMORY - used)),
        cores=free_cores(),
    )


def in_words(seconds: float) -> str:
    """A duration, as in "25 min"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _steps(
    graph: GraphSnapshot, model: str, config: Mapping[str, Any], left: Budget
) -> str:
    """The members of a blend that the time allows, and whether the steps of GraphSAGE
    use the whole graph; empty for other models."""
    if model not in ("blend", "graphsage"):
        return ""
    lines, names, graphsage = [], ["graphsage"], config
    if model == "blend":
        graphsage = config.get("settings", {}).get("graphsage", {})
        names = config.get("members") or []
        lines = [f"Members: {', '.join(names)}"]
        if not names:
            names, lines = _members(graph, left.share(FIT))
    if "graphsage" in names:
        chosen = registry.complete("graphsage", graphsage)
        fan_out = chosen.fitting(len(graph.watched), left).fan_out
        steps = "steps on the whole graph"
        if fan_out is not None:
            count = ", ".join(map(str, fan_out))
            steps = f"steps on samples of {count} neighbours"
        lines.append(f"GraphSAGE: {steps}")
    return "\n".join(lines)


def _members(graph: GraphSnapshot, left: Budget) -> tuple[list[str], list[str]]:
    """The members that fit the time that is ``left``, and all of them in words."""
    wanted = blend_members.candidates(graph, splits.usable_cut(graph), left)
    lines, names = [], []
    for title, fits in (("Members", True), ("Too long for the time", False)):
        chosen = [each for each in wanted if each.fits(left) is fits]
        words = [f"{each.name} ({_about(each.cost / left.cores)})" for each in chosen]
        if words:
            lines.append(f"{title}: {', '.join(words)}")
        if fits:
            names = [each.name for each in chosen]
    return names, lines


def _about(seconds: float) -> str:
    return f"a fit about {in_words(max(seconds, 1.0))}"
