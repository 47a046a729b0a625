"""Training of the ranker: read impressions, fit, evaluate, save, activate.

The baseline is reciprocal rank fusion. A ranker is activated if it orders the newest
impressions better, with an interval above zero, and deactivated once it is worse.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
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
from recommender.ranking.features import FEATURES
from recommender.ranking.ranker import RANKERS
from recommender.registry import activation
from recommender.training.errors import TrainingError, marked_failed_on_error

logger = logging.getLogger(__name__)

FUSED = FEATURES.index("fused")


def train(*, config: Config | None = None, activate: bool = True) -> RankerRun:
    """Train on all impressions but the newest, which decide whether to activate.

    If the new ranker is refused and the active one has become worse than fusion, the
    active one is deactivated. Raises `TrainingError` if there are too few impressions.
    """
    judged = feature_log.judged()
    if len(judged) < settings.RANKER_MIN_IMPRESSIONS:
        raise TrainingError(
            f"There are {len(judged)} impressions with a known outcome; a ranker needs "
            f"{settings.RANKER_MIN_IMPRESSIONS}."
        )
    run = RankerRun.objects.create(
        run_id=f"{timezone.now():%Y%m%d-%H%M%S}-lambdarank-{secrets.token_hex(2)}",
        impressions=len(judged),
    )
    chosen = config or Config()
    past, newest = judged.split(chosen.test)
    with marked_failed_on_error(run):
        try:
            _train(run, past, newest, chosen)
        except ValueError as error:
            raise TrainingError(f"Nothing can be learned yet: {error}.") from error
    logger.info("Ranker %s: %s", run, in_words(run.metrics))
    if activate and run.state == RankerRun.State.TRAINED:
        reason = "Trained, and better than fusion"
        activation.activate(RANKERS, run=run, reason=reason)
    elif activate:
        _deactivate_if_worse(newest)
    return run


def in_words(metrics: Mapping[str, Any]) -> str:
    """The metrics in one line."""
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
        run.folder,
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


def _deactivate_if_worse(newest: GradedImpressions) -> None:
    """Compare the active ranker with fusion on the newest impressions, none of which it
    was trained on."""
    active = activation.active_run(RANKERS)
    if active is None:
        return
    try:
        ranker = RANKERS.load(active.folder)
    except ArtifactError as error:
        logger.error("The active ranker cannot be evaluated: %s", error)
        return
    measured = _compared(ranker.learned, newest)
    if measured["difference"]["high"] < 0:
        reason = f"Worse than fusion by now: {in_words(measured)}"
        logger.warning("%s is deactivated. %s", active, reason)
        activation.deactivate(RANKERS, reason=reason)


def _compared(learned: LambdaRank, judged: GradedImpressions) -> dict[str, Any]:
    """Metrics of both orders; raises `ValueError` if no list distinguishes them."""
    measured = lambdarank.compare(
        learned.score(judged.features), judged.features[:, FUSED], judged
    )
    if not measured["lists"]:
        raise ValueError("no video of the newest lists was watched")
    return {
        name: asdict(value) if isinstance(value, Interval) else value
        for name, value in measured.items()
    }


def _hash(judged: GradedImpressions) -> str:
    digest = hashlib.sha256(judged.features.tobytes())
    digest.update(judged.grades.tobytes())
    digest.update(judged.lists.tobytes())
    return digest.hexdigest()
