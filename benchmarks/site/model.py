"""Fits and activates a model on a synthetic site without evaluation and gate."""

from __future__ import annotations

import secrets

from django.utils import timezone

from recommender.dataset import snapshot
from recommender.ml.models import registry
from recommender.models import ModelRun
from recommender.registry import activation


def fit_and_activate(model: str) -> ModelRun:
    """`train_model` evaluates before it activates, which takes longer than the fit."""
    run = ModelRun.objects.create(
        run_id=f"{timezone.now():%Y%m%d-%H%M%S}-{model}-{secrets.token_hex(2)}",
        model=model,
        note="Fitted without evaluation, for benchmarks.",
    )
    graph = snapshot.take()
    run.data_hash = graph.content_hash()
    manifest = registry.save(registry.fit(model, graph), run.folder)
    run.config = dict(manifest.config)
    run.state, run.finished_at = ModelRun.State.TRAINED, timezone.now()
    run.save()
    activation.activate(activation.MODELS, run=run, reason="For benchmarks")
    return run
