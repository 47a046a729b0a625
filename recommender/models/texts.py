"""Embeddings of texts."""

from __future__ import annotations

from django.db import models


class TextEmbedding(models.Model):
    """The embedding of a text, by text model and SHA-256 of the text.

    `vector` is little-endian float32. The daily refresh deletes embeddings of texts
    that no longer exist.
    """

    model = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    vector = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "content_hash"], name="text_embedding_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.content_hash[:12]} by {self.model}"
