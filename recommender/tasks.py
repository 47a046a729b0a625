"""Due jobs of the recommender; `settings.DUE_JOBS` says how often."""

from __future__ import annotations

import logging

from django.conf import settings
from django_tasks import task

from recommender.dataset import mood_labels, text_embeddings, view_counts
from recommender.feeds import pagination
from recommender.graph.mirror import outbox
from recommender.ranking import feature_log
from recommender.training import pipeline, ranker
from recommender.training.pipeline import TrainingError

logger = logging.getLogger(__name__)


@task(queue_name="training")
def retrain() -> None:
    """Train on today's data, unless that was done by hand not long ago; the gate
    decides whether the run serves."""
    if not pipeline.is_due():
        return
    try:
        run = pipeline.train()
    except TrainingError as error:
        # Too little data, or a training already running: no attempt would change it.
        logger.warning("Not retrained: %s", error)
    else:
        logger.info("Retrained: %s is %s", run.run_id, run.state)


@task(queue_name="training")
def compute_daily_models() -> None:
    """Compute the models of the day that are not yet; one that serves is renewed."""
    for name in pipeline.daily_models():
        try:
            run = pipeline.train(model=name, activate=pipeline.serves(name))
        except TrainingError as error:
            logger.warning("%s is not computed: %s", name, error)
        else:
            logger.info("Today's %s: %s is %s", name, run.run_id, run.state)


@task(queue_name="training")
def embed_texts() -> None:
    """Compute the vectors of texts that are new or changed, and drop old ones."""
    if settings.TEXT_MODEL:
        computed, dropped = text_embeddings.refresh()
        logger.info("Texts: %d embedded, %d dropped", computed, dropped)


@task()
def prune_graph_outbox() -> None:
    """Drop changes that no mirror will ever read, or far too many for one."""
    if dropped := outbox.prune():
        logger.info("Outbox of the graph: %d changes dropped", dropped)


@task()
def count_audiences() -> None:
    """Views of the last day, week and month, and how new videos are taken up."""
    view_counts.count()


@task(queue_name="training")
def train_ranker() -> None:
    """Learn from the impressions; the newest decide whether the ranker serves."""
    try:
        ranker.train()
    except TrainingError as error:
        logger.info("No ranker trained: %s", error)


@task()
def prune() -> None:
    """Drop artifacts, feeds and what was noted of them that nothing goes back to."""
    pagination.prune()
    feature_log.settle()
    ranker.prune()
    try:
        pipeline.prune()
    except TrainingError as error:
        logger.info("Artifacts not pruned: %s", error)


@task(queue_name="training")
def tell_moods() -> None:
    """Read the moods of videos from their words, where nothing else tells them."""
    logger.info("%d moods told anew", mood_labels.tell())
