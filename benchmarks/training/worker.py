"""One training in a process of its own: `worker FOLDER MODEL RESULT KIND`.

Writes to the file RESULT what the training took and came to, as JSON. An empty MODEL
is the installation's. The KIND "first" starts anew, "nightly" may use earlier runs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.site import folder
from benchmarks.training.stages import Stages

MB = 1 << 20


def main() -> int:
    site, model, result, kind = sys.argv[1:]
    folder.use(Path(site))
    try:
        figures = _train(model or None, again=kind == "first")
    except _training_errors() as error:
        print(error, file=sys.stderr)
        return 1
    Path(result).write_text(json.dumps(figures))
    return 0


def _training_errors() -> tuple[type[Exception], ...]:
    from recommender.ml.models.registry import ConfigError
    from recommender.registry.activation import ActivationRefused
    from recommender.training.errors import TrainingError

    return TrainingError, ConfigError, ActivationRefused


def _train(model: str | None, *, again: bool) -> dict[str, Any]:
    from recommender.ml.evaluation.evaluate import GATE
    from recommender.training import pipeline

    stages = Stages()
    started = time.perf_counter()
    run = pipeline.train(model=model, again=again, progress=stages)
    total = time.perf_counter() - started
    judged = run.metrics.get("models", {})
    return {
        "model": run.model,
        "state": run.state,
        "note": run.note,
        "total": total,
        "stages": stages.seconds(),
        "details": stages.details,
        "artifact": sum(f.stat().st_size for f in run.folder.rglob("*")) / MB,
        "gate": {name: values[GATE]["value"] for name, values in judged.items()},
        **_index(run.folder),
    }


def _index(artifact: Path) -> dict[str, float]:
    """Loading the run, and building an index of its videos' vectors (if any)."""
    from recommender.ml.models import registry
    from recommender.ml.store.vector_index import VectorIndex

    started = time.perf_counter()
    model = registry.load(artifact)
    loaded = time.perf_counter()
    vectors = model.item_vectors(model.item_ids)
    if vectors is None:
        return {"load": loaded - started}
    started_index = time.perf_counter()
    index = VectorIndex.build(model.item_ids, vectors)
    return {
        "load": loaded - started,
        "index": time.perf_counter() - started_index,
        "recall": index.recall,
    }


if __name__ == "__main__":
    sys.exit(main())
