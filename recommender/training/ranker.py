"""Training the ranker: read the impressions, fit, judge on the newest, save, activate.

Fusion of ranks is the baseline: a ranker serves when it orders the newest impressions
better, with an interval that lies above zero, and as long as none is shown to be worse.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils import timezone

from recommender.ml.evaluation.interval import Interval
from recommender.ml.ranking import lambdarank
from recommender.ml.ranking.lambdarank import Config, GradedImpressions, LambdaRank
from recommender.ml.store import artifact
from recommender.ml.store.artifact import ArtifactError, Manifest
from recommender.models import RankerRun
from recommender.ranking import feature_log
from recommender.ranking import ranker as serving
from recommender.ranking.features import FEATURES
from recommender.registry import ranker_activation
from recommender.training.pipeline import TrainingError

logger = logging.getLogger(__name__)

ARTIFACTS_KEPT = 5
FUSED = FEATURES.index("fused")


def train(*, config: Config | None = None, activate: bool = True) -> RankerRun:
    """Train on all impressions but the newest, which decide whether the run serves.

    Where it does not, and the ranker that serves has become worse than fusion, ranks
    are fused again. Raises `TrainingError` while there are too few impressions.
    """
    judged = feature_log.judged()
    if len(judged) < settings.RANKER_MIN_IMPRESSIONS:
        raise TrainingError(
            f"There are {len(judged)} impressions of which it is known what came of "
            f"them; a ranker takes {settings.RANKER_MIN_IMPRESSIONS}."
        )
    run = RankerRun.objects.create(
        run_id=f"{timezone.now():%Y%m%d-%H%M%S}-lambdarank-{secrets.token_hex(2)}",
        impressions=len(judged),
    )
    chosen = config or Config()
    past, newest = judged.split(chosen.test)
    try:
        _train(run, past, newest, chosen)
    except BaseException as error:
        shutil.rmtree(settings.RANKERS_DIR / run.run_id, ignore_errors=True)
        run.state, run.finished_at = RankerRun.State.FAILED, timezone.now()
        run.note = str(error) or repr(error)
        run.save()
        if isinstance(error, ValueError):
            raise TrainingError(f"Nothing can be learned yet: {error}.") from error
        raise
    logger.info("Ranker %s: %s", run, in_words(run.metrics))
    if activate and run.state == RankerRun.State.TRAINED:
        ranker_activation.activate(run=run, reason="Trained, and better than fusion")
    elif activate:
        _withdraw_if_worse(newest)
    return run


def prune() -> int:
    """Delete artifacts of all but the newest runs, the active one and the one before;
    returns how many. The rows stay."""
    trained = RankerRun.objects.filter(state=RankerRun.State.TRAINED)
    keep = set(trained.values_list("run_id", flat=True)[:ARTIFACTS_KEPT])
    for run in (
        ranker_activation.active_run(),
        *(ranker_activation.rollback_target() or ()),
    ):
        if run is not None:
            keep.add(run.run_id)
    removed = 0
    for run_id in RankerRun.objects.values_list("run_id", flat=True):
        folder = settings.RANKERS_DIR / run_id
        if run_id not in keep and folder.is_dir():
            shutil.rmtree(folder)
            removed += 1
    return removed


def in_words(metrics: Mapping[str, Any]) -> str:
    """What was measured, in one line."""
    ours, fusion, gain = (
        Interval(**metrics[name]) for name in ("lambdarank", "fusion", "difference")
    )
    return (
        f"NDCG@{lambdarank.CUTOFF} {ours}, of fusion {fusion}, gain {gain} "
        f"({metrics['lists']} lists of {metrics['people']} people)"
    )


def _train(
    run: RankerRun, past: GradedImpressions, newest: GradedImpressions, config: Config
) -> None:
    learned = lambdarank.fit(past, FEATURES, config)
    run.config, run.metrics = asdict(config), _compared(learned, newest)
    run.metrics |= {"rounds": learned.rounds, "gain": dict(learned.gain)}
    artifact.write(
        settings.RANKERS_DIR / run.run_id,
        Manifest(
            model="lambdarank",
            config=run.config,
            data_hash=_hash(past),
            snapshot_taken_at=time.time(),
            metrics=run.metrics,
        ),
        arrays={},
        documents={"ranker": learned.document()},
        files={lambdarank.MODEL: learned.save},
    )
    run.state = RankerRun.State.TRAINED
    if not run.metrics["difference"]["low"] > 0:
        run.state = RankerRun.State.REFUSED
        run.note = f"It does not beat fusion: {in_words(run.metrics)}."
    run.finished_at = timezone.now()
    run.save()


def _withdraw_if_worse(newest: GradedImpressions) -> None:
    """What serves is judged by the same impressions, none of which it learned from: it
    was trained on the oldest part of fewer."""
    active = ranker_activation.active_run()
    if active is None:
        return
    try:
        ranker = serving.load(settings.RANKERS_DIR / active.run_id)
    except ArtifactError as error:
        logger.error("The ranker in service cannot be judged: %s", error)
        return
    measured = _compared(ranker.learned, newest)
    if measured["difference"]["high"] < 0:
        reason = f"Worse than fusion by now: {in_words(measured)}"
        logger.warning("%s is withdrawn. %s", active, reason)
        ranker_activation.withdraw(reason=reason)


def _compared(learned: LambdaRank, judged: GradedImpressions) -> dict[str, Any]:
    """Raises `ValueError` where no list tells the two orders apart."""
    measured = lambdarank.compare(
        learned.score(judged.features), judged.features[:, FUSED], judged
    )
    if not measured["lists"]:
        raise ValueError("the newest lists hold nothing that was watched")
    return {
        name: asdict(value) if isinstance(value, Interval) else value
        for name, value in measured.items()
    }


def _hash(judged: GradedImpressions) -> str:
    digest = hashlib.sha256(judged.features.tobytes())
    digest.update(judged.grades.tobytes())
    digest.update(judged.lists.tobytes())
    return digest.hexdigest()
