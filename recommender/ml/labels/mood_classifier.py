"""Infers moods from texts; learned from videos with known moods."""

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

    The columns are not standardised: one in which the known texts hardly differ would
    dominate in a text that does differ there.
    """

    encoder: ContentEncoder
    head: LabelHead

    @classmethod
    def fit(
        cls, texts: Sequence[str], moods: Flags, *, others: Sequence[str] = ()
    ) -> MoodClassifier:
        """Learn from ``texts`` and their ``moods`` (n, moods); the vocabulary also from
        ``others``, texts without known moods."""
        corpus = [*texts, *others]
        durations = np.zeros(len(corpus), np.float32)
        encoder = ContentEncoder.fit(corpus, durations, text_size=TEXT_SIZE, seed=0)
        known = np.arange(len(texts))
        vectors = _vectors(encoder, texts)
        return cls(encoder, LabelHead.fit([vectors], moods, known, by_column=False))

    def probabilities(self, texts: Sequence[str]) -> Matrix:
        """(n, moods): the probability that each text has each mood."""
        odds = self.head.scores([_vectors(self.encoder, texts)])
        return np.asarray(1 / (1 + np.exp(-odds)))


def _vectors(encoder: ContentEncoder, texts: Sequence[str]) -> Matrix:
    """Encode without the two columns of the duration."""
    vectors = encoder.encode(texts, np.zeros(len(texts), np.float32))
    return np.asarray(vectors[:, :-2], np.float64)
