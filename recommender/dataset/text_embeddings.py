"""The texts of videos and users, and their embeddings, each computed once.

`settings.TEXT_MODEL` names the text model. Without one there are no embeddings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from django.conf import settings

from accounts.models import User
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot
from recommender.ml.data.text_encoder import SentenceEncoder, content_hash, embed
from recommender.models import TextEmbedding
from videos.models import Video

BATCH = 5000  # hashes in one query
VECTOR = np.dtype("<f4")


def video_text(title: str, description: str) -> str:
    return f"{title}\n{description}".strip()


def user_texts() -> dict[int, str]:
    """User key -> role and bio, for users with a bio."""
    people = User.objects.exclude(bio="")
    return {user.pk: f"{user.get_role_display()}\n{user.bio}" for user in people}


def with_embeddings(graph: GraphSnapshot) -> GraphSnapshot:
    """`graph` with the embeddings of its texts; raises `TextModelError`."""
    if not settings.TEXT_MODEL:
        return graph
    texts = [*graph.texts, *graph.user_texts]
    vectors, _ = embed(texts, _encoder(settings.TEXT_MODEL), _store())
    items, users = np.split(vectors, [graph.n_items])
    return replace(graph, text_vectors=items, user_text_vectors=users)


def refresh() -> tuple[int, int]:
    """Embed new and changed texts, delete embeddings of texts that no longer exist.

    Returns how many were computed and deleted. Raises `TextModelError`.
    """
    videos = Video.objects.listed().values_list("title", "description")
    texts = [video_text(*row) for row in videos] + list(user_texts().values())
    _, computed = embed(texts, _encoder(settings.TEXT_MODEL), _store())
    stored = TextEmbedding.objects.filter(model=settings.TEXT_MODEL)
    existing = {content_hash(text) for text in texts}
    stale = set(stored.values_list("content_hash", flat=True)) - existing
    deleted, _ = TextEmbedding.objects.exclude(model=settings.TEXT_MODEL).delete()
    for hashes in _batches(stale):
        deleted += stored.filter(content_hash__in=hashes).delete()[0]
    return computed, deleted


class EmbeddingStore:
    """The embeddings of one text model in PostgreSQL, by the hash of the text."""

    def __init__(self, model: str) -> None:
        self.model = model

    def get(self, hashes: Sequence[str]) -> Mapping[str, FloatArray]:
        vectors: dict[str, FloatArray] = {}
        for part in _batches(hashes):
            rows = TextEmbedding.objects.filter(
                model=self.model, content_hash__in=part
            ).values_list("content_hash", "vector")
            vectors |= {key: np.frombuffer(bytes(blob), VECTOR) for key, blob in rows}
        return vectors

    def put(self, vectors: Mapping[str, FloatArray]) -> None:
        TextEmbedding.objects.bulk_create(
            [
                TextEmbedding(
                    model=self.model,
                    content_hash=key,
                    vector=vector.astype(VECTOR).tobytes(),
                )
                for key, vector in vectors.items()
            ],
            ignore_conflicts=True,
        )


def _store() -> EmbeddingStore:
    return EmbeddingStore(settings.TEXT_MODEL)


@cache
def _encoder(name: str) -> SentenceEncoder:
    return SentenceEncoder(name)


def _batches(hashes: Iterable[str]) -> Iterable[Sequence[str]]:
    ordered = list(hashes)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))
