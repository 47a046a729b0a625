"""The progress of a training: stored while it runs, and described in one line."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from recommender.ml.models.base import TrainingStep
from recommender.ml.train.budget import left_of_all
from recommender.models import ModelRun
from recommender.training.plan import Plan, in_words

# Called with the current stage, and with each finished epoch of it.
Progress = Callable[[str, TrainingStep | None], None]
Step = Mapping[str, Any]  # a `TrainingStep` with its `part` of the run
WHOLE = "Train on everything"
SAVE_EVERY = 1.0  # seconds


def silent(stage: str, step: TrainingStep | None) -> None:
    """The progress callback that shows nothing."""


class Recorder:
    """A progress callback that stores epochs in `run.curves` and passes them on."""

    def __init__(self, run: ModelRun, onward: Progress = silent) -> None:
        self._run, self._onward = run, onward
        self._saved_at = -SAVE_EVERY
        run.curves = []

    def __call__(self, stage: str, step: TrainingStep | None) -> None:
        if step is not None:
            left = left_of_all()
            self._run.curves.append({"part": stage, **asdict(step)})
            if math.isfinite(left):
                self._run.curves[-1]["left"] = round(left)
        if time.monotonic() - self._saved_at >= SAVE_EVERY:
            self._run.save(update_fields=["curves", "updated_at"])
            self._saved_at = time.monotonic()
        self._onward(stage, step)

    def planned(self, plan: Plan) -> None:
        """Show the plan, and store it with the run until that has ended."""
        self._run.note = str(plan)
        self._run.save(update_fields=["note", "updated_at"])
        self._onward(str(plan), None)


def trainings(run: ModelRun) -> dict[str, list[Step]]:
    """The epochs of each training of `run`, in order, by its title."""
    grouped: list[list[Step]] = []
    for step in run.curves:
        if not grouped or not _follows(grouped[-1][-1], step):
            grouped.append([])
        grouped[-1].append(step)
    by_title: dict[str, list[Step]] = {}
    for steps in grouped:
        title = _title(steps[0])
        before = sum(_title(other[0]) == title for other in by_title.values())
        by_title[f"{title} {before + 1}" if before else title] = steps
    return by_title


def final_epochs(run: ModelRun) -> list[Step]:
    """The epochs of the training on all data, the last part of the run."""
    return [step for step in run.curves if _part(step) == WHOLE]


def describe(run: ModelRun) -> str:
    """The progress of the run in one line; empty before its first epoch."""
    if not run.curves:
        return ""
    step = run.curves[-1]
    words = [
        f"{_title(step)}, epoch {step['epoch']} of at most {step['epochs']}",
        f"loss {step['loss']:.4f}",
    ]
    if step["validation"] is not None:
        words.append(f"recall@20 {step['validation']:.4f}")
    words.append(f"{step['seconds']:.1f} s an epoch")
    if "left" in step:
        words.append(f"at most {in_words(step['left'])} left")
    return ", ".join(words)


def _follows(before: Step, step: Step) -> bool:
    return bool(_title(before) == _title(step) and step["epoch"] > before["epoch"])


def _title(step: Step) -> str:
    return f"{_part(step)}: {step['stage']}"


def _part(step: Step) -> str:
    # Runs of earlier versions store epochs of the last part only.
    return str(step.get("part", WHOLE))
