"""What videos and people say in words, and its vectors, each text's computed once.

`settings.TEXT_MODEL` names the model; without one nothing here computes or stores.
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

AT_ONCE = 5000  # hashes in one query
VECTOR = np.dtype("<f4")


def of_video(title: str, description: str) -> str:
    """The text of a video."""
    return f"{title}\n{description}".strip()


def of_users() -> dict[int, str]:
    """User key -> role and bio, of those who wrote a bio: a role alone says nothing."""
    people = User.objects.exclude(bio="")
    return {user.pk: f"{user.get_role_display()}\n{user.bio}" for user in people}


def embedded(graph: GraphSnapshot) -> GraphSnapshot:
    """`graph` with vectors of its texts; raises `TextModelError`."""
    if not settings.TEXT_MODEL:
        return graph
    every = [*graph.texts, *graph.user_texts]
    vectors, _ = embed(every, _encoder(settings.TEXT_MODEL), _store())
    items, users = np.split(vectors, [graph.n_items])
    return replace(graph, text_vectors=items, user_text_vectors=users)


def refresh() -> tuple[int, int]:
    """Embed what is new or changed, drop what nothing says any more; counts of both.

    Raises `TextModelError`.
    """
    videos = Video.objects.listed().values_list("title", "description")
    every = [of_video(*row) for row in videos] + list(of_users().values())
    _, computed = embed(every, _encoder(settings.TEXT_MODEL), _store())
    kept = TextEmbedding.objects.filter(model=settings.TEXT_MODEL)
    said = {content_hash(text) for text in every}
    silent = set(kept.values_list("content_hash", flat=True)) - said
    dropped, _ = TextEmbedding.objects.exclude(model=settings.TEXT_MODEL).delete()
    for hashes in _batches(silent):
        dropped += kept.filter(content_hash__in=hashes).delete()[0]
    return computed, dropped


class Embeddings:
    """The store of one model's vectors in PostgreSQL."""

    def __init__(self, model: str) -> None:
        self.model = model

    def get(self, hashes: Sequence[str]) -> Mapping[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        for part in _batches(hashes):
            rows = TextEmbedding.objects.filter(
                model=self.model, content_hash__in=part
            ).values_list("content_hash", "vector")
            found |= {key: np.frombuffer(bytes(blob), VECTOR) for key, blob in rows}
        return found

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


def _store() -> Embeddings:
    return Embeddings(settings.TEXT_MODEL)


@cache
def _encoder(name: str) -> SentenceEncoder:
    return SentenceEncoder(name)


def _batches(hashes: Iterable[str]) -> Iterable[Sequence[str]]:
    every = list(hashes)
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
