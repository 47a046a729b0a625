from __future__ import annotations

from typing import Any

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.core.management.base import BaseCommand, CommandError

from recommender.graph.mirror.health import health
from recommender.ml.evaluation.evaluate import GATE
from recommender.models import ModelRun
from recommender.registry.status import Status, status
from recommender.training import lock, progress


class Command(BaseCommand):
    help = "Show the active run and its health; exit code 1 if something is broken."

    def handle(self, **options: Any) -> None:
        model = status()
        if model.run is not None:
            self.stdout.write(_description(model.run, model))
        for run in ModelRun.objects.all()[:5]:
            if run == model.run:
                continue
            self.stdout.write(f"  also {run}: {_state(run)}")
        mirror = health()
        self.stdout.write(f"mirror        {mirror}")
        if fault := model.fault or mirror.fault:
            raise CommandError(fault, returncode=1)


def _state(run: ModelRun) -> str:
    if run.state != ModelRun.State.TRAINING:
        return f"{run.get_state_display()}. {run.note}"
    state = "Training" if lock.is_running() else "Interrupted; train_model resumes it"
    return f"{state}. {progress.describe(run)}"


def _description(run: ModelRun, model: Status) -> str:
    measured = run.metrics.get("models", {})
    figures = ", ".join(
        f"{name} {values[GATE]['value']:.4f}" for name, values in measured.items()
    )
    age = "overdue for training" if model.stale else "up to date"
    missing = f", {model.missing} of them without a vector" if model.missing else ""
    return "\n".join(
        [
            f"active run    {run} ({run.model})",
            f"trained       {naturaltime(run.created_at)}; {age}",
            f"{GATE}     {figures or 'not measured'}",
            f"vectors       {model.vectors}; visible videos {model.visible}{missing}",
        ]
    )
