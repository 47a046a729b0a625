"""Moods told from texts, learned from videos whose mood is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.ml.data.features import ContentEncoder
from recommender.ml.labels.label_propagation import Flags, LabelHead, Matrix

TEXT_SIZE = 128


@dataclass(frozen=True, eq=False)
class MoodClassifier:
    """A logistic regression for each mood on the text's vector (TF-IDF and SVD).

    The directions keep their proportions: one in which the known texts hardly differ
    would, standardised, outweigh all others in a text that does differ there.
    """

    encoder: ContentEncoder
    head: LabelHead

    @classmethod
    def fit(
        cls, texts: Sequence[str], moods: Flags, *, others: Sequence[str] = ()
    ) -> MoodClassifier:
        """Learn from ``texts`` and their (n, moods); ``others``, of videos whose mood
        nobody knows, help to learn the words."""
        every = [*texts, *others]
        unknown = np.zeros(len(every), np.float32)
        encoder = ContentEncoder.fit(every, unknown, text_size=TEXT_SIZE, seed=0)
        known = np.arange(len(texts))
        vectors = _vectors(encoder, texts)
        return cls(encoder, LabelHead.fit([vectors], moods, known, by_column=False))

    def probabilities(self, texts: Sequence[str]) -> Matrix:
        """(n, moods): how likely each text has each mood."""
        odds = self.head.scores([_vectors(self.encoder, texts)])
        return np.asarray(1 / (1 + np.exp(-odds)))


def _vectors(encoder: ContentEncoder, texts: Sequence[str]) -> Matrix:
    """Without the two columns of the duration, which says nothing of a mood."""
    vectors = encoder.encode(texts, np.zeros(len(texts), np.float32))
    return np.asarray(vectors[:, :-2], np.float64)
