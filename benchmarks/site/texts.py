"""Titles and descriptions of synthetic videos, with words of their cluster and mood."""

from __future__ import annotations

import numpy as np

from accounts.moods import Mood
from videos.moods.lexicon import WORDS

SYLLABLES = (
    *("ba", "co", "du", "fe", "gi", "ha", "jo", "ka", "le", "mi", "no", "pu"),
    *("ra", "se", "ti", "vo", "wa", "ze", "bri", "cla", "dro", "fli", "gre", "plo"),
)
WORDS_OF_CLUSTER = 8
IN_MOOD = 0.4  # share of videos whose description has a word of a mood
TAGGED = 0.3


class Texts:
    """Texts that are alike within a cluster."""

    def __init__(self, clusters: int, categories: list[str], seed: int) -> None:
        self._rng = np.random.default_rng((seed, 1))
        shape = clusters, WORDS_OF_CLUSTER, 3
        parts = self._rng.integers(len(SYLLABLES), size=shape)
        self._words = [
            ["".join(SYLLABLES[part] for part in word) for word in words]
            for words in parts
        ]
        self._moods = self._rng.integers(len(Mood), size=clusters)
        self._categories = categories

    def of_video(
        self, number: int, cluster: int, category: int
    ) -> tuple[str, str, list[str]]:
        """Title, description and tags."""
        words = self._words[cluster]
        a, b, c, d = self._rng.integers(WORDS_OF_CLUSTER, size=4)
        title = f"{words[a].title()} {words[b]}, part {number % 97 + 1}"
        name = self._categories[category]
        description = f"{name}: {words[c]} and {words[d]}. Recording {number}."
        if self._rng.random() < IN_MOOD:
            description += f" It is {self._mood_word(cluster)}."
        tags = [words[a], words[b]] if self._rng.random() < TAGGED else []
        return title, description, sorted(set(tags))

    def _mood_word(self, cluster: int) -> str:
        """Mostly of the mood of the cluster."""
        mood = self._moods[cluster]
        if self._rng.random() < 0.3:
            mood = self._rng.integers(len(Mood))
        return str(self._rng.choice(sorted(WORDS[list(WORDS)[mood]])))
