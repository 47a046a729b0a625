"""Runs on the planted world, each trained once in a test session."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import serializers
from filelock import FileLock

from recommender.models import Activation, ModelRun
from recommender.training import pipeline


@dataclass(frozen=True)
class TrainedRuns:
    """Trains a model where it was not trained before, and else copies that run.

    `folder` holds the runs and is shared by the workers of a session. The database has
    to hold the world of `plant()`, with its usual size and nothing added.
    """

    folder: Path

    def __call__(self, model: str, config: Mapping[str, Any] | None = None) -> ModelRun:
        """The finished run, with its artifact in `ARTIFACTS_DIR`; it is not active."""
        key = sha256(json.dumps([model, config], sort_keys=True).encode()).hexdigest()
        stored = self.folder / key[:16]
        self.folder.mkdir(exist_ok=True)
        with FileLock(stored.with_suffix(".lock")):
            if not stored.exists():
                return self._train(model, config, stored)
        return self._restore(stored)

    def activate(self, model: str, config: Mapping[str, Any] | None = None) -> ModelRun:
        """As a call, and the run is the active one."""
        run = self(model, config)
        Activation.objects.create(run=run, reason="For this test")
        return run

    def _train(
        self, model: str, config: Mapping[str, Any] | None, stored: Path
    ) -> ModelRun:
        run = pipeline.train(model=model, config=config, activate=False)
        partial = stored.with_suffix(".partial")
        shutil.copytree(settings.ARTIFACTS_DIR / run.run_id, partial / run.run_id)
        (partial / "run.json").write_text(serializers.serialize("json", [run]))
        partial.rename(stored)
        return run

    def _restore(self, stored: Path) -> ModelRun:
        (row,) = serializers.deserialize("json", (stored / "run.json").read_text())
        run = row.object
        run.pk = None
        row.save()
        shutil.copytree(stored / run.run_id, settings.ARTIFACTS_DIR / run.run_id)
        return run
