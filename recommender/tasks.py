"""Due jobs of the recommender. `settings.DUE_JOBS` has their intervals.

Queued rows contain the names of these functions: renaming one needs a data migration.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django_tasks import task

from recommender.dataset import catalogue, mood_labels, text_embeddings, view_counts
from recommender.feeds import pagination
from recommender.graph.mirror import outbox
from recommender.ranking import feature_log
from recommender.training import pipeline, ranker
from recommender.training import prune as artifacts
from recommender.training.errors import TrainingError

logger = logging.getLogger(__name__)


@task(queue_name="training")
def retrain() -> None:
    """Train the default model, unless a run was finished lately."""
    if not pipeline.is_due():
        return
    try:
        run = pipeline.train()
    except TrainingError as error:
        # Too little data, or another training is running: a retry would not help.
        logger.warning("Not retrained: %s", error)
    else:
        logger.info("Retrained: %s is %s", run.run_id, run.state)


@task(queue_name="training")
def compute_daily_models() -> None:
    """Compute today's daily models; activate one if an older run of it is active."""
    for name in pipeline.daily_models():
        try:
            run = pipeline.train(model=name, activate=pipeline.serves(name))
        except TrainingError as error:
            logger.warning("%s is not computed: %s", name, error)
        else:
            logger.info("Today's %s: %s is %s", name, run.run_id, run.state)


@task(queue_name="training")
def embed_texts() -> None:
    """Compute embeddings of new and changed texts, delete stale ones."""
    if settings.TEXT_MODEL:
        computed, deleted = text_embeddings.refresh()
        logger.info("Texts: %d embedded, %d deleted", computed, deleted)


@task()
def prune_graph_outbox() -> None:
    """Delete changes that no mirror will apply."""
    if deleted := outbox.prune():
        logger.info("Outbox of the graph: %d changes deleted", deleted)


@task()
def count_audiences() -> None:
    """Count views of the last day, week and month, and impressions of new videos."""
    view_counts.update()


@task()
def store_catalogue() -> None:
    """Store what feeds ask of videos, for all web processes."""
    catalogue.store()


@task(queue_name="training")
def train_ranker() -> None:
    """Train a ranker on impressions; activate it if it beats rank fusion."""
    try:
        ranker.train()
    except TrainingError as error:
        logger.info("No ranker trained: %s", error)


@task()
def prune() -> None:
    """Delete old feeds, feature logs and artifacts."""
    pagination.prune()
    feature_log.settle_old_feeds()
    artifacts.prune_rankers()
    try:
        artifacts.prune_models()
    except TrainingError as error:
        logger.info("Artifacts not pruned: %s", error)


@task(queue_name="training")
def tell_moods() -> None:
    """Infer moods of videos from their texts."""
    logger.info("%d moods changed", mood_labels.infer())
